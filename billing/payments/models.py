"""Tables of payments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.payments.types import (
    CardRefund,
    Chargeback,
    ChargebackState,
    Customer,
    Method,
    Payment,
    PaymentState,
    Purpose,
    RefundState,
    TopUp,
    TopUpState,
)
from billing.processor.models import RemoteId
from core.db import Base, Id, UtcDateTime

_IN_FORCE = text("state IN ('recorded', 'confirmed')")
_PENDING_FOR_ONE = text("state IN ('planned', 'open') AND purpose <> 'top_up'")


class TopUpRow(Base):
    """A bank reference is unique among the top-ups in force: a mistaken one can be recorded anew."""

    __tablename__ = "top_up"
    __table_args__ = (
        Index(
            "uq_top_up_bank_reference",
            "bank_reference",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("decided_by IS NULL OR state = 'cancelled' OR decided_by <> recorded_by", name="two_people"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    bank_reference: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), index=True)
    recorded_by: Mapped[str] = mapped_column(Id)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self) -> TopUp:
        return TopUp(
            id=self.id, organisation_id=self.organisation_id, amount=self.amount, currency=self.currency,
            bank_reference=self.bank_reference, state=TopUpState(self.state), recorded_by=self.recorded_by,
            recorded_at=self.recorded_at, decided_by=self.decided_by, decided_at=self.decided_at, reason=self.reason,
            version=self.version,
        )  # fmt: skip


class CustomerRow(Base):
    """An organisation as the processor knows it."""

    __tablename__ = "payment_customer"

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(RemoteId)
    card_id: Mapped[str] = mapped_column(RemoteId, default="")
    card_label: Mapped[str] = mapped_column(String(60), default="")

    def snapshot(self) -> Customer:
        return Customer(self.organisation_id, self.remote_id, self.card_id, self.card_label)


class PaymentRow(Base):
    """One invoice or order is paid by one payment at a time; no more goes back than arrived."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("received >= 0 AND refunded >= 0 AND refunding >= 0 AND contested >= 0", name="signs"),
        CheckConstraint("refunded + refunding + contested <= received", name="no_more_back"),
        CheckConstraint("received = 0 OR state = 'succeeded'", name="received"),
        Index(
            "uq_payment_subject_id", "purpose", "subject_id", unique=True, sqlite_where=_PENDING_FOR_ONE,
            postgresql_where=_PENDING_FOR_ONE,
        ),
        Index("ix_payment_session_id", "session_id"),
        Index("ix_payment_intent_id", "intent_id"),
        Index("ix_payment_charge_id", "charge_id"),
        Index("ix_payment_organisation_id", "organisation_id"),
        Index("ix_payment_look_at", "look_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    purpose: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[str] = mapped_column(Id, default="")
    description: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    keep_card: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10))
    url: Mapped[str] = mapped_column(String(2000), default="")
    session_id: Mapped[str] = mapped_column(RemoteId, default="")
    intent_id: Mapped[str] = mapped_column(RemoteId, default="")
    charge_id: Mapped[str] = mapped_column(RemoteId, default="")
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(String(500), default="")
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    refunding: Mapped[int] = mapped_column(BigInteger, default=0)
    contested: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_by: Mapped[str] = mapped_column(Id)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self) -> Payment:
        return Payment(
            id=self.id, organisation_id=self.organisation_id, purpose=Purpose(self.purpose),
            subject_id=self.subject_id, method=Method(self.method), amount=self.amount, currency=self.currency,
            state=PaymentState(self.state), url=self.url, session_id=self.session_id, intent_id=self.intent_id,
            code=self.code, message=self.message, received=self.received, refunded=self.refunded,
            refunding=self.refunding, contested=self.contested, begun_by=self.begun_by, begun_at=self.begun_at,
            expires_at=self.expires_at, ended_at=self.ended_at, version=self.version,
        )  # fmt: skip


class CardRefundRow(Base):
    """A part of a payment on its way back; its state changes once."""

    __tablename__ = "card_refund"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"), Index("ix_card_refund_payment_id", "payment_id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[str] = mapped_column(Id, ForeignKey("payment.id"))
    organisation_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500), default="")
    remote_id: Mapped[str] = mapped_column(RemoteId, default="", index=True)
    message: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[str] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> CardRefund:
        return CardRefund(
            id=self.id, payment_id=self.payment_id, organisation_id=self.organisation_id, amount=self.amount,
            currency=self.currency, state=RefundState(self.state), reason=self.reason, remote_id=self.remote_id,
            message=self.message, asked_by=self.asked_by, asked_at=self.asked_at, ended_at=self.ended_at,
        )  # fmt: skip


class ChargebackRow(Base):
    """A contested payment. ``withdrawn``: the processor took the money out of what lies with it. ``contested`` is the

    part that can no longer be refunded, ``recoveries`` counts the times that something was taken for ``owed``.
    """

    __tablename__ = "chargeback"
    __table_args__ = (
        CheckConstraint("amount > 0 AND held >= 0 AND owed >= 0", name="amounts"),
        CheckConstraint("held = 0 OR ended_at IS NULL", name="held"),
        Index("ix_chargeback_organisation_id", "organisation_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[str] = mapped_column(Id, ForeignKey("payment.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(Id)
    remote_id: Mapped[str] = mapped_column(RemoteId, unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[str] = mapped_column(String(10))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    owed: Mapped[int] = mapped_column(BigInteger, default=0)
    contested: Mapped[int] = mapped_column(BigInteger, default=0)
    recoveries: Mapped[int] = mapped_column(default=0)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    evidence: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Chargeback:
        return Chargeback(
            id=self.id, payment_id=self.payment_id, organisation_id=self.organisation_id, remote_id=self.remote_id,
            amount=self.amount, currency=self.currency, reason=self.reason, state=ChargebackState(self.state),
            withdrawn=self.withdrawn, held=self.held, owed=self.owed, answer_by=self.answer_by,
            evidence=self.evidence, opened_at=self.opened_at, ended_at=self.ended_at,
        )  # fmt: skip
