"""Kinds of contract, and snapshots of what was drawn up and signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ContractKind(StrEnum):
    NDA = "nda"
    LICENCE = "licence"
    PROVISION = "provision"
    ENTRUSTED = "entrusted"


@dataclass(frozen=True)
class Party:
    """An organisation as the contract names it."""

    id: str
    name: str
    name_en: str
    code: str
    country: str


@dataclass(frozen=True)
class Subject:
    """What the contract is about."""

    order_id: str
    listing_id: str
    revision_id: str
    kind: str
    title: Mapping[str, str]
    tier: int
    tier_contract: str


@dataclass(frozen=True)
class Price:
    """Posted amounts in minor units, and how the plan reads in words."""

    currency: str
    net: int
    tax: int
    gross: int


@dataclass(frozen=True)
class SignatureSnapshot:
    """Who signed exactly the document's bytes, with which Ed25519 key (both base64)."""

    side: str
    by: str
    key_id: str
    public_key: str
    signature: str
    signed_at: datetime


@dataclass(frozen=True)
class ContractSnapshot:
    """A contract: ``body`` is the canonical JSON whose SHA-256 stands in the audit log."""

    id: str
    order_id: str
    kind: str
    body: str
    sha256: str
    made_at: datetime
    signatures: tuple[SignatureSnapshot, ...]

    def signed_by(self, side: str) -> bool:
        return any(each.side == side for each in self.signatures)
