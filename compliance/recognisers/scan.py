"""Finding identifiers in texts and tables: a cheap look first, then a pattern for each kind, then checksums."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from compliance.recognisers.context import ColumnTally, speaks_of
from compliance.recognisers.patterns import PASSPORT, PROVINCE_SIGNS, RECOGNISERS, Recogniser
from compliance.recognisers.types import Found, Identifier, ScanSummary

# Identifiers typed with the wide digits, letters and signs of Chinese input are the same identifiers.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WIDE = re.compile("[\uff01-\uff5e]")
# Every form has one of these in it: six digits on end, the gaps of a written-out number, the middle of an address,
# a province's sign before a letter.
_RUN = re.compile(r"\d{6}|\d{3}[- ]\d{4}", re.ASCII)
_MAY_HOLD = re.compile(rf"{_RUN.pattern}|@|\d\.\d{{1,3}}\.\d|[{PROVINCE_SIGNS}][A-Z]", re.ASCII)
_LONGEST_CELL = 100_000


def find(text: str, *, context: str = "") -> list[Found]:
    """Identifiers in ``text``, left to right, none overlapping. ``context`` (a column's name) decides passports."""
    plain = _narrow(text)
    if not _MAY_HOLD.search(plain):
        return []
    found: list[Found] = []
    run = _RUN.search(plain) is not None
    for recogniser in RECOGNISERS:
        if _may_hold(recogniser, plain, run):
            _claim(recogniser, plain, found)
    if run and (speaks_of(Identifier.PASSPORT, context) or speaks_of(Identifier.PASSPORT, plain)):
        _claim(PASSPORT, plain, found)
    return sorted(found, key=lambda each: each.start) if len(found) > 1 else found


def _narrow(text: str) -> str:
    return text if text.isascii() or not _WIDE.search(text) else text.translate(_NARROW)


def _may_hold(recogniser: Recogniser, text: str, run: bool) -> bool:
    if recogniser.hint is None:
        return run
    return any(sign in text for sign in recogniser.hint)


def _claim(recogniser: Recogniser, text: str, found: list[Found]) -> None:
    """Add the candidates that pass their check and lie in no stretch that is claimed already."""
    for match in recogniser.pattern.finditer(text):
        start, stop = match.span()
        free = not any(start < each.stop and each.start < stop for each in found)
        if free and recogniser.check(match.group()):
            found.append(Found(recogniser.kind, start, stop, _masked(match.group())))


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


def scan_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> ScanSummary:
    """Scan a table row by row, in constant memory; what a column's name and its other cells say is weighed too."""
    tallies = [ColumnTally(name) for name in columns]
    may_hold, wide, read = _MAY_HOLD.search, _WIDE.search, 0
    for row in rows:
        read += 1
        for tally, cell in zip(tallies, row, strict=False):
            if may_hold(cell) or (not cell.isascii() and wide(cell)):
                _count(cell, tally)
    return ScanSummary(read, tuple(tally.result() for tally in tallies))


def _count(cell: str, tally: ColumnTally) -> None:
    for start in range(0, len(cell), _LONGEST_CELL):
        piece = cell[max(0, start - 100) : start + _LONGEST_CELL]
        tally.add(piece, find(piece, context=tally.name))


def _masked(value: str) -> str:
    keep = 2 if len(value) > 6 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]
