"""The tampering campaign: thousands of forged bundles, checkpoints, keys and tables, and hundreds of honest ones.

Every forgery must be caught, every honest bundle must pass. Prints tried, caught and missed for each kind, and the
false alarms. Answers 1 when one forgery was missed or one honest bundle was refused. With ``--both`` the verifier of
the browser judges every bundle too, in Node.js, and must say the same as the one in Python.

    python -m bench.tamper [--bundle-tries 95] [--table-tries 50] [--honest 300] [--seed 7] [--both]
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random

from bench.cast import open_house
from compliance.audit import check, queries, verifier
from core.house import House
from tests.billing.usage import call_forger, proving
from tests.compliance.audit import forger
from tests.compliance.audit import story as stories
from tests.compliance.audit.test_tamper import foreign_bundle
from tests.servers.node import Judge, judging

_ORDERS_PER_CHECKPOINT = 20


class Judges:
    """The verifier in Python, and the one in JavaScript beside it when there is one."""

    def __init__(self, folder: Path, second: Judge | None) -> None:
        self.folder, self.second = folder, second
        self.judged = 0
        self.disagreed: list[str] = []

    def outcome(self, stage: forger.Stage, forged: forger.Forged, kind: str) -> int:
        """The exit code of the one in Python."""
        code = forger.outcome(stage, forged, self.folder)
        if self.second is not None:
            self.judged += 1
            other = self.second(self.folder / "forged.zip", key=stage.key, older=forged.older)
            if other != code:
                self.disagreed.append(f"{kind}: {code} in Python, {other} in JavaScript")
        return code


class Tally:
    """How often each kind was tried and caught."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, int, int]] = []

    def add(self, where: str, kind: str, tried: int, caught: int) -> None:
        self.rows.append((where, kind, tried, caught))
        sys.stdout.write(f"{where:<8} {kind:<42} {tried:>6} {caught:>6} {tried - caught:>6}\n")
        sys.stdout.flush()

    @property
    def missed(self) -> int:
        return sum(tried - caught for _, _, tried, caught in self.rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle-tries", type=int, default=95)
    parser.add_argument("--table-tries", type=int, default=50)
    parser.add_argument("--honest", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--both", action="store_true")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="piaohao-tamper-") as name, _second(Path(name), given.both) as second:
        judges = Judges(Path(name), second)
        tally, alarms = _campaign(Path(name), given, judges)
    tried = sum(row[2] for row in tally.rows)
    sys.stdout.write(
        f"{len(tally.rows)} kinds, {tried} forgeries, {tally.missed} missed; "
        f"{given.honest} honest bundles, {alarms} false alarms; {time.monotonic() - started:.0f} s, seed {given.seed}\n"
    )
    for line in judges.disagreed[:20]:
        sys.stdout.write(f"DISAGREED {line}\n")
    if given.both:
        sys.stdout.write(f"{judges.judged} bundles judged by both verifiers, {len(judges.disagreed)} differently\n")
    return int(tally.missed > 0 or alarms > 0 or bool(judges.disagreed))


def _second(folder: Path, wanted: bool) -> AbstractContextManager[Judge | None]:
    return judging(folder / "node") if wanted else nullcontext()


def _campaign(folder: Path, given: argparse.Namespace, judges: Judges) -> tuple[Tally, int]:
    tally = Tally()
    sys.stdout.write(f"{'where':<8} {'kind':<42} {'tried':>6} {'caught':>6} {'missed':>6}\n")
    house = open_house(folder / "large")
    stage = _staged(house, given.honest)
    alarms = _honest(stage, judges)
    _forge("bundle", forger.BUNDLES, stage, judges, tally, given)
    calls = proving.told(open_house(folder / "calls"), orders=20, sizes=(1, 2, 3, 64, 100, 333), seed=given.seed)
    stage = proving.stage_of(calls)
    alarms += sum(
        judges.outcome(stage, forger.Forged(forger.pack(files)), "honest") != verifier.GOOD for files in stage.bundles
    )
    _forge("calls", call_forger.CALLS, stage, judges, tally, given)
    small = open_house(folder / "small")
    _staged(small, 8, every=3)
    pristine = folder / "pristine"
    forger.copied(small, pristine).db.engine.dispose()
    forger.dropped_triggers(pristine / "exchange.db")
    alarms += len(_faults(small, pristine, folder / "copy"))
    for name, change in forger.TABLES.items():
        chance, caught = Random(f"{given.seed} {name}"), 0
        for _ in range(given.table_tries):
            caught += bool(_faults(small, pristine, folder / "copy", change, chance))
        tally.add("tables", name, given.table_tries, caught)
    for name, forge in forger.SIGNER.items():
        chance, caught = Random(f"{given.seed} {name}"), 0
        for _ in range(given.table_tries):
            caught += bool(_faults(small, pristine, folder / "copy", chance=chance, forge=forge))
        tally.add("signer", name, given.table_tries, caught)
    return tally, alarms


def _forge(
    where: str,
    kinds: Iterable[forger.Kind],
    stage: forger.Stage,
    judges: Judges,
    tally: Tally,
    given: argparse.Namespace,
) -> None:
    for kind in kinds:
        chance = Random(f"{given.seed} {kind.__name__}")
        codes = [judges.outcome(stage, kind(stage, chance), kind.__name__) for _ in range(given.bundle_tries)]
        caught = sum(code in (verifier.TAMPERED, verifier.MALFORMED) for code in codes)
        tally.add(where, kind.__name__.replace("_", " "), len(codes), caught)


def _staged(house: House, orders: int, every: int = _ORDERS_PER_CHECKPOINT) -> forger.Stage:
    """A log of many orders and checkpoints; the auditor kept one from the middle."""
    told, kept = [], ""
    for number in range(1, orders + 1):
        told.append(stories.tell(house))
        if number % every == 0 or number == orders:
            stories.settle(house)
        if not kept and number >= orders // 2:
            stories.settle(house)
            newest = house.db.read(queries.newest_checkpoint)
            kept = newest.note if newest else ""
    bundles = [forger.unpack(stories.bundle_of(house, each)) for each in told]
    return forger.Stage(house, bundles, kept, foreign_bundle(house, "other.example/log"), forger.all_bodies(house))


def _honest(stage: forger.Stage, judges: Judges) -> int:
    """Honest bundles that were refused: without the kept checkpoint, and with it where its proof is enclosed."""
    size = str(verifier.parse_checkpoint(stage.kept).size)
    alarms = 0
    for files in stage.bundles:
        enclosed = f'"{size}"'.encode() in files["consistency.json"]
        for older in [None, stage.kept] if enclosed else [None]:
            alarms += judges.outcome(stage, forger.Forged(forger.pack(files), older), "honest") != verifier.GOOD
    return alarms + len(check.verify_log(stage.house))


def _faults(
    house: House,
    pristine: Path,
    folder: Path,
    change: forger.Change | None = None,
    chance: Random | None = None,
    forge: forger.FileChange | None = None,
) -> list[str]:
    """What the verification of a changed copy finds."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(pristine, folder)
    chance = chance or Random(0)
    if change:
        with sqlite3.connect(folder / "exchange.db") as connection:
            change(connection, chance)
        connection.close()
    if forge:
        forge(folder, chance)
    other = forger.opened(house, folder)
    found = check.verify_log(other)
    other.db.engine.dispose()
    return found


if __name__ == "__main__":
    sys.exit(main())
