"""States and snapshots of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class OrderState(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class RightState(StrEnum):
    """Of an entitlement: in force, ended by its order, or ended by its time."""

    ACTIVE = "active"
    REVOKED = "revoked"
    ENDED = "ended"


@dataclass(frozen=True)
class LicenceSnapshot:
    """What was licensed: the terms' version and hash, the purpose, and the half-open period in UTC."""

    id: str
    purpose: str
    terms_hash: str
    terms: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class EntitlementSnapshot:
    """The right to fetch the revision's files or to call its interface, while it is active and within its period.

    ``tier`` is the listing's now: policy judges each use by it.
    """

    id: str
    state: str
    tier: int
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class OrderSnapshot:
    """An order as its parties and the platform's officers see it. Amounts are minor units of ``currency``."""

    id: str
    listing_id: str
    kind: str
    revision_id: str
    revision_number: int
    offer_id: str
    title: Mapping[str, str]
    tier: int
    buyer_id: str
    supplier_id: str
    plan: Mapping[str, Any]
    limits: Mapping[str, Any] | None
    currency: str
    net: int
    tax: int
    gross: int
    purpose: str
    state: str
    reason: str
    invoice_id: str | None
    frozen_at: datetime | None
    frozen_reason: str
    licence: LicenceSnapshot | None
    entitlement: EntitlementSnapshot | None
    pay_by: datetime
    accept_by: datetime | None
    created_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None
    version: int


@dataclass(frozen=True)
class CompiledEntitlement:
    """All that a gateway has to know of a right to call or to fetch, its order and its licence.

    ``permitted`` is policy's answer for the listing's tier and the holder's qualification now.
    """

    id: str
    order_id: str
    organisation_id: str
    listing_id: str
    revision_id: str
    interface_id: str | None
    supplier_id: str
    purpose: str
    tier: int
    state: str
    frozen: bool
    permitted: bool
    starts_at: datetime
    ends_at: datetime | None
    plan: Mapping[str, Any]
    plan_hash: str
    currency: str
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class StepSnapshot:
    """One step of an order's story, with the decision of policy that allowed it and its audit entry."""

    state: str
    action: str
    at: datetime
    by: str
    note: str
    audit_entry_id: str
    decision: Mapping[str, Any] | None
