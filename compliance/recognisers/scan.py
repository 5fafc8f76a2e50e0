"""Finding identifiers in a text: a cheap look first, then a pattern for each kind, then checksums."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from compliance.recognisers import people
from compliance.recognisers.context import speaks_of
from compliance.recognisers.patterns import PASSPORT, PROVINCE_SIGNS, RECOGNISERS, Recogniser
from compliance.recognisers.sieve import RUN, narrow
from compliance.recognisers.types import Found, Identifier

# Every form has one of these in it: six digits on end, the gaps of a written-out number, the middle of an address,
# a province's sign before a letter.
_MAY_HOLD = re.compile(
    rf"{RUN.pattern}|@|\d\.\d{{1,3}}\.\d|[0-9A-Fa-f]::?[0-9A-Fa-f]{{1,4}}:|[{PROVINCE_SIGNS}][A-Z]", re.ASCII
)
_SHORTEST_NUMBER = 11
"""A phone number is the shortest of what is told by a run of digits."""


class _Claims:
    """What was found so far, in order, none overlapping."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self.found: list[Found] = []

    def free(self, start: int, stop: int) -> bool:
        """Whether nothing was found in that stretch."""
        place = bisect_left(self._starts, stop)
        return place == 0 or self.found[place - 1].stop <= start

    def add(self, kind: Identifier, start: int, value: str) -> None:
        place = bisect_left(self._starts, start)
        self._starts.insert(place, start)
        self.found.insert(place, Found(kind, start, start + len(value), _masked(kind, value)))


def find(text: str, *, context: str = "") -> list[Found]:
    """Identifiers in ``text``, left to right, none overlapping.

    ``context`` (a column's name) decides on passports and on names.
    """
    plain, claims = narrow(text), _Claims()
    if _MAY_HOLD.search(plain):
        _find_numbers(plain, context, claims)
    for kind, start, stop in people.spans(plain, context):
        if claims.free(start, stop):
            claims.add(kind, start, plain[start:stop])
    return claims.found


def _find_numbers(plain: str, context: str, claims: _Claims) -> None:
    """What has a form of its own."""
    run = RUN.search(plain) is not None
    long_enough = run and len(plain) >= _SHORTEST_NUMBER
    for recogniser in RECOGNISERS:
        if _may_hold(recogniser, plain, long_enough):
            _claim(recogniser, plain, claims)
    if run and (speaks_of(Identifier.PASSPORT, context) or speaks_of(Identifier.PASSPORT, plain)):
        _claim(PASSPORT, plain, claims)


def _may_hold(recogniser: Recogniser, text: str, run: bool) -> bool:
    if recogniser.hint is None:
        return run
    return not recogniser.hint.isdisjoint(text)


def _claim(recogniser: Recogniser, text: str, claims: _Claims) -> None:
    """Add the candidates that pass their check and lie in no stretch that is claimed already."""
    for match in recogniser.pattern.finditer(text):
        if claims.free(*match.span()) and recogniser.check(match.group()):
            claims.add(recogniser.kind, match.start(), match.group())


def mask(text: str) -> str:
    """The text with every identifier but credit codes hidden, save for its first and last characters."""
    return "".join(_masked_parts(text))


def _masked_parts(text: str) -> Iterator[str]:
    reached = 0
    for each in find(text):
        if each.kind != Identifier.CREDIT_CODE:
            yield text[reached : each.start]
            yield each.masked
            reached = each.stop
    yield text[reached:]


def _masked(kind: Identifier, value: str) -> str:
    if kind == Identifier.NAME:
        return value[0] + "*" * (len(value) - 1)
    keep = 2 if len(value) > 6 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]
