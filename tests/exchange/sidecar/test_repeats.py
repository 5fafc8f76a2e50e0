"""A record that stands in its segment twice counts once, wherever the stretches that are read of it end."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.gateway import record
from exchange.gateway.record import Address, Kind, Outcome
from exchange.gateway.segments import Writer
from exchange.sidecar import reading
from exchange.sidecar.reading import Open

EPOCH = "0123456789abcdef"


def _twice(folder: Path) -> Path:
    """Written, confirmed, written again with the same bytes, confirmed again."""
    writer = Writer(folder, EPOCH)
    framed = record.usage(
        Kind.CALL, writer.epoch_bytes, 1, 1_700_000_000_000_000, True, Outcome.HIT, 200, 900, 10, 100, 0, 1,
        bytes(32), Address("ent_1").pack(),
    )  # fmt: skip
    for _ in range(2):
        segment = writer.append(framed)
        segment.confirmed.append(1)
        writer.flush()
    writer.close()
    return segment.path


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
def test_it_is_delivered_and_never_given_up(tmp_path: Path, first: int) -> None:
    path, position, open_ones = _twice(tmp_path), 0, dict[int, Open]()
    ends: list[bool] = []
    while (stretch := reading.read(path, position, open_ones, 10 if position else first)).records:
        ends += [each.delivered for each in stretch.ended]
        position = stretch.stop
        open_ones = {seq: found for seq, found in open_ones.items() if seq not in stretch.settled} | stretch.opened
    assert ends
    assert all(ends)
    assert not open_ones
