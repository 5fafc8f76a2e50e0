"""A settlement run: every supplier whose balance is worth it is paid once, and of everybody else it is said why not.

A run is written down first and then carried out supplier by supplier, each in a unit of its own. Killed anywhere, it is
carried on; who was paid or passed over by it already is left alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from billing.ledger import queries as ledger
from billing.ledger.service import available
from billing.ledger.types import Account, AccountKind
from billing.payouts import queries, rules, service
from billing.payouts.errors import RunOpen
from billing.payouts.models import PayoutLineRow, PayoutRow, RunRow, SkipRow
from billing.payouts.types import Destination, PayoutState, Run, Skipped
from billing.processor import queries as processor
from billing.settlement import queries as settlement
from billing.settlement.types import Payable
from compliance.audit.service import record
from compliance.identity.queries import activity
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import exponent
from core.problems import Invalid, Sentence
from core.rows import insert_missing
from core.turns import each_by_itself


def start(uow: Uow, actor: Actor, *, currency: str, as_of: datetime | None = None) -> Run:
    """Begin a run; it is carried out after this unit, by ``proceed`` or by the worker.

    Pays what was released until ``as_of``. Raises PolicyRefused, UnknownCurrency, Invalid for a time to come, and
    RunOpen, which names the run of the same currency that is under way.
    """
    decision = require(actor, "payout:start", Resource("payout", "platform", {"owner": None}))
    return begin(uow, currency=currency, as_of=as_of, actor=actor, decision=decision)


def begin(
    uow: Uow, *, currency: str, as_of: datetime | None = None, actor: Actor = SYSTEM, decision: Decision | None = None
) -> Run:
    """The same for whoever sits at the machine. Asks no policy."""
    exponent(currency)
    moment = as_of or uow.now()
    if moment > uow.now():
        raise Invalid("This time has not come yet.", field="as_of")
    row = {
        "id": new_id("run"), "currency": currency, "as_of": moment, "minimum": uow.house.settings.payout_minimum,
        "started_by": actor.account_id or actor.pseudonym, "started_at": uow.now(), "file_made_by": "",
        "payer": "{}", "executed_by": "",
    }  # fmt: skip
    if not insert_missing(uow, RunRow, [row]):
        there = queries.open_run(uow, currency)
        raise RunOpen(Sentence("It is %(run)s.", run=there.id if there else ""), run=there.id if there else None)
    found = uow.session.get_one(RunRow, row["id"]).snapshot()
    record(
        uow, actor, action="settlement_run:start", object_id=found.id, decision=decision,
        data={"currency": currency, "as_of": moment.isoformat()},
    )  # fmt: skip
    return found


def proceed(house: House, run_id: str) -> None:
    """Carry a run out, or carry it on. Safe to run anywhere, any time, by several at once. Never inside a unit.

    A supplier that cannot be settled stops no other; what went wrong is raised at the end, and the run stays open.
    """
    run = house.db.read(lambda uow: queries.load_run(uow, run_id))
    if run.finished_at is None:
        candidates = house.db.read(lambda uow: _candidates(uow, run.currency))
        each_by_itself(house, candidates, lambda uow, account: _settle(uow, run, account))
        house.db.write(lambda uow: _finish(uow, run))


def look_after(house: House) -> int:
    """Carry out the runs that were begun, or were left off; answers how many."""
    waiting = house.db.read(queries.unfinished)
    for run_id in waiting:
        proceed(house, run_id)
    return len(waiting)


def _candidates(uow: Uow, currency: str) -> list[Account]:
    found = ledger.balances_of_kind(uow, AccountKind.SUPPLIER_AVAILABLE)
    return sorted(account for account in found if account.currency == currency)


def _settle(uow: Uow, run: Run, account: Account) -> bool:
    """Pay one supplier or say why not. Whoever else settles or refunds it waits until this unit ends."""
    balance = available(uow, account)
    supplier = account.organisation_id or ""
    if queries.load_run(uow, run.id).finished_at is not None or _had_its_turn(uow, run.id, supplier):
        return False
    lines, held_back = _lines(uow, run, supplier)
    to = _destination(uow, supplier)
    amount = balance - held_back
    if isinstance(to, Destination):
        amount = rules.payable(amount, run.currency, to.way)
    reason = _reason(uow, run, supplier, balance, amount) or (to if isinstance(to, Skipped) else None)
    if reason is None and isinstance(to, Destination):
        if service.reserve(uow, SYSTEM, run.id, account, to, amount, lines):
            return True
        reason = Skipped.PAYOUT_OPEN
    skip = {"run_id": run.id, "organisation_id": supplier, "reason": str(reason), "balance": balance}
    return bool(balance and insert_missing(uow, SkipRow, [skip]))


def _reason(uow: Uow, run: Run, supplier: str, balance: int, amount: int) -> Skipped | None:
    if balance < 0:
        return Skipped.NEGATIVE
    if not activity(uow, [supplier]).get(supplier):
        return Skipped.ORGANISATION_STOPPED
    if _under_way(uow, supplier, run.currency):
        return Skipped.PAYOUT_OPEN
    if amount < max(run.minimum, 1):
        return Skipped.BELOW_MINIMUM if balance < max(run.minimum, 1) else Skipped.WITHHELD
    return None


def _lines(uow: Uow, run: Run, supplier: str) -> tuple[list[Payable], int]:
    """The lines that are paid, and the sum of those that wait: disputed or frozen, or released after the run's time."""
    paid = select(PayoutLineRow.payable_id).where(PayoutLineRow.live)
    chosen, held_back = list[Payable](), 0
    for line, withheld in settlement.released(uow, supplier, run.currency, beside=paid):
        late = line.settled_at is not None and line.settled_at > run.as_of
        if line.share > 0 and (withheld or late):
            held_back += line.share
        else:
            chosen.append(line)
    return chosen, held_back


def _destination(uow: Uow, supplier: str) -> Destination | Skipped:
    account, bank = queries.account(uow, supplier), queries.bank_account(uow, supplier)
    cooling = bank is not None and bank.usable_from > uow.now()
    return rules.destination(account, bank, cooling=cooling, processor=processor.standing(uow.house).available)


def _had_its_turn(uow: Uow, run_id: str, supplier: str) -> bool:
    paid = select(PayoutRow.id).where(PayoutRow.run_id == run_id, PayoutRow.organisation_id == supplier)
    passed = select(SkipRow.run_id).where(SkipRow.run_id == run_id, SkipRow.organisation_id == supplier)
    return any(uow.session.execute(each.limit(1)).first() is not None for each in (paid, passed))


def _under_way(uow: Uow, supplier: str, currency: str) -> bool:
    mine = PayoutRow.organisation_id == supplier, PayoutRow.currency == currency
    chosen = select(PayoutRow.id).where(*mine, PayoutRow.state == PayoutState.RESERVED)
    return uow.session.execute(chosen.limit(1)).first() is not None


def _finish(uow: Uow, run: Run) -> None:
    finished = uow.session.execute(
        update(RunRow)
        .where(RunRow.id == run.id, RunRow.finished_at.is_(None))
        .values(finished_at=uow.now())
        .returning(RunRow.id)
        .execution_options(synchronize_session=False)
    )
    if finished.first() is not None:
        paid = len(queries.payouts_of_run(uow, run.id))
        passed = len(queries.skips_of_run(uow, run))
        record(
            uow, SYSTEM, action="settlement_run:finish", object_id=run.id,
            data={"payouts": str(paid), "skipped": str(passed)},
        )  # fmt: skip
