"""Tables of the sidecar: what changed for gateways, what they hold, and how far their segments are loaded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime

_Sequence = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of exactly the type INTEGER."""


class Change(Base):
    """Something that gateways keep a copy of changed: written in the unit of the change itself.

    ``xid`` is PostgreSQL's number of that unit; numbers of rows there are not in the order of commits.
    """

    __tablename__ = "gateway_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(_Sequence, primary_key=True, autoincrement=True)
    xid: Mapped[int] = mapped_column(BigInteger, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Epoch(Base):
    """One gateway process' life, from its first word to when all it left is loaded and what it holds is given back.

    Of whichever machine: those of this one are known by the locks in its data folder.
    """

    __tablename__ = "gateway_epoch"

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    usages: Mapped[int] = mapped_column(BigInteger, default=0)
    credited: Mapped[int] = mapped_column(BigInteger, default=0)


class Lease(Base):
    """What one process was granted of one meter of one entitlement, gave back, and used as its segments show."""

    __tablename__ = "gateway_lease"
    __table_args__ = (
        CheckConstraint("granted >= 0 AND returned >= 0 AND consumed >= 0", name="counts"),
        CheckConstraint("returned <= granted", name="returned"),
    )

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    entitlement_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    meter: Mapped[str] = mapped_column(String(10), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    granted: Mapped[int] = mapped_column(BigInteger, default=0)
    returned: Mapped[int] = mapped_column(BigInteger, default=0)
    consumed: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def out(self) -> int:
        """What may still be used or given back."""
        return max(0, self.granted - self.returned - self.consumed)


class Segment(Base):
    """How far a segment has been loaded; moved in the unit that loads, so every byte is loaded once."""

    __tablename__ = "gateway_segment"

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))


class Unresolved(Base):
    """A call that was read, at ``position`` of its segment, and is neither confirmed nor void yet."""

    __tablename__ = "gateway_unresolved"

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int]
    position: Mapped[int] = mapped_column(BigInteger)


class Damage(Base):
    """Bytes of a segment that could not be read or not be loaded, and where they are kept."""

    __tablename__ = "gateway_damage"

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    kept_as: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefusedCalls(Base):
    """How many calls of an organisation for a listing one process refused with a code in a UTC quarter of an hour."""

    __tablename__ = "gateway_refusal"
    __table_args__ = (Index("ix_gateway_refusal_quarter", "quarter"),)

    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    quarter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    calls: Mapped[int] = mapped_column(BigInteger)
