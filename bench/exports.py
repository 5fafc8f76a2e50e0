"""Exports at their thresholds: ``python -m bench.exports [SCALE]``; the law's numbers are divided by SCALE (1).

First one order of exactly so many persons at each side of each threshold, its file scanned and counted by the exchange.
Then fifty orders over ten listings of three affiliates, two at once, that would pass the first threshold together.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from tests.compliance.exports.campaign import boundaries, splitting

SEEDS = 3


def main(scale: int = 1) -> int:
    """Prints a line each; answers 1 when anything came out otherwise than by the independent count."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder))
        reports = [boundaries(house, scale), *(splitting(house, scale, seed=seed) for seed in range(SEEDS))]
    faults = [fault for report in reports for fault in report.faults]
    print("\n".join(line for report in reports for line in report.lines))
    print(f"{sum(report.tried for report in reports)} orders, {len(faults)} faults, {time.monotonic() - begun:.0f} s")
    print("\n".join(faults[:20]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
