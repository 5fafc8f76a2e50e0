"""Tables of data subjects' requests. What the person told, and what it is answered, stands sealed under its own key."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.requests import rules
from compliance.requests.types import RequestBrief, RequestState, TaskSnapshot
from core.db import Base, Id, UtcDateTime


class SubjectRequest(Base):
    __tablename__ = "subject_request"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    language: Mapped[str] = mapped_column(String(5))
    subject_id: Mapped[str] = mapped_column(Id, ForeignKey("subject.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forget_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    version: Mapped[int] = mapped_column(default=1)

    def step(self, name: str) -> None:
        """Take a step of the state machine. Raises RequestStateConflict."""
        self.state = rules.follow(self.state, name)
        self.version += 1

    def overdue(self, moment: datetime) -> bool:
        running = self.state in (RequestState.OPEN, RequestState.ANSWERED)
        return running and self.due_at is not None and self.due_at <= moment

    def brief(self, moment: datetime) -> RequestBrief:
        return RequestBrief(
            self.id, self.kind, self.state, self.outcome, self.created_at, self.due_at, self.closed_at,
            self.overdue(moment),
        )  # fmt: skip


class SubjectTask(Base):
    __tablename__ = "subject_task"

    request_id: Mapped[str] = mapped_column(Id, ForeignKey("subject_request.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True, index=True)
    file_ids: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(json.loads(self.file_ids))

    def snapshot(self, request: SubjectRequest) -> TaskSnapshot:
        return TaskSnapshot(
            self.request_id, self.organisation_id, request.kind, self.state, request.due_at, self.files, self.outcome,
            self.answered_at,
        )  # fmt: skip
