"""From a leaked sound to the copy it came from: pieces of it are found in the original, their steps read, each holder
weighed.

What was cut away, in which order the rest stands and what stands between does not matter. The weighing is that of
tables: a ratio of likelihoods whose expected value is 1 for an innocent, for of each sample the step in an innocent's
copy is chance to whoever made the leak.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import ceil, floor, log
from typing import BinaryIO

from exchange.delivery.watermark.evidence import THRESHOLD, log_mean
from exchange.delivery.watermark.sound_marks import BLOCK, REACH, STEPS, carries, places
from exchange.delivery.watermark.sounds import SAMPLE_BYTES, as_numbers, samples_of
from exchange.delivery.watermark.types import Evidence, Trace

PIECE = 512
MOST_SAMPLES = 1 << 20
"""Samples of a leak that are looked at: the first so many, which are more than are needed."""
_MOST_PIECES = 512
_LIKE = 32
_TRIED = range(0, PIECE, PIECE // 4)
"""Where in a piece a few samples are taken that it is looked for by."""
_PROBES = 24
_LEAST_KINDS = 5
_WINDOW = 1 << 22
_ALIKE = 0.6
_SHARES = (1.0, 0.5, 0.33, 0.1, 0.03)
_CHANGED = (0.02, 0.3, 0.65)
_MIXED = (2, 3)
_UNCLEAR = 0.2
_RANGE = range(-REACH, REACH + 1)

_Steps = Counter[tuple[int, int]]
"""How often which step of a copy (first) was found as which (second)."""


@dataclass(frozen=True)
class Piece:
    """Samples of a leak that stand in the original from ``start`` on."""

    start: int
    original: array[int]
    leaked: array[int]


class LeakedSound:
    """The beginning of a leaked sound, in pieces. Raises Unmarkable when it is none of 16 bits."""

    def __init__(self, stream: BinaryIO) -> None:
        where = samples_of(stream)
        stream.seek(where.start)
        self.raw = stream.read(SAMPLE_BYTES * min(where.count, MOST_SAMPLES))
        stream.seek(0)
        self.coarse = coarse(self.raw)
        self.starts = range(0, len(self.coarse) - PIECE + 1, PIECE)
        telling = [place for start in self.starts for place in map(start.__add__, _TRIED) if self.tells(place)]
        self.probes = telling[:: max(1, len(telling) // _PROBES)]

    def like(self, place: int) -> bytes:
        """What is looked for: some samples from there on, without what marks mostly change."""
        return self.coarse[place : place + _LIKE]

    def tells(self, place: int) -> bool:
        """Whether they stand in one place only: in silence they would stand anywhere."""
        return len(set(self.like(place))) >= _LEAST_KINDS


def trace_sound(leak: LeakedSound, original: BinaryIO, holders: Mapping[str, bytes]) -> Trace:
    """Who of the holders (name to key) the leak came from. Raises Unmarkable when the original is no such sound.

    ``rows`` of the outcome are pieces of 512 samples.
    """
    found = _apart(_found(leak, original))
    chosen = found[:: 1 + len(found) // _MOST_PIECES]
    weighed = [weigh(holder, steps(chosen, key)) for holder, key in holders.items()] if chosen else []
    weighed.sort(key=lambda each: -each.score)
    return Trace(len(leak.starts), len(found), tuple(weighed))


def _found(leak: LeakedSound, original: BinaryIO) -> Iterator[Piece]:
    """Pieces of the leak wherever they stand in the original, which is read a part at a time."""
    where = samples_of(original)
    missing = list(leak.starts)
    for begin in range(0, where.count, _WINDOW):
        original.seek(where.start + SAMPLE_BYTES * begin)
        raw = original.read(SAMPLE_BYTES * min(_WINDOW + PIECE, where.count - begin))
        pieces = dict(_in_window(leak, missing, raw))
        for start, place in pieces.items():
            yield Piece(begin + place, _numbers(raw, place), _numbers(leak.raw, start))
        missing = [start for start in missing if start not in pieces]
    original.seek(0)


def _in_window(leak: LeakedSound, missing: Sequence[int], raw: bytes) -> Iterator[tuple[int, int]]:
    """(where in the leak, where in this part of the original) of each piece that is there."""
    original = coarse(raw)
    if all(original.find(leak.like(place)) < 0 for place in leak.probes):
        return
    apart = None
    for start in missing:
        place = -1 if apart is None else start + apart
        if not _fits(leak, start, raw, place):
            place = _place(leak, start, raw, original)
        if place >= 0:
            apart = place - start
            yield start, place


def _place(leak: LeakedSound, start: int, raw: bytes, original: bytes) -> int:
    """Where the piece stands, -1 when nowhere."""
    for shift in _TRIED:
        if leak.tells(start + shift):
            place = original.find(leak.like(start + shift)) - shift
            if _fits(leak, start, raw, place):
                return place
    return -1


def coarse(raw: bytes) -> bytes:
    """Of each sample its bits 4 to 11: a byte, so that stretches are found as texts are."""
    low = int.from_bytes(raw[::SAMPLE_BYTES].translate(_LOW))
    high = int.from_bytes(raw[1::SAMPLE_BYTES].translate(_HIGH))
    return (low | high).to_bytes(len(raw) // SAMPLE_BYTES)


_LOW = bytes(number >> 4 for number in range(256))
_HIGH = bytes((number & 15) << 4 for number in range(256))


def _fits(leak: LeakedSound, start: int, raw: bytes, place: int) -> bool:
    """Whether most samples there are the same but for what a mark changes."""
    if place < 0 or SAMPLE_BYTES * (place + PIECE) > len(raw):
        return False
    pairs = zip(_numbers(leak.raw, start), _numbers(raw, place), strict=True)
    return sum(-REACH <= after - before <= REACH for after, before in pairs) >= _ALIKE * PIECE


def _numbers(raw: bytes, place: int) -> array[int]:
    return as_numbers(raw[SAMPLE_BYTES * place : SAMPLE_BYTES * (place + PIECE)])


def _apart(pieces: Iterator[Piece]) -> list[Piece]:
    """In order, none overlapping another: what stands twice in the leak says nothing more."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: each.start):
        if not kept or piece.start >= kept[-1].start + PIECE:
            kept.append(piece)
    return kept


