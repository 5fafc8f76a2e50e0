"""How an answer reads for its price: by status, and where the interface says so by a value in its JSON."""

from __future__ import annotations

import json
import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from exchange.gateway.record import Outcome

_NAMES = {"hit": Outcome.HIT, "miss": Outcome.MISS}
_ABSENT = object()
_RECORDS_LIMIT = (1 << 32) - 1


class PointerMalformed(ValueError):
    """Not a JSON pointer of RFC 6901."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer was, and how many records it returned."""

    outcome: Outcome
    records: int = 0


_ERROR = Reading(Outcome.UPSTREAM_ERROR)
_MISS = Reading(Outcome.MISS)
_HIT = Reading(Outcome.HIT, 1)


class Rule:
    """One operation's outcome rule, compiled from its document."""

    __slots__ = ("_hit", "_pointer", "_records", "_statuses", "needs_body", "plain")

    def __init__(self, document: Mapping[str, Any]) -> None:
        statuses = document.get("statuses") or {"2xx": "hit"}
        self._statuses = {int(code): _NAMES[name] for code, name in statuses.items() if code.isdecimal()}
        if "2xx" in statuses:
            others = range(200, 300)
            self._statuses = dict.fromkeys(others, _NAMES[statuses["2xx"]]) | self._statuses
        self._pointer = _pointer(document["pointer"]) if document.get("pointer") is not None else None
        self._records = _pointer(document["records"]) if document.get("records") is not None else None
        self._hit = frozenset(_canonical(value) for value in document.get("hit", ()))
        self.needs_body = self._pointer is not None or self._records is not None
        self.plain = {
            status: _HIT if outcome is Outcome.HIT else _MISS
            for status, outcome in self._statuses.items()
            if outcome is not Outcome.HIT or not self.needs_body
        }
        """Statuses that decide alone."""

    def knows(self, status: int) -> bool:
        """Whether the interface's document names this status."""
        return status in self._statuses

    def by_status(self, status: int) -> Reading | None:
        """What the status alone decides; None when the body has to be read."""
        return self.plain.get(status) or (None if self.knows(status) else _ERROR)

    def by_body(self, body: bytes, coding: bytes, largest: int) -> Reading:
        """What the body of an answer decides whose status says hit."""
        try:
            plain = _decoded(body, coding, largest)
            document = _DECODER.decode(plain.decode(json.detect_encoding(plain), "surrogatepass"))
        except (ValueError, RecursionError, zlib.error):
            return _ERROR
        if self._pointer is not None and _canonical(_find(document, self._pointer)) not in self._hit:
            return _MISS
        if self._records is None:
            return _HIT
        return Reading(Outcome.HIT, _count(_find(document, self._records)))


def _pointer(text: str) -> tuple[str, ...]:
    if text and not text.startswith("/"):
        raise PointerMalformed(text)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def _find(document: Any, pointer: tuple[str, ...]) -> Any:
    for part in pointer:
        if isinstance(document, dict):
            document = document.get(part, _ABSENT)
        elif isinstance(document, list) and part.isdecimal() and (part == "0" or part[0] != "0"):
            document = document[int(part)] if len(part) < 10 and int(part) < len(document) else _ABSENT
        else:
            return _ABSENT
    return document


def _canonical(value: Any) -> Hashable:
    """Equal for equal JSON values only: true is not 1, and 1 is 1.0."""
    if isinstance(value, bool):
        return (value,)
    if isinstance(value, dict | list):
        return (json.dumps(value, sort_keys=True),)
    return value  # type: ignore[no-any-return]


def _count(value: Any) -> int:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 0), _RECORDS_LIMIT)
    return 0


def _decoded(body: bytes, coding: bytes, largest: int) -> bytes:
    """The body without its content coding. Raises ValueError for one that is not known, or a body that swells."""
    if coding in (b"", b"identity"):
        return body
    if coding not in (b"gzip", b"x-gzip", b"deflate"):
        raise ValueError("an unknown content coding")
    inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    plain = inflating.decompress(body, largest + 1)
    if len(plain) > largest or not inflating.eof:
        raise ValueError("larger than what is read for an outcome")
    return plain


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
