"""What a task looks like to the desk and to the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Task:
    """Something an actor must do: a stable ``code``, the thing it is about, and by when it is due."""

    code: str
    subject_id: str
    subject: Mapping[str, str] | None = None
    due_at: datetime | None = None
    note: str = ""
    count: int = 1
