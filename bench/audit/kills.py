"""Writers, the sequencer and the signer, killed at random moments: what was acknowledged is in the log, once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from sqlalchemy import select

from bench.cast import open_house
from compliance.audit import check, checkpoints, queries, sequencer
from compliance.audit.models import AuditLeaf, AuditPending
from compliance.audit.service import record
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from exchange.app import build_house

_FORK = multiprocessing.get_context("fork")
_SEQUENCER = "sequencer"
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Plan:
    writers: int
    entries: int
    kills: int
    seed: int


@dataclass
class _Cast:
    """The processes of a run by name, each begun again after it died."""

    house: House
    plan: Plan
    folder: Path
    running: dict[str, BaseProcess]

    def begin(self, name: str) -> None:
        act: Callable[..., None] = _sequence if name == _SEQUENCER else _write
        process = _FORK.Process(target=act, args=(self.house, self.plan, self.folder, name), daemon=True)
        process.start()
        self.running[name] = process

    def kill(self, name: str) -> bool:
        """Whether it lived, and so died by us."""
        process = self.running[name]
        if process.pid is None or not process.is_alive():
            return False
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        return True


def run(data: Path, url: str, plan: Plan) -> list[str]:
    """Every fault in words; prints what was done."""
    house = open_house(data, url)
    house.db.engine.dispose()  # no connection crosses a fork
    acknowledged = data / "acknowledged"
    acknowledged.mkdir()
    cast = _Cast(house, plan, acknowledged, {})
    names = [f"writer-{number}" for number in range(plan.writers)]
    began = time.monotonic()
    for name in (*names, _SEQUENCER):
        cast.begin(name)
    killed = _disturb(cast, names)
    for name in names:
        _ended(cast, name)
    cast.kill(_SEQUENCER)
    seconds = time.monotonic() - began
    own = build_house(house.settings)
    while sequencer.run(own):
        pass
    checkpoints.sign(own)
    faults, count = _faults(own, plan, acknowledged)
    sys.stdout.write(
        f"{plan.writers} writers x {plan.entries} entries, killed: {dict(killed)}; {count} entries in the log, "
        f"{len(faults)} faults; {seconds:.1f} s\n"
    )
    own.db.engine.dispose()
    return faults


def _disturb(cast: _Cast, names: list[str]) -> Counter[str]:
    """Kill somebody every moment, a third of the time who sequences and signs, until it was done often enough."""
    chance, killed = Random(cast.plan.seed), Counter[str]()
    while killed.total() < cast.plan.kills:
        time.sleep(chance.uniform(0.005, 0.12))
        busy = [name for name in names if _count(cast.folder, name) < cast.plan.entries]
        if not busy:
            break
        name = _SEQUENCER if chance.random() < 0.34 else chance.choice(busy)
        killed[name.partition("-")[0]] += cast.kill(name)
        for each in (name, _SEQUENCER):
            if not cast.running[each].is_alive():
                cast.begin(each)
    return killed


def _ended(cast: _Cast, name: str) -> None:
    while _count(cast.folder, name) < cast.plan.entries:
        if not cast.running[name].is_alive():
            cast.begin(name)
        cast.running[name].join(0.05)
    cast.running[name].join(_PATIENCE_S)


def _lines(folder: Path, name: str) -> list[str]:
    path = folder / name
    return path.read_text("ascii").splitlines() if path.exists() else []


def _count(folder: Path, name: str) -> int:
    return len(_lines(folder, name))


def _write(house: House, plan: Plan, folder: Path, name: str) -> None:
    """Write what is still missing; an entry's id is acknowledged after its unit is over."""
    own, chance = build_house(house.settings), Random(os.getpid())
    with (folder / name).open("ab", buffering=0) as file:
        for _ in range(plan.entries - _count(folder, name)):
            thing = f"{name}-{chance.randrange(5)}"
            entry = own.db.write(
                lambda uow, about=thing: record(uow, SYSTEM, action="bench:write", object_id=about)  # type: ignore[misc]
            )
            file.write(f"{entry}\n".encode("ascii"))


def _sequence(house: House, _plan: Plan, _folder: Path, _name: str) -> None:
    own = build_house(house.settings)
    while True:
        if not sequencer.run(own):
            time.sleep(0.002)
        checkpoints.sign(own)


def _faults(house: House, plan: Plan, folder: Path) -> tuple[list[str], int]:
    acknowledged = [line for n in range(plan.writers) for line in _lines(folder, f"writer-{n}")]
    places = house.db.read(_places)
    ids = Counter(entry_id for _, entry_id in places)
    found = [f"{entry} was acknowledged and is lost" for entry in acknowledged if not ids[entry]]
    found += [f"{entry} stands {times} times in the log" for entry, times in ids.items() if times > 1]
    if [number for number, _ in places] != list(range(len(places))):
        found.append("the log has gaps")
    if len(set(acknowledged)) != plan.writers * plan.entries:
        found.append(f"{len(set(acknowledged))} entries were acknowledged")
    if house.db.read(lambda uow: uow.session.execute(select(AuditPending.number).limit(1)).first()):
        found.append("an entry still waits for its place")
    newest = house.db.read(queries.newest_checkpoint)
    if newest is None or newest.size != len(places):
        found.append("the newest checkpoint does not cover the log")
    return [*found, *check.verify_log(house)], len(places)


def _places(uow: Uow) -> list[tuple[int, str]]:
    rows = uow.session.execute(select(AuditLeaf.number, AuditLeaf.entry_id).order_by(AuditLeaf.number))
    return [(row.number, row.entry_id) for row in rows]
