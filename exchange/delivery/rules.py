"""Ranges of bytes: reading the header of RFC 9110 section 14, and what has been delivered so far."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.problems import Sentence
from exchange.delivery.errors import RangeNotSatisfiable
from exchange.delivery.types import ByteRange, Transfer

_ONE_RANGE = re.compile(r"\Abytes=(\d{0,18})-(\d{0,18})\Z")


def wanted_range(header: str | None, size: int) -> ByteRange | None:
    """The one range asked for; None means the whole file (no header, or one that may be ignored).

    Several ranges at once are answered with the whole file, which the RFC allows.
    Raises RangeNotSatisfiable.
    """
    match = _ONE_RANGE.match((header or "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise RangeNotSatisfiable(Sentence("The file has %(size)s bytes.", size=size), field="Range", size=size)
    return ByteRange(start, stop)


def left_for_certain(transfer: Transfer) -> ByteRange:
    """What left for certain: of an answer whose last byte was not handed over, all but that byte."""
    return ByteRange(transfer.start, transfer.stop if transfer.confirmed else transfer.stop - 1)


def covers(size: int, ranges: Iterable[ByteRange]) -> bool:
    """Whether the ranges together hold every byte of a file of that size."""
    reached = 0
    for each in sorted(ranges, key=lambda r: r.start):
        if each.start > reached:
            return False
        reached = max(reached, each.stop)
    return reached >= size
