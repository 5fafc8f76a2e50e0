"""Tables of policy: how organisations stand to things, and the versions of the rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class Relation(Base):
    """An organisation stands so to a thing, until a moment or until it is revoked."""

    __tablename__ = "relation"
    __table_args__ = (Index("ix_relation_object_id_kind", "object_id", "kind"),)

    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PolicyVersion(Base):
    """One version of the rules: proposed by one officer, activated or rejected by another. One is active at most."""

    __tablename__ = "policy_version"
    __table_args__ = (
        Index(
            "ix_policy_version_active", "state", unique=True, sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), index=True)
    document: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(Id)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeptDecision(Base):
    """The whole of a refusal that the log tells of in brief, so that it can be explained later."""

    __tablename__ = "kept_decision"

    entry_id: Mapped[str] = mapped_column(Id, primary_key=True)
    document: Mapped[str] = mapped_column(Text)
