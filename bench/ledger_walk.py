"""Ledger commands from many processes at once, some killed: nothing overdrawn, posted twice, lost or unbalanced.

    python -m bench.ledger_walk [--commands 100000] [--processes 8] [--kills 40] [--database sqlite|postgresql]

What command number n does follows from n alone: top-up, purchase, refund, release, hold, payout and its return, among a
few organisations, so that they meet. Some numbers are given to two processes. A process writes down what was committed
to it; one that was killed starts again at its last line, and so carries some commands out a second time. Answers 1 when
something is wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from bench.cast import open_house
from billing.ledger import queries
from billing.ledger.errors import BalanceTooLow, NotEnoughHeld
from billing.ledger.models import LedgerBalance, LedgerEntry, LedgerTransaction
from billing.ledger.service import hold_up_to, post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, credit, debit
from core.db import Uow
from core.house import House
from exchange.app import build_house
from tests import build
from tests.servers import postgresql

_SHARED = 0.1
"""This part of the numbers is given to two processes."""


def main(commands: int, processes: int, kills: int, database: str, seed: int) -> int:
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="piaohao-ledger-")))
        url = ""
        if database == "postgresql":
            server = postgresql.start()
            held.callback(server.stop)
            url = postgresql.create_database(server.url("postgres"), "walk")
        house = open_house(folder, url)
        people = [build.organisation(house).organisation_id or "" for _ in range(6)]
        began = time.monotonic()
        done, times = _walked(house, people, commands, processes, kills, seed, folder)
        seconds = time.monotonic() - began
        print(f"{done:,} commands carried out by {processes} processes in {seconds:.0f} s; {times} killed")
        faults = list(_faults(house, folder, commands, people))
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


def _walked(
    house: House, people: list[str], commands: int, processes: int, kills: int, seed: int, folder: Path
) -> tuple[int, int]:
    """Until every process has come to its end; answers what was acknowledged, and how many were killed."""
    chance, killed = Random(seed), 0
    house.db.engine.dispose()
    start = multiprocessing.get_context("spawn").Process
    running = {
        number: start(target=_work, args=(house.settings, people, commands, number, processes, folder))
        for number in range(processes)
    }
    for process in running.values():
        process.start()
    pause = max(0.2, commands / 1500 / max(1, kills))
    while running:
        time.sleep(pause)
        for number, process in list(running.items()):
            if not process.is_alive() and process.exitcode == 0:
                del running[number]
        if running and killed < kills:
            number = chance.choice(sorted(running))
            pid = running[number].pid
            if running[number].is_alive() and pid:
                os.kill(pid, signal.SIGKILL)
                killed += 1
        for number, process in running.items():
            if not process.is_alive() and process.exitcode != 0:
                process.join()
                running[number] = start(
                    target=_work, args=(house.settings, people, commands, number, processes, folder)
                )
                running[number].start()
    return sum(len(_journal(path)) for path in folder.glob("journal-*")), killed


def _work(settings: object, people: list[str], commands: int, number: int, processes: int, folder: Path) -> None:
    house = build_house(settings)  # type: ignore[arg-type]
    path = folder / f"journal-{number}"
    known = _journal(path)
    last = max(known) if known else -1
    with path.open("a") as journal:
        for command in _numbers(commands, number, processes):
            if command > last - 20:  # some of what was done before the end is done again
                journal.write(f"{command} {_carry_out(house, people, command)}\n")
                journal.flush()


def _numbers(commands: int, number: int, processes: int) -> Iterator[int]:
    """The numbers of one process, ascending: its own share, and some of its neighbour's."""
    for command in range(commands):
        shared = Random(command).random() < _SHARED
        if command % processes == number or (shared and (command + 1) % processes == number):
            yield command


