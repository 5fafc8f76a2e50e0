"""States and snapshots of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class OrderState(StrEnum):
    """``inquired`` to ``agreed`` come before there is anything to pay; a list-price order begins at ``placed``."""

    INQUIRED = "inquired"
    OFFERED = "offered"
    AGREED = "agreed"
    PLACED = "placed"
    PAID = "paid"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Side(StrEnum):
    BUYER = "buyer"
    SUPPLIER = "supplier"
    OFFICER = "officer"


class MessageKind(StrEnum):
    """``inquiry`` and ``terms`` are what the other side answers to; ``words`` change nothing but whose turn it is."""

    INQUIRY = "inquiry"
    WORDS = "words"
    TERMS = "terms"
    AGREEMENT = "agreement"
    REFUSAL = "refusal"


class RightState(StrEnum):
    """Of an entitlement: in force, ended by its order, or ended by its time."""

    ACTIVE = "active"
    REVOKED = "revoked"
    ENDED = "ended"


@dataclass(frozen=True)
class AwaitingOrder:
    """An order that waits for one of its two sides, and until when."""

    id: str
    state: OrderState
    title: Mapping[str, str]
    due_at: datetime | None


@dataclass(frozen=True)
class LicenceSnapshot:
    """What was licensed: the terms' version and hash, the purpose, the half-open period in UTC, and the ODRL policy."""

    id: str
    purpose: str
    terms_hash: str
    terms: str
    starts_at: datetime
    ends_at: datetime | None
    policy: Mapping[str, Any]
    policy_hash: str


@dataclass(frozen=True)
class EntitlementSnapshot:
    """The right to fetch the revision's files or to call its interface, while it is active and within its period.

    ``tier`` is that of its revision now: policy judges each use by it. ``lacking`` is the code of what the tier asks
    for and is not there; until it is met the right rests.
    """

    id: str
    state: str
    tier: int
    starts_at: datetime
    ends_at: datetime | None
    lacking: str


@dataclass(frozen=True)
class OrderSnapshot:
    """An order as its parties and the platform's officers see it. Amounts are minor units of ``currency``.

    While it is negotiated the amounts are 0, ``turn`` says whose answer is waited for until ``answer_by``, and
    ``head`` is what that answer must refer to. ``agreement`` is the terms document that was agreed.
    """

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
    turn: str
    head: str | None
    answer_by: datetime | None
    agreement: Mapping[str, Any] | None
    agreement_hash: str
    pay_by: datetime | None
    accept_by: datetime | None
    created_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None
    version: int
    replaces: str | None = None


@dataclass(frozen=True)
class MessageSnapshot:
    """One act of a negotiation; ``terms`` and their hash are there when it put terms on the table."""

    id: str
    number: int
    kind: str
    side: str
    by: str
    text: str
    in_reply_to: str | None
    terms: Mapping[str, Any] | None
    sha256: str
    at: datetime


@dataclass(frozen=True)
class RequirementSnapshot:
    """What an agreed order still needs, or who met it and when. ``name`` is ``kind.side``."""

    name: str
    kind: str
    side: str
    not_by: str
    met_at: datetime | None
    met_by: str
    audit_entry_id: str | None


@dataclass(frozen=True)
class CompiledEntitlement:
    """All that a gateway has to know of a right to call or to fetch, its order and its licence.

    ``permitted`` is policy's answer for the listing's tier and the holder's qualification now, ``lacking`` the code of
    what it misses. ``purposes``, ``territories`` (none: everywhere) and ``recipients`` are the licence's; ``country``
    is the holder's, and ``declares`` says that each use names its purpose.
    """

    id: str
    order_id: str
    organisation_id: str
    listing_id: str
    revision_id: str
    interface_id: str | None
    supplier_id: str
    purpose: str
    purposes: tuple[str, ...]
    territories: tuple[str, ...]
    recipients: tuple[str, ...]
    country: str
    declares: bool
    tier: int
    state: str
    frozen: bool
    permitted: bool
    lacking: str
    starts_at: datetime
    ends_at: datetime | None
    plan: Mapping[str, Any]
    plan_hash: str
    currency: str
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class ChargedPeriod:
    """A period of a subscription, or a part of one, and what it cost net. No invoice where that was nothing."""

    number: int
    label: str
    starts_at: datetime
    ends_at: datetime
    plan_hash: str
    net: int
    invoice_id: str | None


@dataclass(frozen=True)
class SubscriptionSnapshot:
    """An order that costs something in each period, and the periods that were charged, the oldest first."""

    order_id: str
    covered_until: datetime
    cancelled_at: datetime | None
    suspended_at: datetime | None
    ended_at: datetime | None
    periods: tuple[ChargedPeriod, ...]


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
    number: int = 0
