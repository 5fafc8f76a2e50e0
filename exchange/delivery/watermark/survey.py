"""Looking over a table once: its layout, which columns can carry a mark, and rows to make honeytokens from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from math import log
from typing import BinaryIO

from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark import tables
from exchange.delivery.watermark.keys import MOST_CARRIERS, Stream
from exchange.delivery.watermark.types import Carrier, Layout, Survey, Unmarkable

_LOOKED_AT = 5_000
_SAMPLE = 2_000
_MOST_PLACES = 6
_ENOUGH = 0.5
NEEDED = 60.0
"""The least logarithm of evidence that a whole copy must give: three times what an accusation needs."""
_STEPS = 2 * kinds.REACH + 1


def survey(stream: BinaryIO, name: str) -> Survey:
    """What the table can carry. Raises Unmarkable with the reason."""
    layout = tables.layout_of(stream, name)
    text = tables.text_of(stream, layout.encoding)
    try:
        head, sample, count = _gathered(_data(tables.rows(text, layout), layout))
    except UnicodeError:
        raise Unmarkable("encoding_broken") from None
    finally:
        text.detach()
        stream.seek(0)
    found = _carriers(head, len(layout.names))
    made = Survey(layout, count, found, _unique(head, len(layout.names)), tuple(sample))
    if not found:
        raise Unmarkable("no_carrier")
    if capacity(made) < NEEDED:
        raise Unmarkable("too_small")
    return made


def estimate(names: Sequence[str], first_rows: Sequence[Sequence[str]], rows: int) -> str:
    """Why a table of which only the first rows are at hand probably carries no mark; empty when it does."""
    head = [tuple(row) for row in first_rows]
    found = _carriers(head, len(names)) if head else ()
    if not found:
        return "no_carrier"
    return "too_small" if rows * sum(log(carrier.base) for carrier in found) * _ENOUGH < NEEDED else ""


def capacity(found: Survey) -> float:
    """The logarithm of evidence that a whole, untouched copy gives, honeytokens left out."""
    return found.rows * sum(log(carrier.base) for carrier in found.carriers) * _ENOUGH


def _data(rows: Iterator[tables.AnyRow], layout: Layout) -> Iterator[tuple[str, ...]]:
    width = len(layout.names)
    for row in islice(rows, 1 if layout.header else 0, None):
        cells = tuple(row.cells[:width])
        if any(cells):
            yield cells + ("",) * (width - len(cells))


def _gathered(rows: Iterator[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], int]:
    """The first rows, a sample of all of them (the same each time), and their number."""
    head: list[tuple[str, ...]] = []
    sample: list[tuple[str, ...]] = []
    chance, count = Stream(b"survey", "sample"), 0
    for row in rows:
        count += 1
        if count <= _LOOKED_AT:
            head.append(row)
        if len(sample) < _SAMPLE:
            sample.append(row)
        elif (place := chance.below(count)) < _SAMPLE:
            sample[place] = row
    return head, sample, count


def _carriers(head: list[tuple[str, ...]], width: int) -> tuple[Carrier, ...]:
    found = [_carrier(column, [row[column] for row in head if row[column].strip()]) for column in range(width)]
    return tuple(each for each in found if each is not None)[:MOST_CARRIERS]


def _carrier(column: int, cells: list[str]) -> Carrier | None:
    if not cells:
        return None
    digits = [kinds.fraction_digits(cell) for cell in cells]
    if all(each is not None for each in digits):
        return _measure(column, cells, [each or 0 for each in digits])
    if sum(map(kinds.has_seconds, cells)) >= _ENOUGH * len(cells):
        return Carrier(column, "moment", _STEPS)
    if sum(map(kinds.is_sentence, cells)) >= _ENOUGH * len(cells) and len(set(cells)) >= _ENOUGH * len(cells):
        return Carrier(column, "prose", 2)
    return None


def _measure(column: int, cells: list[str], digits: list[int]) -> Carrier | None:
    """A column of decimals that are spread so widely that a step or two in the last place is small."""
    with_fraction = [each for each in digits if each]
    if len(with_fraction) < _ENOUGH * len(digits):
        return None
    places = min(_MOST_PLACES, sorted(with_fraction)[len(with_fraction) * 9 // 10])
    ragged = any(each < places for each in digits)
    carrier = Carrier(column, "measure", _STEPS, places, ragged)
    ticks = sorted(each for cell in cells if (each := kinds.ticks(carrier, cell)) is not None)
    spread = ticks[len(ticks) * 9 // 10] - ticks[len(ticks) // 10]
    return carrier if spread >= 50 and len(set(ticks)) >= min(30, len(ticks) // 2) else None


def _unique(head: list[tuple[str, ...]], width: int) -> frozenset[int]:
    return frozenset(
        column for column in range(width)
        if len({blake2b(row[column].encode(), digest_size=8).digest() for row in head}) == len(head)
    )  # fmt: skip