def _journal(path: Path) -> dict[int, str]:
    """What a process was told; a line that was cut off counts for nothing."""
    if not path.exists():
        return {}
    lines = [line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return {int(line[0]): line[1] for line in lines if len(line) == 2}


def _carry_out(house: House, people: list[str], command: int) -> str:
    """``posted`` or ``refused``: a balance that is too low refuses, and nothing is written."""
    try:
        house.db.write(lambda uow: _post(uow, people, command))
    except (BalanceTooLow, NotEnoughHeld):
        return "refused"
    return "posted"


def _post(uow: Uow, people: list[str], command: int) -> None:
    if command % 11 == 0:
        prepaid = Account(AccountKind.BUYER_PREPAID, people[command % len(people)], "CNY")
        hold_up_to(uow, prepaid, -hold_up_to(uow, prepaid, 50))
    post(uow, [_draft(people, command)])


def _draft(people: list[str], command: int) -> Draft:
    chance = Random(command * 7919 + 13)
    buyer, supplier = chance.sample(people, 2)
    amount = chance.randint(1, 5000)
    kind, entries = chance.choices(_KINDS, _WEIGHTS)[0], _accounts(buyer, supplier)
    return Draft(f"walk:{command}", kind, f"walk:{command}", _entries(kind, entries, amount))


_KINDS = [
    TransactionKind.TOP_UP, TransactionKind.INVOICE, TransactionKind.REFUND, TransactionKind.RELEASE,
    TransactionKind.PAYOUT, TransactionKind.CARD_REFUND,
]  # fmt: skip
_WEIGHTS = [4, 4, 1, 3, 2, 1]


def _accounts(buyer: str, supplier: str) -> dict[str, Account]:
    return {
        "prepaid": Account(AccountKind.BUYER_PREPAID, buyer, "CNY"),
        "on_hold": Account(AccountKind.SUPPLIER_ON_HOLD, supplier, "CNY"),
        "available": Account(AccountKind.SUPPLIER_AVAILABLE, supplier, "CNY"),
        **{
            name: Account(kind, None, "CNY")
            for name, kind in (
                ("bank", AccountKind.BANK_CLEARING), ("tax", AccountKind.TAX_PAYABLE),
                ("revenue", AccountKind.PLATFORM_REVENUE), ("in_flight", AccountKind.IN_FLIGHT),
            )
        },
    }  # fmt: skip


def _entries(kind: TransactionKind, of: dict[str, Account], amount: int) -> list[Entry]:
    tax, commission = amount * 6 // 106, amount // 10
    moves = {
        TransactionKind.TOP_UP: [debit(of["bank"], amount), credit(of["prepaid"], amount)],
        TransactionKind.INVOICE: [
            debit(of["prepaid"], amount), credit(of["on_hold"], amount - tax), credit(of["tax"], tax)
        ],
        TransactionKind.REFUND: [debit(of["on_hold"], amount), credit(of["prepaid"], amount)],
        TransactionKind.RELEASE: [
            debit(of["on_hold"], amount), credit(of["available"], amount - commission),
            credit(of["revenue"], commission),
        ],
        TransactionKind.PAYOUT: [debit(of["available"], amount), credit(of["in_flight"], amount)],
        TransactionKind.CARD_REFUND: [debit(of["prepaid"], amount), credit(of["in_flight"], amount)],
    }  # fmt: skip
    return [entry for entry in moves[kind] if entry.amount]


def _faults(house: House, folder: Path, commands: int, people: list[str]) -> Iterator[str]:
    told = [_journal(path) for path in folder.glob("journal-*")]
    yield from (f"{fault.where}: {fault.what}" for fault in house.db.read(queries.check))
    for currency, total in house.db.read(queries.trial_balance).items():
        if total:
            yield f"the ledger sums to {total} {currency}"
    posted = house.db.read(_posted)
    for journal in told:
        for command, kind in journal.items():
            if kind == "posted" and f"walk:{command}" not in posted:
                yield f"command {command} was acknowledged and is lost"
    if missing := set(range(commands)) - {command for journal in told for command in journal}:
        yield f"{len(missing)} commands were never carried out"
    yield from house.db.read(_overdrawn)
    right = sum(len(_draft(people, int(key.removeprefix("walk:"))).entries) for key in posted)
    written = house.db.read(lambda uow: uow.session.execute(select(func.count()).select_from(LedgerEntry)).scalar_one())
    if right != written:
        yield f"{written} entries, expected {right}"


def _posted(uow: Uow) -> set[str]:
    return set(uow.session.execute(select(LedgerTransaction.key)).scalars())


def _overdrawn(uow: Uow) -> list[str]:
    below = LedgerBalance.balance < LedgerBalance.held, ~LedgerBalance.may_overdraw
    return [
        f"{account} is overdrawn"
        for account in uow.session.execute(select(LedgerBalance.account).where(*below)).scalars()
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.commands, given.processes, given.kills, given.database, given.seed))
