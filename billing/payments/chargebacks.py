"""A payer's bank takes a payment back: what is there of it waits for the outcome, the exchange answers with evidence,
and what is lost is the payer's to make good.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update

from billing.ledger.service import available, post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, credit, debit
from billing.payments import queries
from billing.payments.errors import ChargebackDecided
from billing.payments.events import ChargebackChanged
from billing.payments.models import ChargebackRow, PaymentRow
from billing.payments.types import Chargeback, ChargebackState
from billing.processor import service as asking
from billing.processor.amounts import from_remote
from billing.processor.client import id_of
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.types import Deed
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount
from core.problems import Sentence
from core.rows import locked

_ANSWERED = ("under_review", "warning_under_review")
_WON = ("won", "warning_closed", "prevented")
_ENDED = (ChargebackState.WON, ChargebackState.LOST)


def answer(uow: Uow, actor: Actor, chargeback_id: str, *, evidence: str) -> Chargeback:
    """Finance of the platform answers with evidence, once; the processor is told after this unit.

    Raises ChargebackNotFound, PolicyRefused, ChargebackDecided.
    """
    found = queries.chargeback(uow, actor, chargeback_id)
    decision = require(
        actor, "payment:contest", Resource("payment", found.payment_id, {"owner": found.organisation_id})
    )
    row = locked(uow, ChargebackRow, ChargebackRow.id == chargeback_id)
    if row is None or row.state != ChargebackState.OPEN or row.evidence:
        raise ChargebackDecided(Sentence("It is %(state)s.", state=found.state), state=found.state)
    row.evidence = evidence
    params = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    asking.plan(uow, Deed.EVIDENCE, row.id, params, target=row.remote_id)
    _note(uow, actor, "chargeback:answer", row.snapshot(), decision)
    return row.snapshot()


def done(uow: Uow, event: AttemptDone) -> None:
    if event.deed == Deed.EVIDENCE:
        told(uow, event.remote)


def refused(uow: Uow, event: AttemptRefused) -> None:
    """The evidence was not taken: it can be given anew."""
    if event.deed == Deed.EVIDENCE:
        row = locked(uow, ChargebackRow, ChargebackRow.id == event.subject_id)
        if row is not None:
            row.evidence = ""


def told(uow: Uow, remote: Mapping[str, Any]) -> None:
    """A contested payment as it stands with the processor; one that is not ours shows among what is not reconciled."""
    row = locked(uow, ChargebackRow, ChargebackRow.remote_id == remote["id"]) or _open(uow, remote)
    if row is None or row.state in _ENDED:
        return
    if remote.get("balance_transactions") and not row.withdrawn:
        _withdraw(uow, row)
    status = remote["status"]
    if status in _WON:
        _win(uow, row)
    elif status == "lost":
        _lose(uow, row)
    elif status in _ANSWERED and row.state == ChargebackState.OPEN:
        _tell(uow, row, ChargebackState.ANSWERED)


def recover(uow: Uow, organisation_id: str, currency: str) -> int:
    """Take what was lost to a payer's bank from the balance, as far as it reaches; answers how much."""
    mine = ChargebackRow.organisation_id == organisation_id, ChargebackRow.currency == currency
    chosen = select(ChargebackRow).where(*mine, ChargebackRow.owed > 0).order_by(ChargebackRow.id).with_for_update()
    return sum(_recover(uow, row) for row in uow.session.execute(chosen).scalars().all())


def _open(uow: Uow, remote: Mapping[str, Any]) -> ChargebackRow | None:
    intent = id_of(remote.get("payment_intent"))
    payment = locked(uow, PaymentRow, PaymentRow.intent_id == intent) if intent else None
    if payment is None:
        return None
    currency = str(remote["currency"]).upper()
    due = (remote.get("evidence_details") or {}).get("due_by")
    row = ChargebackRow(
        id=new_id("chb"), payment_id=payment.id, organisation_id=payment.organisation_id, remote_id=remote["id"],
        amount=from_remote(remote["amount"], currency), currency=currency, reason=str(remote.get("reason", ""))[:60],
        state=str(ChargebackState.OPEN), withdrawn=False, held=0, owed=0, contested=0, recoveries=0, evidence="",
        answer_by=datetime.fromtimestamp(due, UTC) if due else None, opened_at=uow.now(),
    )  # fmt: skip
    row.contested = min(row.amount, payment.received - payment.refunded - payment.refunding)
    payment.contested += row.contested
    uow.session.add(row)
    uow.session.flush()
    _tell(uow, row, ChargebackState.OPEN)
    return row


