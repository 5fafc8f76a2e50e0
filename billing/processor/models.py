"""Tables of the processor's part."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.processor.types import Attempt, AttemptState, BalanceEntry, Deed
from core.db import Base, Id, UtcDateTime

RemoteId = String(120)
_PLANNED = text("state = 'planned'")


class AttemptRow(Base):
    """Written before the processor is asked, ended when its answer is known. ``first_at``: when it was first sent."""

    __tablename__ = "processor_attempt"
    __table_args__ = (
        CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name="ended"),
        Index("ix_processor_attempt_due_at", "due_at", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        Index("ix_processor_attempt_subject_id", "subject_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    deed: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(Id)
    target: Mapped[str] = mapped_column(RemoteId, default="")
    account: Mapped[str] = mapped_column(RemoteId, default="")
    params: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remote_id: Mapped[str] = mapped_column(RemoteId, default="")
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Attempt:
        return Attempt(
            id=self.id, deed=Deed(self.deed), subject_id=self.subject_id, target=self.target, account=self.account,
            params=json.loads(self.params), state=AttemptState(self.state), tries=self.tries,
            remote_id=self.remote_id, code=self.code, message=self.message, created_at=self.created_at,
            ended_at=self.ended_at,
        )  # fmt: skip


class EventRow(Base):
    """A message of the processor that was carried out, in the unit of what followed from it: once, by its id."""

    __tablename__ = "processor_event"

    id: Mapped[str] = mapped_column(RemoteId, primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(RemoteId)
    account: Mapped[str] = mapped_column(RemoteId, default="")
    outcome: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BalanceEntryRow(Base):
    """The processor's books as they were read, row by row; each posts its fee once."""

    __tablename__ = "processor_balance_entry"
    __table_args__ = (Index("ix_processor_balance_entry_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(RemoteId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(RemoteId, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> BalanceEntry:
        return BalanceEntry(
            self.id, self.kind, self.source, self.amount, self.fee, self.currency, self.created_at, self.description
        )
