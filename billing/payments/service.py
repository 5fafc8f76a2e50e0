"""Bank transfers become prepaid balance: one person records what the bank shows, another confirms it."""

from __future__ import annotations

from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, credit, debit
from billing.payments import queries
from billing.payments.errors import BankReferenceUsed, TopUpDecided
from billing.payments.events import TopUpRecorded, TopUpSettled
from billing.payments.following import spend
from billing.payments.models import TopUpRow
from billing.payments.rules import normal_reference
from billing.payments.types import TRANSITIONS, TopUp, TopUpState
from compliance.audit.service import record
from compliance.identity.queries import organisation
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.money import exponent, format_amount, parse_amount
from core.problems import Sentence
from core.rows import insert_missing


def record_topup(
    uow: Uow, actor: Actor, *, organisation_id: str, amount: str, currency: str, bank_reference: str
) -> TopUp:
    """Record a transfer that arrived at the bank; no money moves yet.

    Raises PolicyRefused, OrganisationNotFound, AmountInvalid, UnknownCurrency, and BankReferenceUsed
    when the reference belongs to a top-up that is recorded or confirmed.
    """
    decision = require(actor, "topup:record", Resource("topup", organisation_id, {"owner": organisation_id}))
    exponent(currency)
    row = {
        "id": new_id("top"), "organisation_id": organisation(uow, organisation_id).id,
        "amount": parse_amount(amount, currency, zero=False), "currency": currency,
        "bank_reference": normal_reference(bank_reference), "state": str(TopUpState.RECORDED),
        "recorded_by": actor.account_id, "recorded_at": uow.now(), "reason": "", "version": 1,
    }  # fmt: skip
    if not insert_missing(uow, TopUpRow, [row]):
        raise BankReferenceUsed(
            Sentence("Look for %(reference)s among the top-ups.", reference=row["bank_reference"]),
            field="bank_reference",
        )
    topup = uow.session.get_one(TopUpRow, row["id"]).snapshot()
    _note(uow, actor, "topup:record", topup, decision)
    uow.emit(TopUpRecorded(topup.id, organisation_id))
    return topup


def confirm_topup(uow: Uow, actor: Actor, topup_id: str) -> TopUp:
    """Confirm that the money is there: the prepaid balance rises in this unit, and open invoices are paid from it.

    Raises TopUpNotFound, PolicyRefused (also for the person who recorded it), TopUpDecided.
    """
    row, decision = _load(uow, actor, topup_id, "topup:confirm")
    topup = _decide(uow, actor, row, TopUpState.CONFIRMED, "")
    bank = Account(AccountKind.BANK_CLEARING, None, topup.currency)
    prepaid = Account(AccountKind.BUYER_PREPAID, topup.organisation_id, topup.currency)
    entries = [debit(bank, topup.amount), credit(prepaid, topup.amount)]
    posted = post(uow, [Draft(f"top_up:{topup.id}", TransactionKind.TOP_UP, topup.id, entries)])
    _note(uow, actor, "topup:confirm", topup, decision, top_up_sha256=posted[0].sha256())
    spend(uow, topup.organisation_id, topup.currency)
    return topup


def reject_topup(uow: Uow, actor: Actor, topup_id: str, *, reason: str) -> TopUp:
    """The second person does not find the transfer as recorded; its reference is free again.

    Raises TopUpNotFound, PolicyRefused (also for the person who recorded it), TopUpDecided.
    """
    row, decision = _load(uow, actor, topup_id, "topup:reject")
    topup = _decide(uow, actor, row, TopUpState.REJECTED, reason)
    _note(uow, actor, "topup:reject", topup, decision)
    return topup


def cancel_topup(uow: Uow, actor: Actor, topup_id: str, *, reason: str) -> TopUp:
    """Take back a mistaken record before it is decided. Raises PolicyRefused, TopUpNotFound, TopUpDecided."""
    row, decision = _load(uow, actor, topup_id, "topup:cancel")
    topup = _decide(uow, actor, row, TopUpState.CANCELLED, reason)
    _note(uow, actor, "topup:cancel", topup, decision)
    return topup


def _load(uow: Uow, actor: Actor, topup_id: str, action: str) -> tuple[TopUpRow, Decision]:
    queries.get(uow, actor, topup_id)
    row = uow.session.get_one(TopUpRow, topup_id, with_for_update=True, populate_existing=True)
    attributes = {"owner": row.organisation_id, "recorded_by": row.recorded_by}
    return row, require(actor, action, Resource("topup", topup_id, attributes))


def _decide(uow: Uow, actor: Actor, row: TopUpRow, to: TopUpState, reason: str) -> TopUp:
    if to not in TRANSITIONS[TopUpState(row.state)]:
        raise TopUpDecided(Sentence("It is %(state)s.", state=row.state), state=row.state)
    row.state, row.reason, row.version = str(to), reason, row.version + 1
    row.decided_by, row.decided_at = actor.account_id, uow.now()
    uow.session.flush()
    topup = row.snapshot()
    uow.emit(TopUpSettled(topup.id, topup.organisation_id, str(to), topup.amount, topup.currency))
    return topup


def _note(uow: Uow, actor: Actor, action: str, topup: TopUp, decision: Decision, **more: str) -> None:
    record(
        uow, actor, action=action, object_id=topup.id, object_version=topup.version, decision=decision,
        data={
            "organisation": topup.organisation_id, "amount": format_amount(topup.amount, topup.currency),
            "currency": topup.currency, "bank_reference": topup.bank_reference, "state": str(topup.state), **more,
        },
        concerns=[topup.organisation_id],
    )  # fmt: skip
