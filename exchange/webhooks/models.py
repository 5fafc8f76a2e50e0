"""Tables of webhooks."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.webhooks.types import Attempt, Endpoint, MessageState, SentMessage

_WAITING = text("state = 'waiting'")


class WebhookEndpoint(Base):
    """An organisation's endpoint; its secrets are sealed by the keyring."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(String(200))
    types: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    rotated_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    on: Mapped[bool] = mapped_column("is_on", default=True)
    off_reason: Mapped[str] = mapped_column(String(60), default="")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self) -> Endpoint:
        return Endpoint(
            id=self.id, url=self.url, description=self.description, types=tuple(json.loads(self.types)), on=self.on,
            off_reason=self.off_reason, failing_since=self.failing_since, rotated_until=self.rotated_until,
            created_at=self.created_at, version=self.version,
        )  # fmt: skip

    def wants(self, kind: str) -> bool:
        types = json.loads(self.types)
        return self.on and (not types or kind in types)


class WebhookMessage(Base):
    """A message to an endpoint; ``fact`` names what it tells of, so that it is told once."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "fact"),
        Index("ix_webhook_message_due_at", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_webhook_message_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_endpoint.id"))
    fact: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> SentMessage:
        return SentMessage(
            self.id, self.endpoint_id, self.type, self.payload, MessageState(self.state), self.attempts,
            self.created_at, self.due_at, self.delivered_at,
        )  # fmt: skip


class WebhookAttempt(Base):
    """One sending of a message, insert-only."""

    __tablename__ = "webhook_attempt"

    message_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_message.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int]
    error: Mapped[str] = mapped_column(String(40))
    latency_ms: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)

    def snapshot(self) -> Attempt:
        return Attempt(self.number, self.at, self.status, self.error, self.latency_ms, self.answer)
