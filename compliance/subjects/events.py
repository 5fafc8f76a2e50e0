"""Facts of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class SubjectForgotten(Event):
    """The key is destroyed: whoever derived something from the values lets go of it; ``letters`` is
    by what their letters are found."""

    name: ClassVar[str] = "subjects.forgotten"
    subject_id: str
    letters: str
