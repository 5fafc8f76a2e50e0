"""A tiny run of ``bench.billing``: its figures are compared with peers, and none may be wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bench.billing import __main__ as bench
from tests.servers import postgresql
from tests.servers.missing import not_run


def test_what_is_metered_closed_and_posted_is_what_peers_make_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        server = postgresql.start()
    except postgresql.PostgresqlMissing as missing:
        not_run("PostgreSQL", str(missing))
    try:
        given = argparse.Namespace(calls=150, raw=3_000, rights=7, postings=10, repeats=0.1)
        assert bench.run(server, tmp_path, given) == []
    finally:
        server.stop()
    said = capsys.readouterr().out
    assert {line.split()[0] for line in said.splitlines()} == {"ingest", "months", "rating", "ledger", "billing"}
