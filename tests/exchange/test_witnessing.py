"""The commands around the log: published by its operator, watched by somebody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from compliance.audit import checkpoints, cosignatures, notes, queries
from core.house import House
from exchange.cli import main
from tests.compliance.audit import story as stories


def _run(*words: str, **settings: str) -> tuple[int, str]:
    environment = {f"PIAOHAO_{name.upper()}": value for name, value in settings.items()}
    result = CliRunner().invoke(main, ["--profile", "test", *words], env=environment)
    return result.exit_code, result.output


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A web server of the standard library over the folder ``public``."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    (tmp_path / "public").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "public"))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_log_is_published_and_watched_by_commands(house: House, address: str, tmp_path: Path) -> None:
    data, public = str(house.settings.data), tmp_path / "public"
    own = {"database_url": house.settings.database_url}
    stories.tell(house)
    stories.settle(house)
    code, said = _run("--data", data, "audit", "publish", str(public), **own)
    assert (code, said) == (0, f"{public}: 8 entries, 8 new, 3 files written\n")
    assert "name a place" in _run("--data", data, "audit", "publish", **own)[1]
    assert _run("--data", data, "audit", "stamps", **own) == (0, "")

    folder, key = str(tmp_path / "witness"), checkpoints.public_key(house).text()
    watch = ("witness", "watch", folder, "--log", address, "--key", key, "--once")
    assert "is no witness" in _run(*watch)[1]
    code, said = _run("witness", "init", folder, "--name", "witness.example/w1")
    witness = cosignatures.parse_key(said)
    assert (code, witness.name) == (0, "witness.example/w1")
    code, said = _run(*watch)
    assert (code, said.splitlines()[0]) == (0, "8 entries, 8 new, cosigned")
    newest = house.db.read(queries.newest_checkpoint)
    assert newest is not None
    assert cosignatures.verified(newest.note, said.splitlines()[1], witness) is not None
    assert "NOT taken by the exchange" in _run(*watch, "--submit", address)[1]

    forged = notes.sign(newest.origin, 8, b"\x01" * 32, checkpoints.private_key(house))
    (public / "checkpoint").write_text(forged, encoding="utf-8")
    code, said = _run(*watch)
    assert (code, "both checkpoints are kept" in said) == (1, True)
    assert _run(*watch[:-2], "x", "--once")[0] == 2