def _withdraw(uow: Uow, row: ChargebackRow) -> None:
    """The processor took it; as much as the balance has is put aside for the outcome."""
    prepaid, in_flight, clearing, chargebacks = _accounts(row)
    _post(uow, row, "withdrawn", [debit(chargebacks, row.amount), credit(clearing, row.amount)])
    row.withdrawn, row.held = True, max(0, min(row.amount, available(uow, prepaid)))
    if row.held:
        _post(uow, row, "held", [debit(prepaid, row.held), credit(in_flight, row.held)])
    uow.session.flush()


def _win(uow: Uow, row: ChargebackRow) -> None:
    prepaid, in_flight, clearing, chargebacks = _accounts(row)
    if row.withdrawn:
        _post(uow, row, "won", [debit(clearing, row.amount), credit(chargebacks, row.amount)])
    if row.held:
        _post(uow, row, "let_go", [debit(in_flight, row.held), credit(prepaid, row.held)])
    uow.session.execute(
        update(PaymentRow)
        .where(PaymentRow.id == row.payment_id)
        .values(contested=PaymentRow.contested - row.contested)
        .execution_options(synchronize_session=False)
    )
    row.held = 0
    _tell(uow, row, ChargebackState.WON)


def _lose(uow: Uow, row: ChargebackRow) -> None:
    """What was put aside makes good what was taken; the rest is owed, and taken from what comes next."""
    if not row.withdrawn:
        _withdraw(uow, row)
    _, in_flight, _, chargebacks = _accounts(row)
    if row.held:
        _post(uow, row, "lost", [debit(in_flight, row.held), credit(chargebacks, row.held)])
    row.owed, row.held = row.amount - row.held, 0
    _tell(uow, row, ChargebackState.LOST)
    recover(uow, row.organisation_id, row.currency)


def _recover(uow: Uow, row: ChargebackRow) -> int:
    prepaid, _, _, chargebacks = _accounts(row)
    amount = min(row.owed, available(uow, prepaid))
    if amount <= 0:
        return 0
    row.owed, row.recoveries = row.owed - amount, row.recoveries + 1
    _post(uow, row, f"recovered:{row.recoveries}", [debit(prepaid, amount), credit(chargebacks, amount)])
    uow.session.flush()
    return amount


def _tell(uow: Uow, row: ChargebackRow, state: ChargebackState) -> None:
    row.state = str(state)
    if state in _ENDED:
        row.ended_at = uow.now()
    uow.session.flush()
    _note(uow, SYSTEM, "chargeback:change", row.snapshot(), None)
    uow.emit(ChargebackChanged(row.id, row.payment_id, row.organisation_id, row.state, row.amount, row.currency))


def _accounts(row: ChargebackRow) -> tuple[Account, Account, Account, Account]:
    return (
        Account(AccountKind.BUYER_PREPAID, row.organisation_id, row.currency),
        Account(AccountKind.IN_FLIGHT, None, row.currency),
        Account(AccountKind.PROCESSOR_CLEARING, None, row.currency),
        Account(AccountKind.CHARGEBACKS, None, row.currency),
    )


def _post(uow: Uow, row: ChargebackRow, step: str, entries: list[Entry]) -> None:
    post(uow, [Draft(f"chargeback:{row.id}:{step}", TransactionKind.CHARGEBACK, row.id, entries)])


def _note(uow: Uow, actor: Actor, action: str, found: Chargeback, decision: Decision | None) -> None:
    record(
        uow, actor, action=action, object_id=found.payment_id, decision=decision,
        data={
            "chargeback": found.id, "amount": format_amount(found.amount, found.currency), "currency": found.currency,
            "state": str(found.state),
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
