"""Tables of payouts."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.payouts.types import (
    Arrival,
    BankAccount,
    ConnectedAccount,
    Payout,
    PayoutState,
    Reversal,
    ReversalState,
    Run,
    Skip,
    Skipped,
    Way,
)
from billing.processor.models import RemoteId
from core.db import Base, Id, UtcDateTime

_OPEN_RUN = text("finished_at IS NULL")
_RESERVED = text("state = 'reserved'")
_LIVE = text("live")
_IN_FORCE = text("replaced_at IS NULL")


class ConnectedAccountRow(Base):
    """A supplier's account with the processor; ``seen_at`` is when the state that stands here was looked at."""

    __tablename__ = "connected_account"
    __table_args__ = (
        Index("ix_connected_account_remote_id", "remote_id"),
        Index("ix_connected_account_look_at", "look_at"),
    )

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(RemoteId, default="")
    country: Mapped[str] = mapped_column(String(2))
    submitted: Mapped[bool] = mapped_column(default=False)
    transfers: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    due: Mapped[str] = mapped_column(Text, default="[]")
    disabled_reason: Mapped[str] = mapped_column(String(120), default="")
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(String(500), default="")
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> ConnectedAccount:
        return ConnectedAccount(
            organisation_id=self.organisation_id, remote_id=self.remote_id, country=self.country,
            submitted=self.submitted, transfers=self.transfers, payouts_enabled=self.payouts_enabled,
            due=tuple(json.loads(self.due)), disabled_reason=self.disabled_reason, code=self.code,
            message=self.message, begun_at=self.begun_at, seen_at=self.seen_at,
        )  # fmt: skip


