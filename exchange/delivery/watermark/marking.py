"""Writing one holder's copy of a table."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark import honeytokens, tables
from exchange.delivery.watermark.honeytokens import Honeytoken
from exchange.delivery.watermark.keys import symbols
from exchange.delivery.watermark.types import Carrier, Changes, Survey

_SAID = {
    "measure": "up to 2 units of decimal place {places}",
    "moment": "up to 2 seconds, or thousandths of one where those are written",
    "prose": "a stop at the end put in or left out",
}
_TOLD_EVERY = 20_000
ROWS_APART = 500


def data_rows(text: io.TextIOWrapper, found: Survey) -> Iterator[tuple[int, tables.AnyRow]]:
    """The table's rows with their numbers; -1 for the header and for rows without cells."""
    number = -1 if found.layout.header else 0
    width = len(found.layout.names)
    for row in tables.rows(text, found.layout):
        if number < 0 or not any(row.cells[:width]):
            yield -1, row
            number = max(number, 0)
            continue
        yield number, row
        number += 1


def padded(row: tables.AnyRow, width: int) -> tuple[str, ...]:
    cells = tuple(row.cells[:width])
    return cells + ("",) * (width - len(cells))


def write_copy(
    source: BinaryIO,
    target: BinaryIO,
    found: Survey,
    key: bytes,
    progress: Callable[[int], None] | None = None,
    offsets: list[int] | None = None,
) -> Changes:
    """The copy of the holder with that key. Only the carriers' cells differ, and the honeytokens are put in.

    ``offsets`` takes the byte at which every ``ROWS_APART``-th row of the copy begins.
    """
    tokens = _tokens(source, found, key)
    reading = tables.text_of(source, found.layout.encoding)
    writing = io.TextIOWrapper(target, encoding=found.layout.encoding, newline="", write_through=False)
    cells = rows = written = 0

    def put(text: str) -> None:
        nonlocal written
        if offsets is not None and written % ROWS_APART == 0:
            writing.flush()
            offsets.append(target.tell())
        written += 1
        writing.write(text)

    waiting = iter(tokens)
    token = next(waiting, None)
    try:
        for number, row in data_rows(reading, found):
            while number >= 0 and token is not None and token.place <= number:
                put(_written(row, token))
                token = next(waiting, None)
            changed = _changed(row, found.carriers, key, number) if number >= 0 else {}
            if number >= 0:
                put(row.written(changed))
            else:
                writing.write(row.written({}))
            cells += len(changed)
            rows = max(rows, number + 1)
            if progress is not None and rows % _TOLD_EVERY == 0:
                progress(rows)
    finally:
        reading.detach()
        writing.flush()
        writing.detach()
    said = tuple((found.layout.names[c.column], _SAID[c.kind].format(places=c.places)) for c in found.carriers)
    return Changes(written, cells, len(tokens), said)


def _tokens(source: BinaryIO, found: Survey, key: bytes) -> list[Honeytoken]:
    source.seek(0)
    text = tables.text_of(source, found.layout.encoding)
    width = len(found.layout.names)
    columns = found.unique - {carrier.column for carrier in found.carriers}
    try:
        rows = (padded(row, width) for number, row in data_rows(text, found) if number >= 0)
        return honeytokens.without_real(honeytokens.made(found, key), rows, columns)
    finally:
        text.detach()
        source.seek(0)


def _written(row: tables.AnyRow, token: Honeytoken) -> str:
    """A honeytoken in the manner of the row before which it stands."""
    return row.written({n: cell for n, cell in enumerate(token.cells) if n < len(row.cells) and row.cells[n] != cell})


def _changed(row: tables.AnyRow, carriers: tuple[Carrier, ...], key: bytes, number: int) -> dict[int, str]:
    changed = {}
    for carrier, symbol in zip(carriers, symbols(key, number, carriers), strict=True):
        if carrier.column < len(row.cells):
            before = row.cells[carrier.column]
            after = kinds.write(carrier, before, symbol)
            if after is not None and after != before:
                changed[carrier.column] = after
    return changed
