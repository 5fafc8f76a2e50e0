"""A transfer is taken back, in full or in part, when its supplier owes: the processor gives it back to the platform,
and it stands on the supplier's balance again.

Nothing is booked before the processor has done it. So it does not matter whether a refund to the buyer comes before or
after, nor whether one of the two fails: what a refund takes from the supplier and what a reversal gives back to its
balance are entries of their own.
"""

from __future__ import annotations

from sqlalchemy import func, select

from billing.ledger.service import available, post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, credit, debit
from billing.payouts import queries, service
from billing.payouts.errors import PayoutEnded, ReversalTooLarge
from billing.payouts.events import TransferReversed
from billing.payouts.models import PayoutRow, ReversalRow
from billing.payouts.types import Reversal, ReversalState
from billing.processor import service as asking
from billing.processor.amounts import to_remote
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.types import Deed
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount, parse_amount
from core.problems import Sentence
from core.rows import locked


def reverse(uow: Uow, actor: Actor, payout_id: str, *, amount: str, reason: str) -> Reversal:
    """Take so much of a transfer back; the processor is asked after this unit.

    No more than is left of the transfer, and no more than the supplier owes and is not being taken back by now. Raises
    PayoutNotFound, PolicyRefused, AmountInvalid, PayoutEnded for one that was not transferred, ReversalTooLarge.
    """
    payout = queries.payout(uow, actor, payout_id)
    decision = require(actor, "payout:reverse", Resource("payout", payout.id, {"owner": payout.organisation_id}))
    given = parse_amount(amount, payout.currency, zero=False)
    to_remote(given, payout.currency)
    row = service.locked(uow, payout_id)
    if row is None or not row.remote_id:
        raise PayoutEnded(Sentence("It is %(state)s: nothing was transferred.", state=payout.state))
    _check(uow, row, given)
    asked = begin(uow, actor, row, given, reason)
    params = {"amount": to_remote(given, row.currency), "metadata": {"reversal": asked.id}}
    asking.plan(uow, Deed.REVERSAL, asked.id, params, target=row.remote_id)
    note(uow, actor, "reversal:ask", asked.snapshot(), decision)
    return asked.snapshot()


def begin(
    uow: Uow, actor: Actor, payout: PayoutRow, amount: int, reason: str, *, remote_id: str = ""
) -> ReversalRow:  # fmt: skip
    """So much of a transfer is being taken back; whoever calls has locked it and knows that so much is left."""
    payout.reversing += amount
    asked = ReversalRow(
        id=new_id("prv"), payout_id=payout.id, organisation_id=payout.organisation_id, amount=amount,
        currency=payout.currency, state=str(ReversalState.ASKED), reason=reason, remote_id=remote_id,
        asked_by=actor.account_id or "", asked_at=uow.now(),
    )  # fmt: skip
    uow.session.add(asked)
    uow.session.flush()
    return asked


def done(uow: Uow, event: AttemptDone) -> None:
    if event.deed == Deed.REVERSAL and (row := _asked(uow, event.subject_id)) is not None:
        payout = service.locked(uow, row.payout_id)
        assert payout is not None
        row.remote_id = event.remote_id
        settle(uow, payout, row)


def settle(uow: Uow, payout: PayoutRow, row: ReversalRow) -> None:
    """The processor gave it back to the platform: it stands on the supplier's balance again."""
    payout.reversing, payout.reversed = payout.reversing - row.amount, payout.reversed + row.amount
    clearing = Account(AccountKind.PROCESSOR_CLEARING, None, row.currency)
    entries = [debit(clearing, row.amount), credit(_balance(row), row.amount)]
    post(uow, [Draft(f"transfer_reversal:{row.id}", TransactionKind.PAYOUT, row.id, entries)])
    _end(uow, row, ReversalState.SETTLED, "")
    uow.emit(TransferReversed(row.id, row.payout_id, row.organisation_id, row.amount, row.currency))


def refused(uow: Uow, event: AttemptRefused) -> None:
    """The processor gave nothing back: the supplier still owes it, and it can be asked for anew."""
    if event.deed == Deed.REVERSAL and (row := _asked(uow, event.subject_id)) is not None:
        payout = service.locked(uow, row.payout_id)
        assert payout is not None
        payout.reversing -= row.amount
        _end(uow, row, ReversalState.FAILED, event.message)


def _check(uow: Uow, payout: PayoutRow, given: int) -> None:
    """Whoever else asks, pays or refunds the same supplier waits at its balance until this unit ends."""
    owed = -available(uow, _balance(payout)) - _being_taken_back(uow, payout)
    most = max(0, min(owed, payout.snapshot().reversible))
    if given > most:
        said = format_amount(most, payout.currency)
        raise ReversalTooLarge(
            Sentence("%(amount)s can be taken back: no more than the supplier owes.", amount=said), field="amount",
            reversible=said,
        )  # fmt: skip


def _being_taken_back(uow: Uow, payout: PayoutRow) -> int:
    mine = ReversalRow.organisation_id == payout.organisation_id, ReversalRow.currency == payout.currency
    chosen = select(func.sum(ReversalRow.amount)).where(*mine, ReversalRow.state == ReversalState.ASKED)
    return int(uow.session.execute(chosen).scalar() or 0)


def _asked(uow: Uow, reversal_id: str) -> ReversalRow | None:
    """The payout is locked after its reversal by everybody who ends one; who asks for one makes a new row."""
    return locked(uow, ReversalRow, ReversalRow.id == reversal_id, ReversalRow.state == ReversalState.ASKED)


def _end(uow: Uow, row: ReversalRow, state: ReversalState, message: str) -> None:
    row.state, row.message, row.ended_at = str(state), message[:500], uow.now()
    uow.session.flush()
    note(uow, SYSTEM, "reversal:end", row.snapshot(), None)


def _balance(row: ReversalRow | PayoutRow) -> Account:
    return Account(AccountKind.SUPPLIER_AVAILABLE, row.organisation_id, row.currency)


def note(uow: Uow, actor: Actor, action: str, found: Reversal, decision: Decision | None) -> None:
    record(
        uow, actor, action=action, object_id=found.payout_id, decision=decision,
        data={
            "reversal": found.id, "amount": format_amount(found.amount, found.currency), "currency": found.currency,
            "state": str(found.state), "reason": found.reason,
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
