"""Tables of the trade."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Id, UtcDateTime
from exchange.trading import rules
from exchange.trading.types import (
    EntitlementSnapshot,
    LicenceSnapshot,
    OrderSnapshot,
    OrderState,
    StepSnapshot,
)


class Order(Base):
    """One buyer's order of one revision under one offer; prices and terms are copied and never follow the listing."""

    __tablename__ = "trade_order"
    __table_args__ = (
        CheckConstraint("net >= 0 AND tax >= 0 AND gross = net + tax", name="amounts"),
        CheckConstraint("buyer_id <> supplier_id", name="two_parties"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing_id: Mapped[str] = mapped_column(Id, index=True)
    revision_id: Mapped[str] = mapped_column(Id)
    revision_number: Mapped[int]
    offer_id: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(Text)
    tier: Mapped[int]
    buyer_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    supplier_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    plan: Mapped[str] = mapped_column(Text)
    plan_hash: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    gross: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(60))
    terms: Mapped[str] = mapped_column(Text)
    terms_hash: Mapped[str] = mapped_column(String(64))
    term_months: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    invoice_id: Mapped[str | None] = mapped_column(Id)
    pay_by: Mapped[datetime] = mapped_column(UtcDateTime)
    accept_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    licence: Mapped[Licence | None] = relationship(lazy="selectin")
    entitlement: Mapped[Entitlement | None] = relationship(lazy="selectin")

    def step(self, name: str, moment: datetime) -> None:
        """Take a step of the state machine. Raises OrderStateConflict."""
        self.state = rules.follow(self.state, name)
        self.version += 1
        if self.state in rules.ENDED:
            self.ended_at = moment

    def snapshot(self) -> OrderSnapshot:
        return OrderSnapshot(
            id=self.id, listing_id=self.listing_id, revision_id=self.revision_id,
            revision_number=self.revision_number, offer_id=self.offer_id, title=json.loads(self.title),
            tier=self.tier, buyer_id=self.buyer_id, supplier_id=self.supplier_id, plan=json.loads(self.plan),
            currency=self.currency, net=self.net, tax=self.tax, gross=self.gross, purpose=self.purpose,
            state=self.state, reason=self.reason, invoice_id=self.invoice_id,
            licence=self.licence.snapshot() if self.licence else None,
            entitlement=self.entitlement.snapshot() if self.entitlement else None,
            pay_by=self.pay_by, accept_by=self.accept_by, created_at=self.created_at, paid_at=self.paid_at,
            delivered_at=self.delivered_at, ended_at=self.ended_at, version=self.version,
        )  # fmt: skip

    def has_rights(self, moment: datetime) -> bool:
        """Whether the entitlement is active now, and the order paid for and not undone."""
        granted = self.state in (OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED)
        return granted and self.entitlement is not None and self.entitlement.in_force(moment)


class Licence(Base):
    __tablename__ = "licence"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), unique=True)
    licensee_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    purpose: Mapped[str] = mapped_column(String(60))
    terms: Mapped[str] = mapped_column(Text)
    terms_hash: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> LicenceSnapshot:
        return LicenceSnapshot(self.id, self.purpose, self.terms_hash, self.terms, self.starts_at, self.ends_at)


class Entitlement(Base):
    __tablename__ = "entitlement"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), unique=True)
    licence_id: Mapped[str] = mapped_column(Id, ForeignKey("licence.id"))
    holder_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def in_force(self, moment: datetime) -> bool:
        return self.state == "active" and self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def snapshot(self) -> EntitlementSnapshot:
        return EntitlementSnapshot(self.id, self.state, self.starts_at, self.ends_at)


class OrderStep(Base):
    """The order's story, insert-only."""

    __tablename__ = "order_step"

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    audit_entry_id: Mapped[str] = mapped_column(Id)
    decision: Mapped[str | None] = mapped_column(Text)

    def snapshot(self) -> StepSnapshot:
        decision = json.loads(self.decision) if self.decision else None
        return StepSnapshot(self.state, self.action, self.at, self.by, self.note, self.audit_entry_id, decision)
