"""Which records are written together: those of one turn of the loop, and in a crowd those of a millisecond."""

from __future__ import annotations

import asyncio
from binascii import crc32
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from exchange.gateway import segments
from exchange.gateway.meter import Meter
from exchange.gateway.record import FRAME

_BODY = b"\x07 no record of ours, whole by its frame"
_FRAMED = FRAME.pack(len(_BODY), crc32(_BODY)) + _BODY


def _written(folder: Path, act: Callable[[Meter, list[int]], int]) -> list[int]:
    """How large the segment was when each record was said to be written, beyond its header."""

    async def work() -> list[int]:
        meter = Meter(folder, segments.new_epoch(), asyncio.get_running_loop())
        sizes: list[int] = []
        wanted = act(meter, sizes)
        while len(sizes) < wanted:
            await asyncio.sleep(0)
        meter.close()
        return sizes

    return uvloop.run(work())


def _record(meter: Meter, sizes: list[int]) -> None:
    def then(segment: segments.Segment | None) -> None:
        assert segment is not None
        sizes.append((segment.bytes - segments.HEADER_BYTES) // len(_FRAMED))

    meter.record(_FRAMED, then)


def test_records_of_one_turn_are_written_together(tmp_path: Path) -> None:
    def act(meter: Meter, sizes: list[int]) -> int:
        for _ in range(3):
            _record(meter, sizes)
        return 3

    assert _written(tmp_path, act) == [3, 3, 3]


def test_a_few_calls_do_not_wait_for_others(tmp_path: Path) -> None:
    assert _written(tmp_path, lambda meter, sizes: _each_in_a_turn(meter, sizes, first=3)) == [3, 3, 3, 4, 5, 6, 7]


def test_after_a_crowd_calls_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange.gateway.meter._TOGETHER_S", 0.2)  # a busy machine takes longer over a turn
    sizes = _written(tmp_path, lambda meter, sizes: _each_in_a_turn(meter, sizes, first=6))
    assert sizes == [6] * 6 + [10] * 4


def _each_in_a_turn(meter: Meter, sizes: list[int], *, first: int) -> int:
    """So many records at once, then four in a turn of the loop each; answers how many that is."""
    loop = asyncio.get_running_loop()
    for _ in range(first):
        _record(meter, sizes)

    def one(left: int) -> None:
        _record(meter, sizes)
        if left > 1:
            loop.call_soon(lambda: loop.call_soon(one, left - 1))

    loop.call_soon(lambda: loop.call_soon(one, 4))
    return first + 4
