"""Events: facts in the past tense, published upwards, and who listens to them.

An *inline* handler runs in the unit that emitted the event: database rows only, it may veto by
raising. A *later* handler runs outside any unit, from the outbox, at least once and in no promised
order: it must be idempotent and look at the present state. Money and rights never travel by outbox.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from core.db import Uow
    from core.house import House
    from core.jobs import JobRun
    from core.problems import Refused

_MOST_NESTED = 3


@dataclass(frozen=True)
class Event:
    """Base of all events; fields are strings, integers, booleans, None or tuples of strings."""

    name: ClassVar[str] = ""

    def payload(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class UnitEvent(Event):
    """One that only inline handlers listen to: its fields may be anything, for it never leaves its unit."""


E = TypeVar("E", bound=Event)
Inline = Callable[["Uow", Any], None]
Later = Callable[["House", Any], None]
JobHandler = Callable[["House", "JobRun"], None]


@dataclass
class Registry:
    """Which handler listens to what. Filled by every package's ``include`` in tower order, then only read."""

    inline_handlers: dict[type[Event], list[Inline]] = field(default_factory=dict)
    later_handlers: dict[str, tuple[type[Event], Later]] = field(default_factory=dict)
    job_handlers: dict[str, JobHandler] = field(default_factory=dict)
    on_refusal: list[Callable[[Uow, Refused], None]] = field(default_factory=list)
    """What is kept of a refusal, in a unit of its own once the refused command is undone."""

    def inline(self, event: type[E], handler: Callable[[Uow, E], None]) -> None:
        self.inline_handlers.setdefault(event, []).append(handler)

    def later(self, event: type[E], subscriber: str, handler: Callable[[House, E], None]) -> None:
        """``subscriber`` names the handler in stored outbox rows: unique, and kept when code moves."""
        if issubclass(event, UnitEvent):
            raise TypeError(f"{event.__name__} cannot be written down for later")
        if subscriber in self.later_handlers:
            raise ValueError(f"the subscriber {subscriber} is registered twice")
        self.later_handlers[subscriber] = (event, handler)

    def job(self, kind: str, handler: JobHandler) -> None:
        if kind in self.job_handlers:
            raise ValueError(f"the job {kind} is registered twice")
        self.job_handlers[kind] = handler

    def subscribers(self, event: type[Event]) -> list[str]:
        return [name for name, (listened, _) in self.later_handlers.items() if listened is event]


def dispatch(uow: Uow, registry: Registry, event: Event, depth: int) -> None:
    """Run the inline handlers of ``event``. Raises RuntimeError when handlers cascade deeper than agreed."""
    if depth > _MOST_NESTED:
        raise RuntimeError(f"events cascade too deep at {event.name}")
    for handler in registry.inline_handlers.get(type(event), ()):
        handler(uow, event)
