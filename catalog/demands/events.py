"""Facts of the board of demands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class DemandAnswered(Event):
    """A supplier answered a demand; its buyer may look."""

    name: ClassVar[str] = "demands.answered"
    answer_id: str


@dataclass(frozen=True)
class AnswerSettled(Event):
    """The buyer took an answer up, or declined it; its supplier is concerned."""

    name: ClassVar[str] = "demands.answer_settled"
    answer_id: str
    state: str


@dataclass(frozen=True)
class DemandEnded(Event):
    """A demand is closed by its buyer, has run out, or was removed; those who answered it are concerned."""

    name: ClassVar[str] = "demands.ended"
    demand_id: str
    state: str


@dataclass(frozen=True)
class DemandReported(Event):
    """Somebody says that a demand does not belong here; reviewers look at it."""

    name: ClassVar[str] = "demands.reported"
    demand_id: str
    number: int
