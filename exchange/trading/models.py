"""Tables of the trade."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Id, UtcDateTime
from core.problems import Sentence
from exchange.trading import rules
from exchange.trading.errors import OrderStateConflict
from exchange.trading.types import (
    EntitlementSnapshot,
    LicenceSnapshot,
    OrderSnapshot,
    OrderState,
    RightState,
    StepSnapshot,
)


class Order(Base):
    """One buyer's order of one revision under one offer; prices and terms are copied and never follow the listing."""

    __tablename__ = "trade_order"
    __table_args__ = (
        CheckConstraint("net >= 0 AND tax >= 0 AND gross = net + tax", name="amounts"),
        CheckConstraint("buyer_id <> supplier_id", name="two_parties"),
        Index("ix_trade_order_buyer_id_state", "buyer_id", "state"),
        Index("ix_trade_order_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing_id: Mapped[str] = mapped_column(Id, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    revision_id: Mapped[str] = mapped_column(Id)
    revision_number: Mapped[int]
    offer_id: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(Text)
    tier: Mapped[int]
    buyer_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    supplier_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    plan: Mapped[str] = mapped_column(Text)
    plan_hash: Mapped[str] = mapped_column(String(80))
    limits: Mapped[str | None] = mapped_column(Text)
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
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen_reason: Mapped[str] = mapped_column(Text, default="")
    turn: Mapped[str] = mapped_column(String(10), default="")
    head: Mapped[str | None] = mapped_column(Id)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreement: Mapped[str | None] = mapped_column(Text)
    agreement_hash: Mapped[str] = mapped_column(String(64), default="")
    pay_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accept_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    replaces: Mapped[str | None] = mapped_column(Id)
    licence: Mapped[Licence | None] = relationship(lazy="joined")
    entitlement: Mapped[Entitlement | None] = relationship(lazy="joined")

    def step(self, name: str, moment: datetime) -> None:
        """Take a step of the state machine. Raises OrderStateConflict."""
        self.state = rules.follow(self.state, name)
        self.version += 1
        if self.state in rules.ENDED:
            self.ended_at = moment

    def refuse_late(self, moment: datetime) -> None:
        """Raises OrderStateConflict once the time to answer or to pay is over, though nothing has ended it yet."""
        by = self.answer_by if self.state in rules.NEGOTIATED else self.pay_by
        if by is not None and by <= moment and self.state in rules.NOTHING_PAID:
            raise OrderStateConflict(
                Sentence("The time for it was over at %(moment)s.", moment=by.isoformat()), state=self.state
            )

    def freeze(self, reason: str, moment: datetime) -> None:
        """Stop everything but looking. Raises OrderStateConflict when it is frozen already, or nothing is left."""
        if self.frozen_at is not None or self.state in rules.NOTHING_LEFT:
            raise OrderStateConflict(
                Sentence("The order is %(state)s.", state="frozen" if self.frozen_at else self.state), state=self.state,
                hint="To freeze it, it must be placed or in force.",
            )  # fmt: skip
        self.frozen_at, self.frozen_reason = moment, reason
        self.version += 1

    def release(self, moment: datetime, disputed_since: datetime | None = None) -> None:
        """Undo the freeze; the time that stood still is given back, to accept only as far as no dispute holds it still.

        Raises OrderStateConflict.
        """
        if self.frozen_at is None:
            raise OrderStateConflict("The order is not frozen.", state=self.state, hint="Only a freeze is released.")
        still = moment - self.frozen_at
        self.pay_by = self.pay_by + still if self.pay_by else None
        self.answer_by = self.answer_by + still if self.answer_by else None
        if self.accept_by is not None:
            undisputed = still if disputed_since is None else disputed_since - self.frozen_at
            self.accept_by += max(timedelta(), undisputed)
        self.frozen_at, self.frozen_reason = None, ""
        self.version += 1

    def snapshot(self) -> OrderSnapshot:
        return OrderSnapshot(
            id=self.id, listing_id=self.listing_id, kind=self.kind, revision_id=self.revision_id,
            revision_number=self.revision_number, offer_id=self.offer_id, title=json.loads(self.title),
            tier=self.tier, buyer_id=self.buyer_id, supplier_id=self.supplier_id, plan=self.plan_document,
            limits=json.loads(self.limits) if self.limits else None,
            currency=self.currency, net=self.net, tax=self.tax, gross=self.gross, purpose=self.purpose,
            state=self.state, reason=self.reason, invoice_id=self.invoice_id,
            frozen_at=self.frozen_at, frozen_reason=self.frozen_reason,
            licence=self.licence.snapshot() if self.licence else None,
            entitlement=self.entitlement.snapshot() if self.entitlement else None,
            turn=self.turn, head=self.head, answer_by=self.answer_by,
            agreement=json.loads(self.agreement) if self.agreement else None, agreement_hash=self.agreement_hash,
            pay_by=self.pay_by, accept_by=self.accept_by, created_at=self.created_at, paid_at=self.paid_at,
            delivered_at=self.delivered_at, ended_at=self.ended_at, version=self.version,
            replaces=self.replaces,
        )  # fmt: skip

    @property
    def plan_document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.plan)
        return document

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
    policy: Mapped[str] = mapped_column(Text)
    policy_hash: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> LicenceSnapshot:
        return LicenceSnapshot(
            self.id, self.purpose, self.terms_hash, self.terms, self.starts_at, self.ends_at, self.document,
            self.policy_hash,
        )  # fmt: skip

    @property
    def document(self) -> dict[str, Any]:
        """The ODRL agreement."""
        found: dict[str, Any] = json.loads(self.policy)
        return found


class Entitlement(Base):
    __tablename__ = "entitlement"
    __table_args__ = (
        Index(
            "ix_entitlement_ends_at", "ends_at",
            sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), unique=True)
    licence_id: Mapped[str] = mapped_column(Id, ForeignKey("licence.id"))
    holder_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    tier: Mapped[int]
    interface_id: Mapped[str | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(10))
    lacking: Mapped[str] = mapped_column(String(60), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def in_force(self, moment: datetime) -> bool:
        return (
            self.state == RightState.ACTIVE
            and self.starts_at <= moment
            and (self.ends_at is None or moment < self.ends_at)
        )

    def snapshot(self) -> EntitlementSnapshot:
        return EntitlementSnapshot(self.id, self.state, self.tier, self.starts_at, self.ends_at, self.lacking)


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
        return StepSnapshot(
            self.state, self.action, self.at, self.by, self.note, self.audit_entry_id, decision, self.number
        )  # fmt: skip
