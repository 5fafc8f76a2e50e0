"""Facts of data subjects' requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class RequestChanged(Event):
    """A request took a step; officers may have something to do."""

    name: ClassVar[str] = "requests.request_changed"
    request_id: str
    state: str


@dataclass(frozen=True)
class TaskOpened(Event):
    """A supplier has to answer about a person in its data, before ``due_at`` (RFC 3339)."""

    name: ClassVar[str] = "requests.task_opened"
    request_id: str
    organisation_id: str
    due_at: str
