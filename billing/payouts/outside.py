"""Transfers, and what was taken back of them, in the processor's own dashboard: booked when a person says so.

A transfer stands as a settlement run of its own, which is over. What it paid is carried on the supplier's account, not
line by line: the next run pays so much less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.ledger.types import Account, AccountKind, credit, debit
from billing.payouts import queries, reversals, service
from billing.payouts.errors import ReversalTooLarge
from billing.payouts.events import PayoutConcluded
from billing.payouts.models import ConnectedAccountRow, PayoutRow, RunRow
from billing.payouts.types import Payout, PayoutState, Reversal, Way
from billing.processor.amounts import from_remote
from billing.processor.client import id_of
from billing.processor.errors import EntryMatched, NothingBehind
from compliance.policy import Decision
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.rows import locked


def transferred(uow: Uow, actor: Actor, remote: Mapping[str, Any], reason: str, decision: Decision) -> Payout:
    """It leaves the supplier's balance, which may become less than nothing. Asks no policy: for services that asked.

    Raises NothingBehind for one to no supplier of ours, EntryMatched for one that was asked for here or is booked.
    """
    to = id_of(remote.get("destination"))
    account = locked(uow, ConnectedAccountRow, ConnectedAccountRow.remote_id == to) if to else None
    if account is None:
        raise NothingBehind("It went to no supplier of ours.")
    _refuse_known(uow, remote, "payout")
    row = _written(uow, actor, account, remote)
    balance = Account(AccountKind.SUPPLIER_AVAILABLE, row.organisation_id, row.currency)
    clearing = Account(AccountKind.PROCESSOR_CLEARING, None, row.currency)
    service.post_step(uow, row, "outside", [debit(balance, row.amount), credit(clearing, row.amount)])
    service.note(uow, actor, "payout:book_outside", row.snapshot(), decision, reason=reason)
    uow.emit(PayoutConcluded(row.id, row.organisation_id, row.state, row.amount, row.currency, row.message))
    return row.snapshot()


def taken_back(uow: Uow, actor: Actor, remote: Mapping[str, Any], reason: str, decision: Decision) -> Reversal:
    """It stands on the supplier's balance again. Asks no policy: for services that asked.

    Raises NothingBehind for one of no payout of ours, EntryMatched, and ReversalTooLarge while something else is being
    taken back of the same transfer.
    """
    transfer = id_of(remote.get("transfer"))
    payout = locked(uow, PayoutRow, PayoutRow.remote_id == transfer) if transfer else None
    if payout is None:
        raise NothingBehind("It is of no transfer of ours.", hint="Book the transfer first.")
    _refuse_known(uow, remote, "reversal")
    amount = from_remote(remote["amount"], payout.currency)
    if amount > payout.snapshot().reversible:
        raise ReversalTooLarge(hint="Something else is being taken back of it: wait until that has ended.")
    row = reversals.begin(uow, actor, payout, amount, reason, remote_id=str(remote["id"]))
    reversals.settle(uow, payout, row)
    reversals.note(uow, actor, "reversal:book_outside", row.snapshot(), decision)
    return row.snapshot()


def _written(uow: Uow, actor: Actor, account: ConnectedAccountRow, remote: Mapping[str, Any]) -> PayoutRow:
    now, who, currency = uow.now(), actor.account_id or "", str(remote["currency"]).upper()
    amount = from_remote(remote["amount"], currency)
    run = RunRow(
        id=new_id("run"), currency=currency, as_of=now, minimum=0, started_by=who, started_at=now, finished_at=now,
        file_made_by="", payer="{}", executed_by="",
    )  # fmt: skip
    uow.session.add(run)
    uow.session.flush()
    row = PayoutRow(
        id=new_id("pyo"), run_id=run.id, organisation_id=account.organisation_id, currency=currency,
        way=str(Way.PROCESSOR), destination=account.remote_id, amount=amount, carried=amount,
        state=str(PayoutState.SETTLED), remote_id=str(remote["id"]), code="", message="", reversed=0, reversing=0,
        in_file=False, made_at=now, ended_at=now,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row


def _refuse_known(uow: Uow, remote: Mapping[str, Any], mark: str) -> None:
    if (remote.get("metadata") or {}).get(mark) or queries.is_known(uow, str(remote["id"])):
        raise EntryMatched("It was asked for here, or is booked already.")
