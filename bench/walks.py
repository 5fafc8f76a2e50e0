"""Random walks over qualification, review, quote, order and dispute, two people acting at the same moment.

Looked for, and to be found nowhere: listings live with an open item, self-approvals, skipped steps, contracts with
different terms at the two ends, books that do not balance, errors that are none of the domain's.

    python -m bench.walks [--walks 10000] [--database sqlite|postgresql] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from billing.ledger import queries as ledger
from core.house import House
from tests.journeys.walked import faults, reached
from tests.journeys.walks import Tally, campaign
from tests.servers import postgresql


def main(walks: int, database: str, seed: int) -> int:
    """Prints what was done, where it led, and every fault; answers 1 when there was one."""
    server = postgresql.start() if database == "postgresql" else None
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = postgresql.create_database(server.url("postgres"), "walks") if server else ""
            house = open_house(Path(folder), url)
            tally = campaign(house, walks, seed=seed, show=lambda line: print(line, flush=True))
            return _report(house, tally, time.monotonic() - begun, database)
    finally:
        if server is not None:
            server.stop()


def _report(house: House, tally: Tally, seconds: float, database: str) -> int:
    found = faults(house)
    uneven = set(house.db.read(ledger.trial_balance).values()) - {0}
    done = sum(count for name, count in tally.answers.items() if name.endswith(" done"))
    print(
        f"{tally.walks} walks on {database}, {sum(tally.answers.values())} acts ({done} carried out), {seconds:.0f} s"
    )
    for name, states in reached(house).items():
        print(f"{name:<14}", ", ".join(f"{state} {count}" for state, count in states.most_common()))
    for name, count in sorted(tally.answers.items()):
        print(f"  {name:<45}{count:>7}")
    for line in [*tally.faults[:20], *(f"{what}: {count}" for what, count in found.items())]:
        print("FAULT", line)
    if uneven:
        print("FAULT the books do not balance", uneven)
    wrong = len(tally.faults) + sum(found.values()) + len(uneven)
    print(f"{wrong} faults")
    return int(bool(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    sys.exit(main(chosen.walks, chosen.database, chosen.seed))
