"""Every interleaving of paying, messages, refunds, disputes, transfers and deaths of processes, up to a depth.

    python -m bench.interleavings [--depth 6]

Paid twice, paid out twice, lost, out of balance: looked for at the end of every path, each brought to its end in a
world that works again. SQLite, the fake Stripe in this process, Stripe's own package over loopback. Answers 1 when
something was found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from tests.billing.payments.interleavings import assemble, explore, fake_here

_SECRET = "whsec_of_the_bench"


def main(depth: int) -> int:
    began, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, fake_here(_SECRET) as server:
        settings = {"stripe_key": "sk_test_bench", "stripe_webhook_secret": _SECRET, "stripe_url": server.url}
        house = open_house(Path(folder), **settings)
        world = assemble(house, server, Path(house.db.engine.url.database or ""))
        found = explore(world, depth, lambda line: print(line, flush=True))
    for fault in found.faults[:20]:
        print(f"FAULT {fault}")
    print(f"{sum(found.interleavings):,} interleavings of at most {depth} acts, {found.states:,} states")
    print(f"acts: {', '.join(sorted(found.names))}")
    seconds = time.process_time() - cpu
    print(f"{len(found.faults)} faults; {time.monotonic() - began:.0f} s, {seconds:.0f} s of CPU")
    return 1 if found.faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=6)
    sys.exit(main(parser.parse_args().depth))
