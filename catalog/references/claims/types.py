"""States and snapshots of claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ClaimState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Match(StrEnum):
    """How the claimant agrees with what the source says of the supplier."""

    CREDIT_CODE = "credit_code"
    NAME = "name"
    SIMILAR = "similar"
    NONE = "none"


@dataclass(frozen=True)
class ClaimSnapshot:
    """One organisation's claim to one reference. ``listing_id`` is the draft that an approval made."""

    id: str
    reference_id: str
    title: Mapping[str, str]
    supplier: str
    organisation_id: str
    statement: str
    documents: tuple[str, ...]
    match: str
    state: str
    reason: str
    listing_id: str | None
    created_at: datetime
    closed_at: datetime | None
    version: int
