"""One payment to a supplier: reserved, sent, and then arrived, or given back.

The amount leaves the supplier's balance in the unit that writes the payout down, and returns to it when it fails. What
failed is never sent again: another run makes another payout, with another key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, credit, debit
from billing.payouts import accounts
from billing.payouts.events import PayoutConcluded
from billing.payouts.models import PayoutLineRow, PayoutRow
from billing.payouts.types import Destination, Payout, PayoutState, Way
from billing.processor import service as asking
from billing.processor.amounts import to_remote
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.types import Deed
from billing.settlement.types import Payable
from compliance.audit.service import record
from compliance.policy import Decision
from core import rows
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount
from core.rows import insert_missing


def reserve(
    uow: Uow, actor: Actor, run_id: str, account: Account, to: Destination, amount: int, lines: Sequence[Payable]
) -> bool:
    """Take the amount from the supplier's balance and send it on its way; the processor is asked after this unit.

    Answers False, and does nothing, when another payout to the supplier is under way or this run has paid it.
    """
    row = {
        "id": new_id("pyo"), "run_id": run_id, "organisation_id": account.organisation_id,
        "currency": account.currency, "way": str(to.way), "destination": to.account, "amount": amount,
        "carried": amount - sum(line.share for line in lines), "state": str(PayoutState.RESERVED), "remote_id": "",
        "code": "", "message": "", "reversed": 0, "reversing": 0, "in_file": False, "made_at": uow.now(),
    }  # fmt: skip
    if not insert_missing(uow, PayoutRow, [row]):
        return False
    uow.session.add_all([PayoutLineRow(payout_id=row["id"], payable_id=line.id, live=True) for line in lines])
    made = uow.session.get_one(PayoutRow, row["id"])
    uow.session.flush()
    available, in_flight, _ = _accounts(made)
    post_step(uow, made, "reserved", [debit(available, amount), credit(in_flight, amount)])
    if to.way is Way.PROCESSOR:
        _ask(uow, made)
    note(uow, actor, "payout:make", made.snapshot(), None)
    return True


def done(uow: Uow, event: AttemptDone) -> None:
    if event.deed == Deed.TRANSFER:
        row = locked(uow, event.subject_id)
        if row is not None:
            row.remote_id = event.remote_id
            settle(uow, row, SYSTEM)


def refused(uow: Uow, event: AttemptRefused) -> None:
    """Nothing was transferred: the amount is the supplier's again."""
    if event.deed == Deed.TRANSFER:
        row = locked(uow, event.subject_id)
        if row is not None:
            fail(uow, row, SYSTEM, event.code, event.message)
            accounts.look_soon(uow, row.destination)


def settle(uow: Uow, row: PayoutRow, actor: Actor, decision: Decision | None = None) -> None:
    """It arrived. Does nothing for one that has ended."""
    if row.state != PayoutState.RESERVED:
        return
    _, in_flight, outside = _accounts(row)
    post_step(uow, row, "settled", [debit(in_flight, row.amount), credit(outside, row.amount)])
    _conclude(uow, row, actor, PayoutState.SETTLED, "", "", decision)


def fail(
    uow: Uow, row: PayoutRow, actor: Actor, code: str, message: str, decision: Decision | None = None
) -> None:  # fmt: skip
    """Back to the supplier's balance; also a bank transfer that had been executed and was returned by the bank.

    Its lines are free for the next run. Does nothing for one that has failed.
    """
    available, in_flight, outside = _accounts(row)
    came_from = {PayoutState.RESERVED: in_flight, PayoutState.SETTLED: outside}.get(PayoutState(row.state))
    if came_from is None:
        return
    post_step(uow, row, "returned", [debit(came_from, row.amount), credit(available, row.amount)])
    uow.session.execute(
        update(PayoutLineRow)
        .where(PayoutLineRow.payout_id == row.id)
        .values(live=False)
        .execution_options(synchronize_session=False)
    )
    _conclude(uow, row, actor, PayoutState.FAILED, code, message, decision)


def locked(uow: Uow, payout_id: str) -> PayoutRow | None:
    return rows.locked(uow, PayoutRow, PayoutRow.id == payout_id)


def _conclude(
    uow: Uow, row: PayoutRow, actor: Actor, state: PayoutState, code: str, message: str, decision: Decision | None
) -> None:
    row.state, row.code, row.message, row.ended_at = str(state), code[:80], message[:500], uow.now()
    uow.session.flush()
    note(uow, actor, "payout:end", row.snapshot(), decision)
    uow.emit(PayoutConcluded(row.id, row.organisation_id, row.state, row.amount, row.currency, row.message))


def _ask(uow: Uow, row: PayoutRow) -> None:
    params = {
        "amount": to_remote(row.amount, row.currency), "currency": row.currency.lower(),
        "destination": row.destination, "transfer_group": row.id, "metadata": {"payout": row.id},
    }  # fmt: skip
    asking.plan(uow, Deed.TRANSFER, row.id, params)


def _accounts(row: PayoutRow) -> tuple[Account, Account, Account]:
    outside = AccountKind.PROCESSOR_CLEARING if row.way == Way.PROCESSOR else AccountKind.BANK_CLEARING
    return (
        Account(AccountKind.SUPPLIER_AVAILABLE, row.organisation_id, row.currency),
        Account(AccountKind.IN_FLIGHT, None, row.currency),
        Account(outside, None, row.currency),
    )


def post_step(uow: Uow, row: PayoutRow, step: str, entries: list[Entry]) -> None:
    post(uow, [Draft(f"payout:{row.id}:{step}", TransactionKind.PAYOUT, row.id, entries)])


def note(uow: Uow, actor: Actor, action: str, found: Payout, decision: Decision | None, **more: Any) -> None:
    record(
        uow, actor, action=action, object_id=found.id, decision=decision,
        data={
            "run": found.run_id, "supplier": found.organisation_id, "currency": found.currency,
            "amount": format_amount(found.amount, found.currency), "way": str(found.way),
            "destination": found.destination, "state": str(found.state), **more,
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
