"""Metering, billing and posting: how fast, how much CPU for each, and beside peers that do the same work.

    python -m bench.billing [--calls 200000] [--raw 10000000] [--rights 100] [--postings 5000] [--repeats 0.02]

- *ingest*: segments as gateways write them, a part of the records twice, into the usage ledger by our loader; beside
  PostgreSQL's ``COPY`` into a temporary table and ``INSERT … ON CONFLICT DO NOTHING``, alone and with the roll-ups kept
  by the same statement. The peer gets its rows ready in COPY's own format; ours reads and checks the segments, makes
  each record's salted leaf and each batch's root, writes an audit entry, keeps windows and leases and holds the buyer's
  money, and stands on four indexes instead of one. All of that is in our figure and in none of the peer's.
- *billing*: the month's raw records grouped and rated, each once. DuckDB reads its own columns in memory and takes out
  the doubles as it goes; ours reads the roll-ups that loading kept on SQLite (what those cost is in *ingest*), and also
  rounds the lines and hashes the snapshot. Call ids are two integers for DuckDB, which is kinder than our texts.
- *months*: months under seven kinds of plan, closed from roll-ups with invoice, tax, posting and audit entry, and made
  again from the raw bytes of every record; every hash and every line must be the same.
- *rating*: lines a second; beside Python's decimals, which only multiply.
- *ledger*: postings of three entries in units of 1 to 1,000, beside bare SQL in the same units: set-wise statements in
  one round trip, a check against overdrawing, and neither idempotent keys nor running balances nor a proof of balance.

PostgreSQL runs without fsync, for both sides. Speed is by the wall, so run it on a quiet machine; CPU is of all
processes that work for the figure. Answers 1 when a figure is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.billing import ingest, lines, months, postings, raw
from bench.billing.figures import cpu_of, say
from bench.billing.market import open_market
from bench.cast import open_house
from tests.servers import postgresql

_SEED = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200_000, help="that are metered")
    parser.add_argument("--raw", type=int, default=10_000_000, help="of the billing run")
    parser.add_argument("--rights", type=int, default=100)
    parser.add_argument("--postings", type=int, default=5_000, help="in each size of batch")
    parser.add_argument("--repeats", type=float, default=0.02, help="this part of the records comes twice")
    given = parser.parse_args()
    server = postgresql.start()
    try:
        with tempfile.TemporaryDirectory(prefix="piaohao-billing-") as folder:
            faults = run(server, Path(folder), given)
    finally:
        server.stop()
    for fault in faults:
        say(f"FAULT    {fault}")
    say(f"{len(faults)} faults")
    return 1 if faults else 0


def run(server: postgresql.Server, folder: Path, given: argparse.Namespace) -> list[str]:
    """Every chapter on a server that runs; answers what is wrong."""
    cpu = cpu_of(server)
    url = postgresql.create_database(server.url("postgres"), "ours")
    bare = postgresql.create_database(server.url("postgres"), "peer")
    sqlite = open_market(open_house(folder / "sqlite"), given.rights)
    ours = open_market(open_house(folder / "postgresql", url), given.rights)
    faults = lines.rate(given.calls, _SEED)
    faults += ingest.compare(sqlite, ours, bare, given.calls, given.repeats, _SEED, cpu, 50_000)
    faults += months.close("SQLite", sqlite) + months.close("PostgreSQL", ours, cpu)
    faults += postings.compare(sqlite.house, ours.house, bare, given.postings, _SEED, cpu)
    faults += raw.compare(sqlite.house, given.raw, given.rights, given.repeats)
    for house in (sqlite.house, ours.house):
        house.db.engine.dispose()
    return faults


if __name__ == "__main__":
    sys.exit(main())
