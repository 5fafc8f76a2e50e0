"""Tables of the audit log. Entries, leaves, nodes, checkpoints and epochs are insert-only, held by triggers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class AuditEntry(Base):
    """The exact bytes, and copies of a few fields to look entries up by."""

    __tablename__ = "audit_entry"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    object_id: Mapped[str] = mapped_column(Id, index=True)
    action: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AuditPending(Base):
    """Entries that have no place in the log yet; rows are deleted as they get one."""

    __tablename__ = "audit_pending"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry_id: Mapped[str] = mapped_column(Id, ForeignKey("audit_entry.id"), unique=True)


class AuditLeaf(Base):
    """An entry's place in the log, without gaps."""

    __tablename__ = "audit_leaf"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(Id, ForeignKey("audit_entry.id"), unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, index=True)


class AuditNode(Base):
    """A complete subtree of level 1 or above."""

    __tablename__ = "audit_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """One row: how far the log has come."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditEpoch(Base):
    """An epoch after the first: opened when the database had been set back."""

    __tablename__ = "audit_epoch"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(200), unique=True)
    kept: Mapped[int] = mapped_column(BigInteger)
    cites: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditCounter(Base):
    """The last number given on each object."""

    __tablename__ = "audit_counter"

    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
    last: Mapped[int]


class AuditConcern(Base):
    """Which organisations may see an entry."""

    __tablename__ = "audit_concern"

    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[str] = mapped_column(Id, ForeignKey("audit_entry.id"), primary_key=True)
