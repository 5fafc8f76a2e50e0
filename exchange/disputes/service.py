"""What people do in a dispute: open it, state their side, withdraw it; and how an officer rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from billing.dunning import service as dunning
from billing.invoices import queries as invoices
from billing.invoices import service as credit
from billing.invoices.errors import CreditTooLarge
from billing.invoices.types import Invoice
from billing.settlement import service as settlement
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount, parse_amount
from core.problems import Invalid, Sentence
from exchange.delivery import queries as delivery
from exchange.disputes import queries, rules
from exchange.disputes.errors import (
    AnswerAwaited,
    ConcernUnknown,
    DisputedOften,
    DisputeEnded,
    DisputeTooLate,
    NothingToRefund,
    TooMuchSaid,
)
from exchange.disputes.events import DisputeChanged
from exchange.disputes.evidence import Exhibit
from exchange.disputes.models import Dispute, DisputeConcern, DisputeStatement
from exchange.disputes.types import NOT_DELIVERED, DisputeSnapshot, DisputeState, Outcome
from exchange.trading import contested
from exchange.trading import queries as trading
from exchange.trading.contested import Ending
from exchange.trading.models import Order

MOST_STATEMENTS = 100
MOST_OF_ONE = 3
"""So often an invoice, or an order that cost nothing, is disputed: who loses cannot hold the money up for ever."""


def open_dispute(
    uow: Uow, actor: Actor, order_id: str, *, ground: str, text: str, amount: str | None = None,
    files: Sequence[str] = (), concerns: Sequence[Mapping[str, Any]] | None = None,
) -> DisputeSnapshot:  # fmt: skip
    """The buyer disputes the order, some of its files, or some invoices of it and lines of theirs.

    Exactly the supplier's lines for the invoices concerned stay on hold, nobody is told to pay these, and the order is
    not accepted until the dispute has ended. Only what is not handed out any more, since its tier rose, is disputed as
    not delivered at any age. Raises OrderNotFound, PolicyRefused, OrderStateConflict, OrderContested, DisputeTooLate,
    DisputedOften, ConcernUnknown, AmountInvalid.
    """
    order = trading.load(uow, actor, order_id, lock=True)
    parties = {"buyer": order.buyer_id, "supplier": order.supplier_id, "state": "new"}
    decision = require(actor, "dispute:open", Resource("dispute", order.id, parties))
    dispute = Dispute(
        id=new_id("dsp"), order_id=order.id, title=order.title, buyer_id=order.buyer_id, supplier_id=order.supplier_id,
        state=str(DisputeState.OPEN), ground=ground, files=json.dumps(_files(uow, actor, order, files)),
        currency=order.currency, asked=parse_amount(amount, order.currency, zero=False) if amount else None,
        opened_at=uow.now(), answer_by=uow.now() + timedelta(days=uow.house.settings.dispute_answer_days), version=1,
    )  # fmt: skip
    undelivered = ground == NOT_DELIVERED and _withheld(uow, actor, order)
    dispute.concerns = _concerns(uow, order, concerns, at_any_age=undelivered)
    _refuse_repeated(uow, order, [each.invoice_id for each in dispute.concerns])
    contested.contest(uow, actor, order, dispute.id, decision, text=text)
    uow.session.add(dispute)
    uow.session.flush()
    for each in dispute.concerns:
        settlement.withhold(uow, order_id=order.id, invoice_id=each.invoice_id, because=dispute.id)
        dunning.pause(uow, each.invoice_id, because=dispute.id)
    _say(uow, actor, dispute, text, None, decision, deed="open")
    return dispute.snapshot()


def state(uow: Uow, actor: Actor, dispute_id: str, *, text: str, exhibit: Exhibit | None = None) -> DisputeSnapshot:
    """One side states its case, with a file or without; the supplier's first statement is its answer.

    Raises DisputeNotFound, PolicyRefused, DisputeEnded, TooMuchSaid.
    """
    dispute = queries.load(uow, actor, dispute_id, lock=True)
    decision = require(actor, "dispute:state", queries.resource_of(dispute))
    _going_on(dispute)
    if dispute.state == DisputeState.OPEN and actor.organisation_id == dispute.supplier_id:
        dispute.state = str(DisputeState.ANSWERED)
    dispute.version += 1
    _say(uow, actor, dispute, text, exhibit, decision, deed="state")
    return dispute.snapshot()


def withdraw(uow: Uow, actor: Actor, dispute_id: str, *, reason: str) -> DisputeSnapshot:
    """The buyer takes it back; the order goes on as before, with the time that stood still.

    Raises DisputeNotFound, PolicyRefused, DisputeEnded.
    """
    order, dispute = _both(uow, actor, dispute_id)
    decision = require(actor, "dispute:withdraw", queries.resource_of(dispute))
    _going_on(dispute)
    _close(uow, dispute, DisputeState.WITHDRAWN, reason)
    _end(uow, actor, order, dispute, Ending.RESUME, decision)
    return dispute.snapshot()


def rule(
    uow: Uow, actor: Actor, dispute_id: str, *, outcome: str, reason: str, amount: str | None = None
) -> DisputeSnapshot:  # fmt: skip
    """An officer ends it: dismissed, or so much of what was paid for the concerns goes back to the buyer.

    The refund, its credit notes, the supplier's share and the commission are posted in this unit, also when the
    share was released; all of an order paid at once undoes the order. Raises DisputeNotFound, PolicyRefused,
    DisputeEnded, AnswerAwaited, NothingToRefund, CreditTooLarge, AmountInvalid.
    """
    order, dispute = _both(uow, actor, dispute_id)
    decision = require(actor, "dispute:rule", queries.resource_of(dispute))
    _going_on(dispute)
    if dispute.state == DisputeState.OPEN and uow.now() < dispute.answer_by:
        raise AnswerAwaited(answer_by=dispute.answer_by.isoformat())
    if (amount is not None) != (outcome == Outcome.PART):
        raise Invalid("An amount belongs to a refund in part, and to nothing else.", field="amount")
    _close(uow, dispute, DisputeState.RULED, reason, outcome)
    if outcome != Outcome.DISMISSED:
        _refund(uow, actor, dispute, amount, reason, decision)
    _end(uow, actor, order, dispute, _ending(order, dispute), decision)
    return dispute.snapshot()


def _ending(order: Order, dispute: Dispute) -> Ending:
    """All of what was paid at once undoes the order; less ends the question whether it is accepted."""
    if dispute.outcome == Outcome.DISMISSED:
        return Ending.RESUME
    by_usage = any(each.period for each in dispute.concerns) or (not dispute.concerns and order.kind == "interface")
    if by_usage:
        return Ending.RESUME
    return Ending.UNDO if dispute.outcome == Outcome.FULL else Ending.ACCEPT


def _refund(uow: Uow, actor: Actor, dispute: Dispute, amount: str | None, reason: str, decision: Decision) -> None:
    found = {each.id: each for each in invoices.of_order(uow, dispute.order_id)}
    concerned = [(each, found[each.invoice_id]) for each in dispute.concerns]
    left = [_left(uow, invoice, each.numbers) for each, invoice in concerned]
    wanted = sum(left) if amount is None else parse_amount(amount, dispute.currency, zero=False)
    if amount is None and not concerned:
        return  # it cost nothing: there is only the right to take back
    if not sum(left):
        raise NothingToRefund()
    if wanted > sum(left):
        most = format_amount(sum(left), dispute.currency)
        raise CreditTooLarge(Sentence("%(amount)s is left of it.", amount=most), field="amount", left=most)
    for (each, invoice), part in zip(concerned, rules.spread(wanted, left), strict=True):
        if part:
            note = credit.refund_part(
                uow, actor, invoice, gross=part, reason=reason, lines=each.numbers, decision=decision
            )
            each.credit_note_id, each.credited = note.id, part
    dispute.refunded = wanted


def _close(uow: Uow, dispute: Dispute, to: DisputeState, reason: str, outcome: str | None = None) -> None:
    dispute.state, dispute.outcome, dispute.ruling, dispute.ended_at = str(to), outcome, reason, uow.now()
    dispute.version += 1


def _end(uow: Uow, actor: Actor, order: Order, dispute: Dispute, ending: Ending, decision: Decision) -> None:
    settlement.let_go(uow, order_id=order.id, because=dispute.id)
    dunning.go_on(uow, because=dispute.id)
    deed = "withdraw" if dispute.outcome is None else f"rule_{dispute.outcome}"
    contested.conclude(uow, actor, order, ending, decision, step=f"dispute_{deed}", text=dispute.ruling)
    _note(uow, actor, dispute, decision, deed=deed)


def _both(uow: Uow, actor: Actor, dispute_id: str) -> tuple[Order, Dispute]:
    """The order first: whoever needs both takes them in this order."""
    found = queries.load(uow, actor, dispute_id)
    order = trading.load(uow, actor, found.order_id, lock=True)
    return order, queries.load(uow, actor, dispute_id, lock=True)


def _going_on(dispute: Dispute) -> None:
    if dispute.ended_at is not None:
        raise DisputeEnded(Sentence("It was %(state)s.", state=dispute.state), state=dispute.state)


def _files(uow: Uow, actor: Actor, order: Order, file_ids: Sequence[str]) -> list[str]:
    """The ids, each a file of the order. Raises ConcernUnknown."""
    own = {file.file_id for file in delivery.files(uow, actor, order.id)} if file_ids else set()
    if not set(file_ids) <= own:
        raise ConcernUnknown("Name files of this order.", field="files")
    return sorted(set(file_ids))


def _withheld(uow: Uow, actor: Actor, order: Order) -> bool:
    """Whether there is a file that the buyer neither had in full nor can fetch any more."""
    had = {receipt.file_id for receipt in delivery.receipts(uow, actor, order.id) if receipt.complete}
    return any(file.problem and file.file_id not in had for file in delivery.files(uow, actor, order.id))


def _concerns(
    uow: Uow, order: Order, asked: Sequence[Mapping[str, Any]] | None, *, at_any_age: bool
) -> list[DisputeConcern]:  # fmt: skip
    """The invoices that are named, or all that may be disputed still and of which something is left."""
    charged = {each.id: each for each in invoices.of_order(uow, order.id) if not each.corrects}
    if asked is None:
        open_still = [each for each in charged.values() if at_any_age or _late(uow, order, each) is None]
        chosen = [(each, None) for each in open_still if _left(uow, each)]
        if not chosen and any(each.period for each in charged.values()):
            raise DisputeTooLate(hint="Every invoice of this order is too old, or was taken back.")
    else:
        named = [each["invoice_id"] for each in asked]
        if len(set(named)) < len(named) or not set(named) <= charged.keys():
            raise ConcernUnknown("Name invoices of this order, each once.", field="concerns")
        chosen = [(charged[each["invoice_id"]], each.get("lines")) for each in asked]
    concerned: list[Invoice | None] = [each for each, _ in chosen]
    for each in concerned or [None]:
        if not at_any_age and (until := _late(uow, order, each)):
            raise DisputeTooLate(until=until)
    return [_concern(uow, each, lines) for each, lines in chosen]


def _refuse_repeated(uow: Uow, order: Order, invoice_ids: Sequence[str]) -> None:
    before = select(func.count(Dispute.id.distinct())).where(
        Dispute.order_id == order.id, Dispute.ended_at.is_not(None)
    )  # fmt: skip
    if invoice_ids:
        about = DisputeConcern.invoice_id.in_(invoice_ids)
        before = before.join(DisputeConcern, DisputeConcern.dispute_id == Dispute.id).where(about)
    if uow.session.execute(before).scalar_one() >= MOST_OF_ONE:
        raise DisputedOften(Sentence("%(most)s times.", most=MOST_OF_ONE))


def _concern(uow: Uow, invoice: Invoice, lines: Sequence[int] | None) -> DisputeConcern:
    if lines is not None and (not lines or not set(lines) <= set(range(1, len(invoice.lines) + 1))):
        raise ConcernUnknown(
            Sentence("The invoice has the lines 1 to %(count)s.", count=len(invoice.lines)), field="concerns"
        )
    numbers = sorted(set(lines)) if lines is not None else None
    if _left(uow, invoice, numbers) <= 0:
        raise ConcernUnknown("Nothing is left of this to be paid back.", field="concerns")
    return DisputeConcern(
        invoice_id=invoice.id, period=invoice.period, lines=json.dumps(numbers) if numbers else None, credited=0
    )


def _late(uow: Uow, order: Order, invoice: Invoice | None) -> str | None:
    """Until when it could be disputed, if that is over."""
    warranty = timedelta(days=uow.house.settings.warranty_days)
    invoiced_at = invoice.issued_at if invoice is not None and invoice.period else None
    until = rules.disputable_until(order.snapshot(), invoiced_at, warranty)
    return until.isoformat() if until is not None and until <= uow.now() else None


def _left(uow: Uow, invoice: Invoice, numbers: Sequence[int] | None = None) -> int:
    """What credit notes left of an invoice, or of those of its lines."""
    rests = invoices.rests_of(uow, invoice)
    return sum(rest.gross for rest in rests if numbers is None or rest.number in numbers)


def _say(
    uow: Uow, actor: Actor, dispute: Dispute, text: str, exhibit: Exhibit | None, decision: Decision, *, deed: str
) -> None:
    count = func.coalesce(func.max(DisputeStatement.number), 0)
    number = uow.session.execute(select(count).where(DisputeStatement.dispute_id == dispute.id)).scalar_one() + 1
    if number > MOST_STATEMENTS:
        raise TooMuchSaid(Sentence("It holds %(most)s.", most=MOST_STATEMENTS))
    shown = {"statement": str(number)} | ({"file_sha256": exhibit.sha256} if exhibit else {})
    entry_id = _note(uow, actor, dispute, decision, deed=deed, **shown)
    file = {
        "file_name": exhibit.name, "media_type": exhibit.media_type, "size": exhibit.size, "sha256": exhibit.sha256,
    } if exhibit else {}  # fmt: skip
    uow.session.add(
        DisputeStatement(
            dispute_id=dispute.id, number=number, side=_side(actor, dispute), text=text, at=uow.now(),
            audit_entry_id=entry_id, **file,
        )
    )  # fmt: skip


def _note(uow: Uow, actor: Actor, dispute: Dispute, decision: Decision, *, deed: str, **data: str) -> str:
    """The audit entry stands in the order's history, so that its evidence bundle tells of the dispute."""
    facts = {"dispute": dispute.id, "state": str(dispute.state), "ground": dispute.ground} | data
    if dispute.outcome:
        refunded = format_amount(dispute.refunded, dispute.currency)
        facts |= {"outcome": dispute.outcome, "refunded": refunded, "currency": dispute.currency}
    facts |= {f"invoice_{number}": each.invoice_id for number, each in enumerate(dispute.concerns, start=1)}
    entry_id = record(
        uow, actor, action=f"dispute:{deed}", object_id=dispute.order_id, decision=decision, data=facts,
        concerns=[dispute.buyer_id, dispute.supplier_id],
    )  # fmt: skip
    uow.emit(DisputeChanged(dispute.id, dispute.order_id, str(dispute.state), deed, dispute.version))
    return entry_id


def _side(actor: Actor, dispute: Dispute) -> str:
    if actor.organisation_id == dispute.buyer_id:
        return "buyer"
    return "supplier" if actor.organisation_id == dispute.supplier_id else "platform"
