"""Facts about the processor. All are inline: what follows from them is written in the same unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from billing.processor.types import Told
from core.events import UnitEvent


@dataclass(frozen=True)
class AttemptDone(UnitEvent):
    """The processor did what was asked; ``remote`` is the object it answered."""

    name: ClassVar[str] = "attempt.done"
    attempt_id: str
    deed: str
    subject_id: str
    remote_id: str
    remote: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AttemptRefused(UnitEvent):
    """The processor refused for good; whatever was reserved for it is given back."""

    name: ClassVar[str] = "attempt.refused"
    attempt_id: str
    deed: str
    subject_id: str
    code: str
    message: str


@dataclass(frozen=True)
class ProcessorTold(UnitEvent):
    """A remote object was looked at; its state counts, not what made us look."""

    name: ClassVar[str] = "processor.told"
    told: Told
