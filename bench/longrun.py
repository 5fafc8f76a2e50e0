"""Half load for a long while: memory, file descriptors and segments of every process, at the start and at the end.

python -m bench.longrun [--minutes 20] [--per-second 500] [--connections 8] [--database sqlite]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.metered import Load, Stage, stage, verdict
from tests import metered
from tests.servers.exchange import eventually
from tests.servers.processes import tree

GATEWAYS = 2
MOST_GROWTH_MB = 40
MOST_MORE_FILES = 8
_SETTLE_S = 30


@dataclass(frozen=True)
class Process:
    """One process's memory (proportional share) and open files."""

    role: str
    memory_mb: float
    files: int


def look(on: Stage) -> dict[int, Process]:
    """Every process of the exchange, by its id."""
    found = {}
    for pid in tree(on.running.process.pid):
        place = Path(f"/proc/{pid}")
        shares = [line for line in (place / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
        found[pid] = Process(_role(place), int(shares[0].split()[1]) / 1024, len(list((place / "fd").iterdir())))
    return found


def _role(place: Path) -> str:
    words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
    if "exchange.gateway" in words:
        return "gateway"
    return words[words.index("role") + 1] if "role" in words else "supervisor"


def segments(on: Stage) -> int:
    return len(list((on.house.settings.data / "segments").glob("*/*.seg")))


def campaign(on: Stage, trade: metered.Trade, given: argparse.Namespace) -> list[str]:
    """Prints what was there at the start and at the end; answers what grew too much."""
    on.start()
    pause = given.connections / given.per_second
    kinds = ("hit", "hit", "hit", "miss", "broken")
    with Load(on.running.gateway_port, trade.key, trade.path, given.connections, pause, kinds) as load:
        time.sleep(_SETTLE_S)
        before, files_before, calls_before = look(on), segments(on), len(load.journal.delivered)
        time.sleep(given.minutes * 60)
        after, calls = look(on), len(load.journal.delivered) - calls_before
        load.stop()
    left = eventually(lambda: segments(on) <= GATEWAYS, 60)
    remaining = segments(on)
    stopped = on.running.stop()
    print(f"{calls:,} calls in {given.minutes:g} min ({calls / given.minutes / 60:.0f}/s), "
          f"refused {dict(load.journal.refused)}, broken off {load.journal.broken}")  # fmt: skip
    print(f"{'process':12}{'MB before':>11}{'MB after':>10}{'files before':>14}{'after':>7}")
    for pid, was in before.items():
        now = after.get(pid)
        shown = f"{now.memory_mb:>10.1f}{was.files:>14}{now.files:>7}" if now else f"{'ended':>10}"
        print(f"{was.role:12}{was.memory_mb:>11.1f}{shown}")
    print(f"segments {files_before} under load at the start, {remaining} left after the end")
    faults = [] if left else [f"{remaining} segments are left"]
    if stopped:
        faults.append(f"the exchange ended with {stopped}")
    for pid, was in before.items():
        now = after.get(pid)
        if now is None:
            faults.append(f"{was.role} {pid} ended")
        elif now.memory_mb - was.memory_mb > MOST_GROWTH_MB or now.files - was.files > MOST_MORE_FILES:
            faults.append(f"{was.role} grew")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--per-second", type=int, default=500)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-longrun-") as folder, stage(Path(folder), given.database) as on:
        faults = campaign(on, metered.trade(on.house, on.upstream), given)
    verdict(faults, "nothing grew, nothing was left")


if __name__ == "__main__":
    main()
