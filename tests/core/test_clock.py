"""The shared clock: it moves for every process, forwards only, and never in production."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import Clock


def test_an_advance_is_seen_by_another_process_clock(tmp_path: Path) -> None:
    first, second = (Clock(tmp_path / "offset", movable=True) for _ in range(2))
    before = second.now()
    first.advance(timedelta(days=3))
    first.advance(timedelta(hours=1))
    moved = second.now() - before
    assert timedelta(days=3, hours=1) <= moved < timedelta(days=3, hours=1, minutes=1)


def test_a_clock_does_not_go_back(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "offset", movable=True)
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(timedelta(seconds=-1))
    assert not (tmp_path / "offset").exists()


def test_in_production_the_offset_is_neither_read_nor_written(tmp_path: Path) -> None:
    Clock(tmp_path / "offset", movable=True).advance(timedelta(days=9))
    clock = Clock(tmp_path / "offset", movable=False)
    assert clock.now() < Clock().now() + timedelta(minutes=1)
    with pytest.raises(ValueError, match="cannot be moved"):
        clock.advance(timedelta(days=1))
