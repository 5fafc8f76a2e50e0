"""The leak campaign at full size: ``python -m bench.leaks [LISTINGS] [ACTORS]`` (2,000 in all by default)."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from exchange.app import create_app_of
from tests.journeys.leaks import campaign
from tests.servers.upstream import answering


def main(listings: int = 1000, actors: int = 1000) -> int:
    """Prints what was compared and every leak; answers 1 when there was one."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, answering() as upstream:
        house = open_house(Path(folder), upstream_allow=upstream.address)
        app = create_app_of(house)
        report = campaign(house, app, listings_count=listings, actors_count=actors, seed=1, upstream=upstream)
    for what, count in sorted(report.checks.items()):
        print(f"{what:<18}{count:>9} comparisons")
    print(f"{len(report.faults)} leaks or omissions, {time.monotonic() - begun:.0f} s")
    print("\n".join(report.faults[:20]))
    return int(bool(report.faults))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