class BankAccountRow(Base):
    """Never changed: another account is another row, so that a payout always shows where it went."""

    __tablename__ = "supplier_bank_account"
    __table_args__ = (
        Index(
            "uq_supplier_bank_account_organisation_id", "organisation_id", unique=True, sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    holder: Mapped[str] = mapped_column(String(140))
    bank: Mapped[str] = mapped_column(String(140))
    bank_code: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last4: Mapped[str] = mapped_column(String(4))
    changed_by: Mapped[str] = mapped_column(Id)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    usable_from: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> BankAccount:
        return BankAccount(
            id=self.id, organisation_id=self.organisation_id, holder=self.holder, bank=self.bank,
            bank_code=self.bank_code, masked=f"···· {self.last4}", changed_by=self.changed_by,
            changed_at=self.changed_at, usable_from=self.usable_from,
        )  # fmt: skip


class RunRow(Base):
    """A settlement run; of a currency one is under way at a time. ``payer`` is whose account its file is drawn on."""

    __tablename__ = "settlement_run"
    __table_args__ = (
        CheckConstraint("executed_by = '' OR executed_by <> file_made_by", name="two_people"),
        Index(
            "uq_settlement_run_currency", "currency", unique=True, sqlite_where=_OPEN_RUN, postgresql_where=_OPEN_RUN
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    minimum: Mapped[int] = mapped_column(BigInteger)
    started_by: Mapped[str] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file_made_by: Mapped[str] = mapped_column(Id, default="")
    file_made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    payer: Mapped[str] = mapped_column(Text, default="{}")
    executed_by: Mapped[str] = mapped_column(Id, default="")
    executed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Run:
        return Run(
            id=self.id, currency=self.currency, as_of=self.as_of, minimum=self.minimum, started_by=self.started_by,
            started_at=self.started_at, finished_at=self.finished_at, file_made_by=self.file_made_by,
            file_made_at=self.file_made_at, executed_by=self.executed_by, executed_at=self.executed_at,
        )  # fmt: skip


class SkipRow(Base):
    """A supplier whom a run paid nothing."""

    __tablename__ = "settlement_skip"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("settlement_run.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(30))
    balance: Mapped[int] = mapped_column(BigInteger)

    def snapshot(self, currency: str) -> Skip:
        return Skip(self.organisation_id, Skipped(self.reason), self.balance, currency)


class PayoutRow(Base):
    """Money on its way to a supplier, once in a run, and one at a time in a currency."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("reversed >= 0 AND reversing >= 0 AND reversed + reversing <= amount", name="no_more_back"),
        CheckConstraint("(state = 'reserved') = (ended_at IS NULL)", name="ended"),
        Index("uq_payout_run_id", "run_id", "organisation_id", unique=True),
        Index(
            "uq_payout_organisation_id", "organisation_id", "currency", unique=True, sqlite_where=_RESERVED,
            postgresql_where=_RESERVED,
        ),
        Index("ix_payout_organisation_id", "organisation_id", "currency", "id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    run_id: Mapped[str] = mapped_column(Id, ForeignKey("settlement_run.id"))
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(String(3))
    way: Mapped[str] = mapped_column(String(10))
    destination: Mapped[str] = mapped_column(RemoteId)
    amount: Mapped[int] = mapped_column(BigInteger)
    carried: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    remote_id: Mapped[str] = mapped_column(RemoteId, default="", index=True)
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(String(500), default="")
    reversed: Mapped[int] = mapped_column(BigInteger, default=0)
    reversing: Mapped[int] = mapped_column(BigInteger, default=0)
    in_file: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Payout:
        return Payout(
            id=self.id, run_id=self.run_id, organisation_id=self.organisation_id, currency=self.currency,
            way=Way(self.way), destination=self.destination, amount=self.amount, carried=self.carried,
            state=PayoutState(self.state), remote_id=self.remote_id, code=self.code, message=self.message,
            reversed=self.reversed, reversing=self.reversing, in_file=self.in_file, made_at=self.made_at,
            ended_at=self.ended_at,
        )  # fmt: skip


class PayoutLineRow(Base):
    """A line of the supplier's account that a payout pays; one of a payout that failed is paid by another."""

    __tablename__ = "payout_line"
    __table_args__ = (
        Index("uq_payout_line_payable_id", "payable_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    payout_id: Mapped[str] = mapped_column(Id, ForeignKey("payout.id"), primary_key=True)
    payable_id: Mapped[str] = mapped_column(Id, ForeignKey("payable.id"), primary_key=True)
    live: Mapped[bool] = mapped_column(default=True)


class ReversalRow(Base):
    """A part of a transfer that is taken back; its state changes once."""

    __tablename__ = "transfer_reversal"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_transfer_reversal_payout_id", "payout_id"),
        Index("ix_transfer_reversal_organisation_id", "organisation_id", "currency"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    payout_id: Mapped[str] = mapped_column(Id, ForeignKey("payout.id"))
    organisation_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    remote_id: Mapped[str] = mapped_column(RemoteId, default="", index=True)
    message: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[str] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Reversal:
        return Reversal(
            id=self.id, payout_id=self.payout_id, organisation_id=self.organisation_id, amount=self.amount,
            currency=self.currency, state=ReversalState(self.state), reason=self.reason, remote_id=self.remote_id,
            message=self.message, asked_by=self.asked_by, asked_at=self.asked_at, ended_at=self.ended_at,
        )  # fmt: skip


class ArrivalRow(Base):
    """What the processor paid out to a supplier's own bank, as it was seen last."""

    __tablename__ = "supplier_arrival"
    __table_args__ = (Index("ix_supplier_arrival_organisation_id", "organisation_id", "remote_id"),)

    remote_id: Mapped[str] = mapped_column(RemoteId, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(String(500), default="")
    arrives_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> Arrival:
        return Arrival(
            remote_id=self.remote_id, organisation_id=self.organisation_id, amount=self.amount,
            currency=self.currency, state=self.state, message=self.message, arrives_at=self.arrives_at,
            seen_at=self.seen_at,
        )  # fmt: skip
