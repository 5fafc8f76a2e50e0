"""Tables of the usage ledger. Their triggers stand in ``migrations/ddl/usage_*.sql``.

Records, batches, credits, conflicts and plans are insert-only, whatever program writes. Roll-ups and windows
are sums that can be made again from the records; no row of them goes away.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing.rating import UsageCount
from core.db import Base, Id, UtcDateTime

CallId = String(40)
PlanHash = String(64)
OperationId = String(255)


class UsagePlan(Base):
    """A price plan's canonical document by its hash: what records of that hash are rated by."""

    __tablename__ = "usage_plan"

    hash: Mapped[str] = mapped_column(PlanHash, primary_key=True)
    document: Mapped[str] = mapped_column(Text)


class UsageHold(Base):
    """One entitlement's meter: its parties, its limits, the calls given out and the money held for it.

    ``plan_hash``, ``currency`` and ``limits`` are None while only records came and nobody opened it.
    ``leased`` are calls that gateways may still make; ``held`` are minor units of the buyer's balance.
    """

    __tablename__ = "usage_hold"
    __table_args__ = (CheckConstraint("leased >= 0 AND held >= 0", name="not_negative"),)

    entitlement_id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, index=True)
    organisation_id: Mapped[str] = mapped_column(Id, index=True)
    supplier_id: Mapped[str] = mapped_column(Id, index=True)
    listing_id: Mapped[str] = mapped_column(Id, index=True)
    plan_hash: Mapped[str | None] = mapped_column(PlanHash, ForeignKey("usage_plan.hash"))
    currency: Mapped[str | None] = mapped_column(String(3))
    limits: Mapped[str | None] = mapped_column(Text)
    leased: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageWindow(Base):
    """The units of a plan's window and what they cost, and how much of both is billed; in 10⁻⁷ of the minor unit.

    ``billed`` is None until the first bill, which may be one over no units. ``included`` and ``amount`` are the
    units and the minimum of a window that is only a part of its period.
    """

    __tablename__ = "usage_window"
    __table_args__ = (CheckConstraint("quantity >= 0 AND rated >= 0", name="not_negative"),)

    entitlement_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_hold.entitlement_id"), primary_key=True)
    plan_hash: Mapped[str] = mapped_column(PlanHash, primary_key=True)
    label: Mapped[str] = mapped_column(String(10), primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger, default=0)
    rated: Mapped[int] = mapped_column(BigInteger, default=0)
    billed: Mapped[int | None] = mapped_column(BigInteger)
    invoiced: Mapped[int] = mapped_column(BigInteger, default=0)
    included: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[int | None] = mapped_column(BigInteger)


class UsageQuota(Base):
    """Calls taken from a quota in one of its windows.

    ``trial`` is the window of all calls with test keys, ``term`` that of the licence's whole count.
    """

    __tablename__ = "usage_quota"
    __table_args__ = (CheckConstraint("taken >= 0", name="not_negative"),)

    entitlement_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_hold.entitlement_id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(20), primary_key=True)
    taken: Mapped[int] = mapped_column(BigInteger, default=0)


class UsageBatch(Base):
    """Records loaded together, under one root that stands in the audit log. ``ranges`` says what segments' they are."""

    __tablename__ = "usage_batch"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int]
    ranges: Mapped[str] = mapped_column(Text)
    audit_entry_id: Mapped[str] = mapped_column(Id)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageRow(Base):
    """A call. ``raw`` are the bytes that the gateway wrote; the columns repeat what is looked up of them.

    ``position`` is its leaf's in the batch; ``quarter`` counts UTC quarters of an hour since 1970.
    """

    __tablename__ = "usage_record"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        Index("ix_usage_record_entitlement_id_at", "entitlement_id", "at", "call_id"),
        Index("ix_usage_record_at", "at", "call_id"),
    )

    call_id: Mapped[str] = mapped_column(CallId, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_batch.id"))
    position: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    quarter: Mapped[int] = mapped_column(BigInteger)
    entitlement_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_hold.entitlement_id"))
    operation: Mapped[str] = mapped_column(OperationId)
    credential_id: Mapped[str] = mapped_column(Id)
    plan_hash: Mapped[str] = mapped_column(PlanHash)
    mode: Mapped[str] = mapped_column(String(4))
    status: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))
    bytes_in: Mapped[int] = mapped_column(BigInteger)
    bytes_out: Mapped[int] = mapped_column(BigInteger)
    records: Mapped[int] = mapped_column(BigInteger)
    latency_us: Mapped[int] = mapped_column(BigInteger)
    credited: Mapped[bool]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


class UsageCredit(Base):
    """A call that was loaded as delivered and was found not to be: it is credited from then on."""

    __tablename__ = "usage_credit"

    call_id: Mapped[str] = mapped_column(CallId, ForeignKey("usage_record.call_id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageConflict(Base):
    """A record that came under the call id of another one. It is kept apart and counts for nothing."""

    __tablename__ = "usage_conflict"

    call_id: Mapped[str] = mapped_column(CallId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageRollup(Base):
    """What the records of one entitlement, operation, kind and UTC quarter of an hour add up to."""

    __tablename__ = "usage_rollup"
    __table_args__ = (
        CheckConstraint("calls >= 0 AND bytes_in >= 0 AND bytes_out >= 0 AND records >= 0", name="not_negative"),
        Index("ix_usage_rollup_quarter", "quarter"),
    )

    entitlement_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_hold.entitlement_id"), primary_key=True)
    quarter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    operation: Mapped[str] = mapped_column(OperationId, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    plan_hash: Mapped[str] = mapped_column(PlanHash, primary_key=True)
    mode: Mapped[str] = mapped_column(String(4), primary_key=True)
    credited: Mapped[bool] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    bytes_in: Mapped[int] = mapped_column(BigInteger)
    bytes_out: Mapped[int] = mapped_column(BigInteger)
    records: Mapped[int] = mapped_column(BigInteger)
    latency_us: Mapped[int] = mapped_column(BigInteger)

    def count(self) -> UsageCount:
        return UsageCount(self.outcome, self.mode, self.credited, self.calls, self.bytes_out, self.records)
