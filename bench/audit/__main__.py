"""The audit log at scale: nothing lost whoever is killed; how many entries a second; proofs out of a long log.

    python -m bench.audit kills [--writers 8] [--entries 1000] [--kills 100] [--database sqlite|postgresql]
    python -m bench.audit rates [--entries 2000] [--database sqlite|postgresql]
    python -m bench.audit long  [--entries 1000000] [--proofs 2000]

``kills``: processes write entries, each in a unit of its own, while one gives them their place and signs; all of them
are killed (SIGKILL) at random moments and begin again. Afterwards every entry that was acknowledged must stand in the
log exactly once, at places without a gap, and the whole log must verify. ``rates``: entries a second in units of 1,
10, 100 and 1,000, then sequencing and signing. ``long``: proofs out of a log of that size, verifying it in its
database, and verifying its published tiles and entries with no database at all. Each ends with 1 when something does
not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.audit import kills, long, rates
from tests.servers import postgresql

_NAME = "audit_bench"


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    server = postgresql.start()
    try:
        yield postgresql.create_database(server.url("postgres"), _NAME)
    finally:
        server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=("kills", "rates", "long"))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--entries", type=int)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--proofs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="Where the data lies meanwhile.")
    given = parser.parse_args()
    with _database(given.database) as url, tempfile.TemporaryDirectory(dir=given.folder) as folder:
        place = Path(folder) / "data"
        if given.campaign == "kills":
            plan = kills.Plan(given.writers, given.entries or 1000, given.kills, given.seed)
            faults = kills.run(place, url, plan)
        elif given.campaign == "rates":
            faults = rates.run(place, url, given.entries or 2000)
        else:
            faults = long.run(place, url, given.entries or 1_000_000, given.proofs)
    for fault in faults:
        sys.stdout.write(f"FAULT: {fault}\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
