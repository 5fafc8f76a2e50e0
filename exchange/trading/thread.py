"""Tables of a negotiation: everything that was said and offered, and what an agreed order still needs."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.trading.types import MessageSnapshot, RequirementSnapshot


class Message(Base):
    """One act: an inquiry, words, terms, an agreement or a refusal. Insert-only; ``number`` is that of its step."""

    __tablename__ = "order_message"
    __table_args__ = (UniqueConstraint("order_id", "number", name="uq_order_message_number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    side: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[str] = mapped_column(Id)
    text: Mapped[str] = mapped_column(Text)
    in_reply_to: Mapped[str | None] = mapped_column(Id)
    terms: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> MessageSnapshot:
        terms = json.loads(self.terms) if self.terms else None
        return MessageSnapshot(
            self.id, self.number, self.kind, self.side, self.account_id, self.text, self.in_reply_to, terms,
            self.sha256, self.at,
        )  # fmt: skip


class Requirement(Base):
    """What an agreed order needs of one side; ``not_by`` is the person who acted first and so cannot meet it."""

    __tablename__ = "order_requirement"

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    side: Mapped[str] = mapped_column(String(10), primary_key=True)
    not_by: Mapped[str] = mapped_column(Id, default="")
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_by: Mapped[str] = mapped_column(Id, default="")
    audit_entry_id: Mapped[str | None] = mapped_column(Id)

    def snapshot(self) -> RequirementSnapshot:
        name = f"{self.kind}.{self.side}"
        return RequirementSnapshot(
            name, self.kind, self.side, self.not_by, self.met_at, self.met_by, self.audit_entry_id
        )  # fmt: skip


class SpendingLimit(Base):
    """The most, in minor units, that one member may bind the organisation to without another member.

    ``amount`` is that of one order, ``monthly`` that of a calendar month; without one, a month has that of one order.
    """

    __tablename__ = "spending_limit"

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    monthly: Mapped[int | None] = mapped_column(BigInteger)


class BoundAlone(Base):
    """Which member of the buyer bound it to an order without another one: what counts in that member's month."""

    __tablename__ = "order_bound_alone"
    __table_args__ = (Index("ix_order_bound_alone_member", "organisation_id", "account_id", "at"),)

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    account_id: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
