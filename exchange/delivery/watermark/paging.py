"""Reading a copy from any of its rows on, by the places that were noted when it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from exchange.delivery.watermark import tables
from exchange.delivery.watermark.marking import ROWS_APART, padded
from exchange.delivery.watermark.types import Layout

_WITHOUT_MARK = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
"""What an encoding is called behind its byte order mark, as copies are written."""


@dataclass(frozen=True)
class Places:
    """A copy's layout, and the byte at which every so many-th row begins."""

    layout: Layout
    offsets: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"layout": asdict(self.layout), "offsets": list(self.offsets)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Places:
        layout = stored["layout"]
        return cls(Layout(**{**layout, "names": tuple(layout["names"])}), tuple(stored["offsets"]))


def rows_from(stream: BinaryIO, places: Places, after: int) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """(cells, first byte, byte behind the last) of each row, beginning with number ``after``."""
    block = after // ROWS_APART
    if block >= len(places.offsets):
        return
    at, number = places.offsets[block], block * ROWS_APART
    stream.seek(at)
    encoding = _WITHOUT_MARK.get(places.layout.encoding, places.layout.encoding)
    width = len(places.layout.names)
    text = tables.text_of(stream, encoding)
    try:
        for row in tables.rows(text, places.layout):
            stop = at + len(row.written({}).encode(encoding))
            if any(row.cells[:width]):
                if number >= after:
                    yield padded(row, width), at, stop
                number += 1
            at = stop
    finally:
        text.detach()
