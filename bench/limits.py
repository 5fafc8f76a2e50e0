"""Rate, quota and balance under twenty times what is allowed, on two gateway processes of which one is killed midway.

Admitted are the calls that the client got an answer of the upstream for; allowed is what the licence says: the burst
and the rate for so long (of a plan that costs nothing), the quota, the hits that the balance pays for. Each share must
lie between 0.995 and 1. An answer that left in the last moment of the killed process, before it could say so, is given
away: nobody pays for it, so the balance pays for another one. The burst is two seconds of the rate. When the machine
leaves the client without any answer for longer, nothing is offered meanwhile: that is printed as silence and is not
expected to be used.

    python -m bench.limits [--database sqlite] [--calls 2000] [--rate 50] [--connections 24]
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.metered import Load, Probe, Stage, stage, verdict
from billing.usage.models import UsageRow
from core.db import Uow
from tests import metered
from tests.servers.exchange import eventually

OVERLOAD = 20
BURST_S = 2
FREE = {"version": 1, "kind": "free"}
LEAST = 0.995
PRICE_WITH_TAX = 0.0424


@dataclass(frozen=True)
class Outcome:
    """What one overload came to."""

    name: str
    rate: float
    allowed: float
    admitted: int
    offered: int
    refused: dict[str, int]
    billed: int
    given_away: int
    silent_s: float

    @property
    def paid(self) -> int:
        """Of the balance only what is billed counts."""
        return self.admitted - (self.given_away if self.name == "balance" else 0)

    @property
    def share(self) -> float:
        """Of what was allowed while calls were offered: of a silence only the burst is made up for afterwards."""
        return self.paid / (self.allowed - self.silent_s * self.rate)

    def print(self) -> None:
        print(f"{self.name:8} allowed {self.allowed:8.1f}  admitted {self.admitted:6}  given away {self.given_away:3}  "
              f"share {self.share:.4f}  offered {self.offered / self.allowed:5.1f}×  billed {self.billed:6}  "
              f"silent {self.silent_s:.1f} s  {self.refused}")  # fmt: skip


def overload(
    scene: Stage, name: str, trade: metered.Trade, allowed: Callable[[float], float], options: argparse.Namespace
) -> Outcome:
    """Call as fast as the connections can, kill a gateway when half is used, go on until twenty times was offered."""
    probe = Probe(trade.key, trade.path("hit-probe"))
    probe.until_served(scene.running)
    with Load(scene.running.gateway_port, trade.key, trade.path, options.connections, kinds=("hit",)) as load:
        journal = load.journal

        def admitted() -> int:
            return len(journal.delivered) + len(probe.journal.delivered)

        def offered() -> int:
            return admitted() + sum(journal.refused.values()) + journal.broken

        eventually(lambda: admitted() >= allowed(options.seconds) / 2, options.seconds)
        children = scene.running.children()
        os.kill(children["gateway 1"], signal.SIGKILL)
        killed_at = time.monotonic()
        eventually(
            lambda: (
                offered() >= OVERLOAD * allowed(time.monotonic() - load.began)
                and time.monotonic() - killed_at > options.after
                and time.monotonic() - load.began > options.seconds
            ),
            120,
        )
        took = time.monotonic() - load.began
    eventually(lambda: _recorded(scene, trade) >= admitted(), 30)
    arrived = journal.delivered.keys() | probe.journal.delivered.keys()
    given_away = len(arrived & _credited(scene, trade))
    silent_s = sum(max(0.0, silence - BURST_S) for silence in journal.silences)
    return Outcome(
        name, allowed(took + 1) - allowed(took), allowed(took), admitted(), offered(), dict(journal.refused),
        _billed(scene, trade), given_away, silent_s,
    )  # fmt: skip


def _credited(scene: Stage, trade: metered.Trade) -> set[str]:
    chosen = select(UsageRow.call_id).where(UsageRow.entitlement_id == trade.entitlement_id, UsageRow.credited)
    return scene.house.db.read(lambda uow: set(uow.session.execute(chosen).scalars()))


def _recorded(scene: Stage, trade: metered.Trade) -> int:
    return _count(scene, UsageRow.entitlement_id == trade.entitlement_id)


def _billed(scene: Stage, trade: metered.Trade) -> int:
    return _count(scene, UsageRow.entitlement_id == trade.entitlement_id, UsageRow.outcome == "hit", ~UsageRow.credited)


def _count(scene: Stage, *where: Any) -> int:
    def work(uow: Uow) -> int:
        return uow.session.execute(select(func.count()).select_from(UsageRow).where(*where)).scalar_one()

    return scene.house.db.read(work)


def campaign(folder: Path, options: argparse.Namespace) -> list[Outcome]:
    calls, rate = options.calls, options.rate
    with stage(folder, options.database) as scene:
        by_rate = metered.trade(scene.house, scene.upstream, plan=FREE, rate_per_second=rate, burst=BURST_S * rate)
        by_quota = metered.trade(scene.house, scene.upstream, quota=calls, quota_period="month")
        by_balance = metered.trade(scene.house, scene.upstream, balance=f"{calls * PRICE_WITH_TAX:.2f}")
        scene.start()
        found = []
        for name, trade, allowed in (
            ("rate", by_rate, lambda seconds: rate * (BURST_S + seconds)),
            ("quota", by_quota, lambda _seconds: float(calls)),
            ("balance", by_balance, lambda _seconds: float(calls)),
        ):
            found.append(overload(scene, name, trade, allowed, options))
            found[-1].print()
        done = scene.running.run("--profile", "test", "usage", "reconcile")
        print(f"piaohao usage reconcile: {(done.stdout.strip() or done.stderr).splitlines()[-1]}")
        assert scene.running.stop() == 0
    return found


def judge(outcomes: list[Outcome], connections: int) -> list[str]:
    """What is not as promised. The clocks of client and gateway differ by less than a call in the rate's share."""
    faults = []
    for each in outcomes:
        most = each.allowed + (1 if each.name == "rate" else 0)
        if each.paid > most:
            faults.append(f"{each.name}: {each.paid} calls were admitted of {each.allowed:.1f}")
        if each.given_away > connections:
            faults.append(f"{each.name}: {each.given_away} calls were given away, more than were under way")
        if each.share < LEAST:
            faults.append(f"{each.name}: only {each.share:.4f} of what is allowed was admitted")
        if each.billed > each.allowed:
            faults.append(f"{each.name}: {each.billed} calls were billed of {each.allowed:.1f}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--calls", type=int, default=2_000, help="quota, and hits that the balance pays for")
    parser.add_argument("--rate", type=int, default=50, help="calls a second")
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=15.0, help="the least time of each overload")
    parser.add_argument("--after", type=float, default=6.0, help="the least time after the kill")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-limits-") as folder:
        outcomes = campaign(Path(folder), options)
    verdict(judge(outcomes, options.connections), "every limit was kept, and used, with a gateway killed midway")


if __name__ == "__main__":
    main()
