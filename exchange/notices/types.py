"""What tasks and notices look like to the desk, to letters and to the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

TOPICS = ("orders", "disputes", "listings", "qualification", "money", "requests", "alerts", "reminders", "demands")
DIGESTS = ("daily", "off")


@dataclass(frozen=True)
class Task:
    """Something an actor must do: a stable ``code``, the thing it is about, and by when it is due."""

    code: str
    subject_id: str
    subject: Mapping[str, str] | None = None
    due_at: datetime | None = None
    note: str = ""
    count: int = 1


@dataclass(frozen=True)
class Audience:
    """Who is told: holders of these roles in an organisation (owners always), or of the platform's own roles."""

    organisation_id: str | None
    roles: tuple[str, ...]

    def pairs(self) -> list[tuple[str, str]]:
        if self.organisation_id is None:
            return [("", role) for role in self.roles]
        return [(self.organisation_id, role) for role in dict.fromkeys(("owner", *self.roles))]


@dataclass(frozen=True)
class Notice:
    """Something that happened. ``address`` is the page where one sees it, ``due_at`` by when one must act, if ever."""

    id: str
    code: str
    topic: str
    subject_id: str
    subject: Mapping[str, str]
    address: str
    note: str
    due_at: datetime | None
    created_at: datetime
    read: bool


@dataclass(frozen=True)
class Preferences:
    """Whether letters are wanted, and the topics that no letter is wanted of."""

    digest: str
    muted: tuple[str, ...]
    digested_at: datetime | None = None
