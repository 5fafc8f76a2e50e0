"""The mark in a sound: of each eight samples one, which only the key tells, is moved by at most two steps.

Quiet samples stay as they are, so silence stays silent and no sample changes its sign. Pure but for the streams.
"""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Callable, Iterator
from hashlib import blake2b
from math import log
from struct import Struct
from typing import BinaryIO

from exchange.delivery.watermark.sounds import SAMPLE_BYTES, Samples, as_bytes, as_numbers, samples_of
from exchange.delivery.watermark.survey import NEEDED
from exchange.delivery.watermark.types import SoundChanges, Unmarkable

BLOCK = 256
"""Samples that one digest marks."""
REACH = 2
STEPS = 2 * REACH + 1
_SLOT = 8
_SLOTS = BLOCK // _SLOT
_QUIET = 8
_LOUDEST = 32_767 - REACH
_FAIR = 65_536 // (STEPS * _SLOT) * (STEPS * _SLOT)
"""Numbers drawn from here on would make some steps likelier than others; such a slot is left alone."""
_DRAWN = Struct(f">{_SLOTS}H")
_BLOCKS_AT_ONCE = 2_048
_ENOUGH = 0.5


def places(key: bytes, block: int) -> Iterator[tuple[int, int]]:
    """(place in the block, step from -2 to 2) of each sample that a copy may have moved."""
    digest = blake2b(block.to_bytes(8, "big"), key=key, digest_size=2 * _SLOTS).digest()
    for slot, number in enumerate(_DRAWN.unpack(digest)):
        if number < _FAIR:
            yield _SLOT * slot + number // STEPS % _SLOT, number % STEPS - REACH


def carries(sample: int) -> bool:
    """Whether a sample of the original is loud enough to be moved, and not so loud that it cannot be."""
    return _QUIET < sample <= _LOUDEST or -_LOUDEST <= sample < -_QUIET


def write_sound(
    source: BinaryIO, target: BinaryIO, key: bytes, progress: Callable[[int], None] | None = None
) -> SoundChanges:
    """The copy of the holder with that key. Raises Unmarkable, also for what is too short or too quiet to tell copies
    apart (``too_small``); what was written then is of no use.
    """
    where = samples_of(source)
    _copy(source, target, where.start)
    changed, carrying = 0, 0
    for block, numbers in _blocks(source, where):
        for n in range(0, len(numbers) - BLOCK + 1, BLOCK):
            for place, step in places(key, block + n // BLOCK):
                if carries(numbers[n + place]):
                    numbers[n + place] += step
                    carrying += 1
                    changed += step != 0
        target.write(as_bytes(numbers))
        if progress is not None:
            progress(block * BLOCK + len(numbers))
    shutil.copyfileobj(source, target)
    if carrying * log(STEPS) * _ENOUGH < NEEDED:
        raise Unmarkable("too_small")
    return SoundChanges(1, where.count, changed)


def _copy(source: BinaryIO, target: BinaryIO, count: int) -> None:
    target.write(source.read(count))


def _blocks(source: BinaryIO, where: Samples) -> Iterator[tuple[int, array[int]]]:
    """Samples some blocks at a time, with the number of the first block."""
    left, block = where.count, 0
    while left:
        numbers = as_numbers(source.read(SAMPLE_BYTES * min(left, BLOCK * _BLOCKS_AT_ONCE)))
        if not numbers:
            raise Unmarkable("no_sound")
        yield block, numbers
        left -= len(numbers)
        block += _BLOCKS_AT_ONCE
