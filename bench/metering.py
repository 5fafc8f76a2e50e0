"""The metering campaign: every process of calls is killed under load; a client's own journal judges.

A client notes every answer that it got whole. Gateways, sidecar, loader and supervisor are killed (SIGKILL) in turn,
at random moments. Afterwards every answer in the journal must stand in the usage ledger once; what stands there and
did not arrive must be credited and be no more than what was under way at the kills; a second buyer's quota and
balance must not have been exceeded; and segments, leases, ledger and sums must agree.

    python -m bench.metering [--kills 20] [--database sqlite] [--connections 16] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.client import quantile
from bench.metered import Load, Probe, Stage, stage, verdict
from billing.usage.models import UsageRow
from core.db import Uow
from exchange.gateway import segments
from exchange.sidecar.loader import segments_folder
from exchange.sidecar.models import Epoch, Segment, Unresolved
from exchange.sidecar.types import EpochState
from tests import metered
from tests.servers.exchange import Running, eventually

TARGETS = ("gateway", "sidecar", "loader", "supervisor")
QUOTA = 3_000
BALANCE = "106.00"  # 2,500 hits at ¥0.04 and 6 % tax
PAID_HITS = 2_500


@dataclass
class Seen:
    """What the campaign did, and how long each kind of kill was felt."""

    felt: dict[str, list[float]] = field(default_factory=lambda: {target: [] for target in TARGETS})


def kill(running: Running, target: str, probe: Probe) -> float:
    """Kill one process and wait until its successor lives and calls are answered; answers after how long."""
    before = running.children()
    began = time.perf_counter()
    if target == "supervisor":
        running.process.kill()
        running.process.wait()
        running.start()
        eventually(lambda: len(set(running.children().values()) - set(before.values())) >= len(before))
        running.wait()
    else:
        role = random.choice([name for name in before if name.startswith(target)])
        os.kill(before[role], signal.SIGKILL)
        eventually(lambda: running.children()[role] != before[role])
    probe.until_served(running)
    return time.perf_counter() - began


def settled(scene: Stage) -> bool:
    """Whether everything that was recorded is loaded: every byte is read, no call is open, only the living are left."""
    files = list(segments_folder(scene.house).glob("*/*.seg"))
    try:
        sizes = {(path.parent.name, int(path.stem)): path.stat().st_size for path in files}
    except FileNotFoundError:
        return False  # loaded meanwhile

    def work(uow: Uow) -> bool:
        living = uow.session.execute(select(func.count()).where(Epoch.state == EpochState.LIVE)).scalar_one()
        unresolved = uow.session.execute(select(func.count()).select_from(Unresolved)).scalar_one()
        positions = {(row.epoch, row.number): row.position for row in uow.session.execute(select(Segment)).scalars()}
        read = all(max(positions.get(key, 0), segments.HEADER_BYTES) == size for key, size in sizes.items())
        return read and living <= int(str(scene.options["gateway_workers"])) and not unresolved

    return scene.house.db.read(work)


def rows(scene: Stage) -> list[Any]:
    table = UsageRow.__table__
    columns = (table.c.call_id, table.c.entitlement_id, table.c.outcome, table.c.credited, table.c.status)
    return scene.house.db.read(lambda uow: list(uow.session.execute(select(*columns)).all()))


def judge(scene: Stage, main: Load, second: Load, probe: Probe, limited: metered.Trade, kills: int) -> list[str]:
    """Print the figures; answers what is not as promised."""
    recorded = {row.call_id: row for row in rows(scene)}
    delivered = {**main.journal.delivered, **second.journal.delivered, **probe.journal.delivered}
    under_way = (main.connections + second.connections + 2) * kills
    missing = delivered.keys() - recorded.keys()
    extra = [row for call_id, row in recorded.items() if call_id not in delivered]
    unpaid = [row for call_id, row in recorded.items() if call_id in delivered and row.credited]
    billed_for_nothing = [row for row in extra if not row.credited and row.outcome in ("hit", "miss")]
    other = [each for each, status in delivered.items() if each in recorded and recorded[each].status != status]
    print(f"{len(delivered):,} answers arrived, {len(recorded):,} calls are in the ledger, "
          f"{main.journal.broken + second.journal.broken:,} requests broke off")  # fmt: skip
    print(f"delivered and not recorded {len(missing)}, delivered twice {len(main.journal.doubled)}; recorded and not "
          f"delivered {len(extra)}, of them billed {len(billed_for_nothing)}; delivered and credited {len(unpaid)}; "
          f"under way at the kills at most {under_way}")  # fmt: skip
    faults = [f"{len(missing)} answers arrived and are not in the ledger"] if missing else []
    faults += [f"{len(main.journal.doubled)} call ids arrived twice"] if main.journal.doubled else []
    faults += [f"{len(billed_for_nothing)} calls are billed and did not arrive"] if billed_for_nothing else []
    faults += [f"{len(other)} calls are recorded with another status than arrived"] if other else []
    faults += [f"{len(extra)} did not arrive, more than were under way"] if len(extra) > under_way else []
    faults += [f"{len(unpaid)} were given away, more than were under way"] if len(unpaid) > under_way else []
    mine = [row for row in recorded.values() if row.entitlement_id == limited.entitlement_id]
    hits = sum(row.outcome == "hit" and not row.credited for row in mine)
    print(f"the second buyer: {len(mine):,} of {QUOTA:,} calls of the quota, {hits:,} of {PAID_HITS:,} paid hits; "
          f"refused {dict(second.journal.refused)}")  # fmt: skip
    faults += [f"{len(mine)} calls under a quota of {QUOTA}"] if len(mine) > QUOTA else []
    faults += [f"{hits} hits were billed of a balance for {PAID_HITS}"] if hits > PAID_HITS else []
    return faults + _commands(scene)


def _commands(scene: Stage) -> list[str]:
    """What the exchange says of itself."""
    faults = []
    for words in (("usage", "reconcile"), ("audit", "verify")):
        done = scene.running.run("--profile", "test", *words)
        print(f"piaohao {' '.join(words)}: {(done.stdout.strip() or done.stderr).splitlines()[-1]}")
        if done.returncode:
            faults.append(f"{' '.join(words)}: {done.stdout[-1500:]}")
    return faults


def campaign(folder: Path, options: argparse.Namespace) -> list[str]:
    random.seed(options.seed)
    seen = Seen()
    with stage(folder, options.database) as scene:
        trade = metered.trade(scene.house, scene.upstream)
        limited = metered.trade(
            scene.house, scene.upstream, balance=BALANCE, quota=QUOTA, quota_period="month", rate_per_second=300,
            burst=300,
        )  # fmt: skip
        scene.start()
        probe = Probe(trade.key, trade.path("hit-probe"))
        probe.until_served(scene.running)
        port = scene.running.gateway_port
        began = time.monotonic()
        with (
            Load(port, trade.key, trade.path, options.connections, 0.005) as main,
            Load(port, limited.key, limited.path, 4, 0.05, ("hit", "hit", "hit", "hit", "hit", "miss")) as second,
        ):
            for target in random.sample(TARGETS * options.kills, len(TARGETS) * options.kills):
                time.sleep(random.uniform(0.2, 1.2))
                seen.felt[target].append(kill(scene.running, target, probe))
            time.sleep(1.0)
        print(f"{options.database}: {time.monotonic() - began:.0f} s of load")
        for target, felt in seen.felt.items():
            print(f"{target:10} killed {len(felt):3} times; calls answered again after {quantile(felt, 0.5):.2f} s "
                  f"(median), {max(felt):.2f} s (longest)")  # fmt: skip
        began = time.monotonic()
        well = eventually(lambda: settled(scene), 60)
        print(f"everything loaded {time.monotonic() - began:.1f} s after the load")
        faults = [] if well else ["not everything was loaded within a minute"]
        faults += judge(scene, main, second, probe, limited, len(TARGETS) * options.kills)
        if scene.running.stop() != 0:
            faults.append("the exchange did not stop cleanly")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each kind of process")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-metering-") as folder:
        faults = campaign(Path(folder), options)
    verdict(faults, "every answer is in the ledger once, what did not arrive is billed to nobody, nothing was exceeded")


if __name__ == "__main__":
    main()
