"""Places in a document: as a JSON pointer, as people say it, and the line on which they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

Place = tuple[str | int, ...]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def pointer(place: Sequence[str | int]) -> str:
    """The place as a JSON pointer in a fragment: ``#/paths/~1items/get``."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def shown(place: Sequence[str | int]) -> str:
    """The place for people: ``paths › /items › get``."""
    return " › ".join(str(part)[:80] for part in place) or "the beginning"


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line, from 1, of that part or of what of it there is; None when it cannot be told."""
    walk = _Walk(tuple(place))
    try:
        for event in yaml.parse(text, Loader=LOADER):
            walk.take(event)
            if walk.arrived:
                break
    except yaml.YAMLError:
        return walk.line
    return walk.line


class _Walk:
    """Follows the events and remembers the line of the longest beginning of the place that was met."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.line: int | None = None
        self._reached = 0
        self._trail: list[str | int | None] = []  # of each open container the key or number that comes
        self._keyed: list[bool] = []

    @property
    def arrived(self) -> bool:
        return self._reached == len(self.place)

    def take(self, event: Any) -> None:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._trail.pop()
            self._keyed.pop()
            self._ended()
        elif self._keyed and self._keyed[-1] and self._trail[-1] is None:
            self._trail[-1] = getattr(event, "value", "")
            self._meet(event)
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._value(event)

    def _value(self, event: Any) -> None:
        if self._keyed and not self._keyed[-1]:
            self._meet(event)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            keyed = isinstance(event, yaml.MappingStartEvent)
            self._keyed.append(keyed)
            self._trail.append(None if keyed else 0)
        else:
            self._ended()

    def _ended(self) -> None:
        """A value is over: the next key, or the next number."""
        if self._trail:
            at = self._trail[-1]
            self._trail[-1] = at + 1 if isinstance(at, int) else None

    def _meet(self, event: Any) -> None:
        depth = len(self._trail)
        if depth > self._reached and tuple(self._trail) == self.place[:depth]:
            self._reached, self.line = depth, event.start_mark.line + 1
