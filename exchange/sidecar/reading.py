"""What a stretch of a segment says: which calls and files are known to have ended how, and which are still open.

Pure but for the file that is read. A record is taken when its confirmation or its void is read too; at the
end of a segment whose writer is gone, what is still open is taken as not delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from exchange.gateway import segments
from exchange.gateway.record import FRAME, LONGEST_BODY, Closing, Kind, Marks, Usage


@dataclass(frozen=True, slots=True)
class Open:
    """A record that is neither confirmed nor void yet, and where its frame begins."""

    usage: Usage
    position: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A record whose end is known; what was not ``delivered`` is billed to nobody."""

    usage: Usage
    delivered: bool


@dataclass
class Stretch:
    """From one position of a segment to another. ``opened`` and ``ended`` are of this stretch only."""

    start: int
    stop: int
    ended: list[Ended] = field(default_factory=list)
    opened: dict[int, Open] = field(default_factory=dict)
    settled: list[int] = field(default_factory=list)
    closed: bool = False
    records: int = 0

    def take(self, seq: int, found: Open, *, delivered: bool) -> None:
        self.ended.append(Ended(found.usage, delivered))
        if self.opened.pop(seq, None) is None:
            self.settled.append(seq)

    def give_up(self, before: Mapping[int, Open]) -> None:
        """Nothing more will be written: whatever is open was not delivered."""
        for seq, found in sorted({**before, **self.opened}.items()):
            if seq not in self.settled:
                self.take(seq, found, delivered=False)


def read(path: Path, start: int, before: Mapping[int, Open], most: int) -> Stretch:
    """At most so many records from ``start`` on; ``before`` are the records open there.

    Raises SegmentUnreadable.
    """
    stretch = Stretch(start, start)
    position = max(start, segments.HEADER_BYTES)
    for found, after in islice(segments.read(path, start), most):
        if isinstance(found, Usage):
            _open(stretch, before, Open(found, position))
        elif isinstance(found, Marks):
            _mark(stretch, before, found)
        else:
            stretch.closed = isinstance(found, Closing)
        position = stretch.stop = after
        stretch.records += 1
    return stretch


def _open(stretch: Stretch, before: Mapping[int, Open], found: Open) -> None:
    """Of a number that was written twice the same bytes say nothing new; others the ledger is shown, and refuses."""
    seq = found.usage.seq
    there = stretch.opened.get(seq) or before.get(seq)
    if there is None:
        stretch.opened[seq] = found
    elif there.usage.raw != found.usage.raw:
        stretch.ended.append(Ended(found.usage, False))


def _mark(stretch: Stretch, before: Mapping[int, Open], marks: Marks) -> None:
    for seq in marks.seqs:
        found = stretch.opened.get(seq) or (before.get(seq) if seq not in stretch.settled else None)
        if found is not None:
            stretch.take(seq, found, delivered=marks.kind is Kind.CONFIRM)


def at(path: Path, position: int) -> Usage | None:
    """The record whose frame begins there."""
    found = next(iter(segments.read(path, position)), None)
    return found[0] if found is not None and isinstance(found[0], Usage) else None


def torn(path: Path, position: int) -> bool:
    """Whether what follows the last whole frame can be a frame whose writing was cut: nothing comes after it.

    Else it is damage.
    """
    with path.open("rb") as file:
        file.seek(position)
        rest = file.read(FRAME.size + LONGEST_BODY + 1)
    if len(rest) < FRAME.size:
        return True
    length: int = FRAME.unpack_from(rest)[0]
    return 0 < length <= LONGEST_BODY and len(rest) < FRAME.size + length and not segments.follows(rest)