def steps(pieces: Sequence[Piece], key: bytes) -> _Steps:
    """What was found where the holder's copy has its steps."""
    seen: _Steps = Counter()
    for piece in pieces:
        for block in range(piece.start // BLOCK, (piece.start + PIECE - 1) // BLOCK + 1):
            first = block * BLOCK - piece.start
            for place, step in places(key, block):
                n = first + place
                if 0 <= n < PIECE and carries(piece.original[n]):
                    found = piece.leaked[n] - piece.original[n]
                    if -REACH <= found <= REACH:
                        seen[step, found] += 1
    return seen


def weigh(candidate: str, seen: _Steps) -> Evidence:
    """The evidence against one candidate."""
    scores = [sum(times * way[pair] for pair, times in seen.items()) for way in _ways()]
    agreeing = sum(times for (step, found), times in seen.items() if step == found)
    return Evidence(candidate, log_mean(scores), THRESHOLD, sum(seen.values()), agreeing, 0)


@cache
def _ways() -> tuple[Mapping[tuple[int, int], float], ...]:
    """For each way of leaking the logarithm of a sample's ratio, by step and what was found."""
    likelihoods = [_changed(part) for part in _CHANGED] + [_averaged(copies) for copies in _MIXED]
    return tuple(
        {
            (step, found): log(share * way[step, found] * STEPS / sum(way[each, found] for each in _RANGE) + 1 - share)
            for step, found in product(_RANGE, _RANGE)
        }
        for way, share in product(likelihoods, _SHARES)
    )


def _changed(part: float) -> dict[tuple[int, int], float]:
    """Part of the steps were set to others."""
    return {(s, f): 1 - part if s == f else part / (STEPS - 1) for s, f in product(_RANGE, _RANGE)}


def _averaged(copies: int) -> dict[tuple[int, int], float]:
    """The mean of so many copies, of which mostly one alone has a step at a sample."""
    found: dict[tuple[int, int], float] = {}
    for step, seen in product(_RANGE, _RANGE):
        near = {floor(step / copies), ceil(step / copies)}
        found[step, seen] = _UNCLEAR / STEPS + (1 - _UNCLEAR) * (seen in near) / len(near)
    return found
