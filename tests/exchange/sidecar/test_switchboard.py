"""The socket's end: whoever is connected is let go, and nothing is complained of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exchange.sidecar import wire
from exchange.sidecar.switchboard import Switchboard


def test_it_ends_quietly_while_a_gateway_is_connected(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        board = Switchboard(tmp_path / "s")
        async with board.open():
            board.apply({})
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(wire.encode({"t": "hello", "epoch": "ab" * 8, "pid": 1}))
            assert await wire.receive(reader) == {"t": "begin"}

    asyncio.run(work())
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
