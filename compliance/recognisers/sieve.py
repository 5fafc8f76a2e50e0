"""Which of many cells are worth a look: they are searched as one text, once for each kind of identifier.

Nothing that ``find`` finds is left out. Each pattern begins with what a search can skip to, looks behind only then, and
ends within its line, so that no match reaches from one cell into the next.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate

from compliance.recognisers import people
from compliance.recognisers.checks import issued_credit_code, valid_bank_card, valid_resident_id
from compliance.recognisers.context import speaks_of
from compliance.recognisers.patterns import CREDIT_SIGNS, PROVINCE_SIGNS, without_gaps
from compliance.recognisers.types import Identifier

LONGEST_CELL = 100_000
# Identifiers typed with the wide digits, letters and signs of Chinese input are the same identifiers.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WIDE = re.compile("[\uff01-\uff5e]")
RUN = re.compile(r"\d{6}|\d{3}[- ]\d{4}", re.ASCII)
_END = r"(?![0-9A-Za-z])"
_ALONE = r"(?<![0-9A-Za-z].)"
_BARE = re.compile(r"\d(?<!\d.)\d{12,18}(?!\d)", re.ASCII)
# A number of a telephone may stand behind its country's, or behind a word that ends in one of these letters.
_PHONE = re.compile(
    rf"1(?<![A-DF-KM-WYZa-df-km-wyz].)(?:(?<!\d.)|(?<=86.))[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_END}", re.ASCII
)
_LANDLINE = re.compile(rf"0(?:10|2\d|[3-9]\d\d)(?:-|\) ?)[2-9]\d{{6,7}}{_END}", re.ASCII)
_PLATE = re.compile(rf"[{PROVINCE_SIGNS}][A-HJ-NP-Z]")
_CHECKED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        re.compile(r"[1-9](?<![0-9].)\d{5}[ -]?\d{8}[ -]?\d{3}[0-9Xx](?![0-9])", re.ASCII),
        without_gaps(valid_resident_id),
    ),
    (
        re.compile(rf"[{CREDIT_SIGNS}]{_ALONE}[{CREDIT_SIGNS}]\d{{6}}[{CREDIT_SIGNS}]{{10}}{_END}", re.ASCII),
        issued_credit_code,
    ),
    (
        re.compile(rf"\d{_ALONE}(?:\d{{12,18}}|\d{{3}}(?:[ -]\d{{4}}){{2,3}}(?:[ -]?\d{{1,3}})?){_END}", re.ASCII),
        without_gaps(valid_bank_card),
    ),
)
_SIGNED = (
    ("@", re.compile("@[0-9A-Za-z-]")),
    (".", re.compile(r"\.\d{1,3}\.\d{1,3}\.\d", re.ASCII)),
    (":", re.compile("::|(?::[0-9A-Fa-f]{1,4}){7}")),
)


def narrow(text: str) -> str:
    """The same text, as long, with plain digits, letters and signs."""
    return text if text.isascii() or not _WIDE.search(text) else text.translate(_NARROW)


def sift(cells: Sequence[str], column: str) -> tuple[Collection[str], Collection[str]]:
    """Cells that may hold an identifier; and those that may be a bare number as long as a card's, whatever it is."""
    text = narrow("\n".join(cells))
    ends = list(accumulate(len(cell) + 1 for cell in cells))
    held = {cells[bisect_right(ends, place)] for place in _places(text, column)}
    held.update(cell for cell in cells if len(cell) > LONGEST_CELL)
    return held, {cells[bisect_right(ends, match.start())] for match in _BARE.finditer(text)}


def _places(text: str, column: str) -> Iterator[int]:
    if RUN.search(text):
        yield from _numbers(text, column)
    for sign, pattern in _SIGNED:
        if sign in text:
            yield from _starts(pattern, text)
    if not text.isascii():
        yield from _starts(_PLATE, text)
    yield from people.hints(text)


def _numbers(text: str, column: str) -> Iterator[int]:
    yield from _starts(_PHONE, text)
    yield from _starts(_LANDLINE, text)
    for pattern, check in _CHECKED:
        yield from (match.start() for match in pattern.finditer(text) if check(match.group()))
    if speaks_of(Identifier.PASSPORT, column) or speaks_of(Identifier.PASSPORT, text):
        yield from _starts(RUN, text)


def _starts(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    return (match.start() for match in pattern.finditer(text))
