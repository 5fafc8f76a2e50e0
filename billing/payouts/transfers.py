"""Bank transfers out: one person of finance makes the payment file of a run, another confirms what the bank did.

Money leaves the books only when the second person says so, line by line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import select

from billing.payouts import banks, queries, service
from billing.payouts.errors import FileExecuted, FileNotMade, NoBankPayouts, PayoutEnded, PayoutNotFound
from billing.payouts.files import Line, Payer, credit_transfers, table
from billing.payouts.models import PayoutRow, RunRow
from billing.payouts.types import BankAccount, PaymentFile, Payout, PayoutState, Run, RunReport, Way
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.problems import Sentence

FORMATS = ("csv", "xml")
_RETURNED = "returned"


def make_file(uow: Uow, actor: Actor, run_id: str) -> Run:
    """Fix what the payment file of a run holds: its payouts by bank transfer that are on their way. Idempotent.

    Raises RunNotFound, PolicyRefused, NoBankPayouts.
    """
    queries.run(uow, actor, run_id)
    decision = require(actor, "payout:file", Resource("payout", run_id, {"owner": None}))
    row = _locked(uow, run_id)
    if row.file_made_at is None:
        waiting = _bank_rows(uow, run_id, PayoutState.RESERVED)
        if row.finished_at is None:
            raise NoBankPayouts("The run is still under way.")
        if not waiting:
            raise NoBankPayouts()
        for each in waiting:
            each.in_file = True
        row.file_made_by, row.file_made_at, row.payer = actor.account_id or "", uow.now(), _payer(uow)
        uow.session.flush()
        hashes = {f"{kind}_sha256": _written(uow, row, kind).sha256 for kind in FORMATS}
        _note(uow, actor, "settlement_run:make_file", row.snapshot(), decision, payments=str(len(waiting)), **hashes)
    return row.snapshot()


def file(uow: Uow, actor: Actor, run_id: str, kind: str) -> PaymentFile:
    """The payment file, the same each time; who takes it is written down. Needs a unit that writes.

    Raises RunNotFound, PolicyRefused, FileNotMade.
    """
    found = queries.run(uow, actor, run_id).run
    decision = require(actor, "payout:file", Resource("payout", run_id, {"owner": None}))
    if found.file_made_at is None:
        raise FileNotMade()
    made = _written(uow, uow.session.get_one(RunRow, run_id), kind)
    _note(uow, actor, "settlement_run:take_file", found, decision, sha256=made.sha256)
    return made


def confirm(uow: Uow, actor: Actor, run_id: str, failed: Mapping[str, str]) -> RunReport:
    """The bank carried the file out, but for these payments and why: their suppliers have the amount again.

    Raises RunNotFound, PolicyRefused (also for who made the file), FileNotMade, FileExecuted, and PayoutNotFound for a
    payment that is not in the file.
    """
    found = queries.run(uow, actor, run_id).run
    decision = require(
        actor, "payout:confirm", Resource("payout", run_id, {"owner": None, "made_by": found.file_made_by})
    )
    row = _locked(uow, run_id)
    if row.file_made_at is None:
        raise FileNotMade()
    if row.executed_at is not None:
        raise FileExecuted()
    lines = [each for each in _bank_rows(uow, run_id, PayoutState.RESERVED) if each.in_file]
    if strange := set(failed) - {each.id for each in lines}:
        raise PayoutNotFound(Sentence("%(payout)s is not in this file.", payout=min(strange)), field="failed")
    row.executed_by, row.executed_at = actor.account_id or "", uow.now()
    for each in lines:
        if each.id in failed:
            service.fail(uow, each, actor, _RETURNED, failed[each.id])
        else:
            service.settle(uow, each, actor)
    _note(
        uow, actor, "settlement_run:confirm", row.snapshot(), decision, payments=str(len(lines)),
        failed=str(len(failed)),
    )  # fmt: skip
    return queries.run(uow, actor, run_id)


def give_back(uow: Uow, actor: Actor, payout_id: str, *, reason: str) -> Payout:
    """A bank transfer came back, or is stopped before it is in a file: the amount is the supplier's again.

    Raises PayoutNotFound, PolicyRefused, PayoutEnded for one that failed, is no bank transfer, or stands in a file that
    the bank may be carrying out: that is said when the file is confirmed.
    """
    found = queries.payout(uow, actor, payout_id)
    decision = require(actor, "payout:fail", Resource("payout", payout_id, {"owner": found.organisation_id}))
    row = service.locked(uow, payout_id)
    assert row is not None
    at_the_bank = row.state == PayoutState.RESERVED and row.in_file
    if row.way != Way.BANK or row.state == PayoutState.FAILED or at_the_bank:
        raise PayoutEnded(Sentence("It is %(state)s.", state=row.state), state=row.state)
    service.fail(uow, row, actor, _RETURNED, reason, decision)
    return row.snapshot()


def _written(uow: Uow, run: RunRow, kind: str) -> PaymentFile:
    paid = [each for each in queries.payouts_of_run(uow, run.id) if each.in_file]
    known = queries.bank_accounts(uow, [each.destination for each in paid])
    lines = [_line(uow, each, known[each.destination]) for each in paid]
    if kind == "csv":
        return table(run.snapshot(), lines)
    return credit_transfers(run.snapshot(), Payer(**json.loads(run.payer)), lines)


def _line(uow: Uow, payout: Payout, to: BankAccount) -> Line:
    return Line(payout.id, to.holder, to.bank, to.bank_code, banks.number_of(uow, to.id), payout.amount)


def _payer(uow: Uow) -> str:
    """As the settings are now: the file stays the same when they change."""
    settings = uow.house.settings
    name, number = settings.paying_account_name, settings.paying_account_number
    return json.dumps({"name": name, "number": number, "bank_code": settings.paying_account_bank})


def _bank_rows(uow: Uow, run_id: str, state: PayoutState) -> list[PayoutRow]:
    mine = PayoutRow.run_id == run_id, PayoutRow.way == str(Way.BANK), PayoutRow.state == str(state)
    chosen = select(PayoutRow).where(*mine).order_by(PayoutRow.id).with_for_update()
    return list(uow.session.execute(chosen.execution_options(populate_existing=True)).scalars())


def _locked(uow: Uow, run_id: str) -> RunRow:
    return uow.session.get_one(RunRow, run_id, with_for_update=True, populate_existing=True)


def _note(uow: Uow, actor: Actor, action: str, run: Run, decision: Decision, **more: str) -> None:
    data = {"currency": run.currency, **more}
    record(uow, actor, action=action, object_id=run.id, decision=decision, data=data)
