"""What time does to open invoices. Each step of each invoice is taken once, whoever runs it and how often."""

from __future__ import annotations

from sqlalchemy import delete, update

from billing.dunning import queries, rules
from billing.dunning.events import BuyerOverdue, InvoiceReminded
from billing.dunning.models import DunningPause, DunningStep, OverdueBuyer
from billing.dunning.types import CHARGED
from billing.invoices import queries as invoices
from billing.invoices import service as invoicing
from billing.payments import checkout
from compliance.audit.service import record
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.money import format_amount
from core.rows import insert_missing
from core.turns import each_by_itself


def tend(house: House) -> int:
    """Tell of invoices whose time has come, and let rights rest or go on. Answers how much it did.

    After a time in which nothing ran, each invoice is told of by its newest step alone.
    """
    told = each_by_itself(house, house.db.read(queries.due_steps), take_step)
    return told + each_by_itself(house, house.db.read(queries.to_judge), judge)


def take_step(uow: Uow, invoice_id: str) -> bool:
    """Take the newest step of an open invoice, unless it was taken; what was paid meanwhile is not told of.

    What lies on the balance pays first; what is left of it then a kept card is tried for.
    """
    invoice = invoices.load(uow, invoice_id)
    invoicing.take_turn(uow, invoice)
    invoicing.collect(uow, buyer_id=invoice.buyer_id, currency=invoice.currency)
    mine = next((each for each in invoices.open_invoices(uow, invoice.buyer_id) if each.invoice_id == invoice_id), None)
    due = rules.due_at(mine, uow.house.settings) if mine else None
    step = rules.step_at(due, uow.now()) if due else None
    if mine is None or due is None or step is None or invoice_id in queries.paused(uow):
        return False
    row = {
        "invoice_id": invoice_id, "step": str(step), "at": uow.now(), "outstanding": mine.outstanding,
        "payment_id": None,
    }  # fmt: skip
    if not insert_missing(uow, DunningStep, [row]):
        return False
    payment = checkout.charge_kept_card(uow, invoice, mine.outstanding) if step in CHARGED else None
    if payment is not None:
        uow.session.get_one(DunningStep, (invoice_id, str(step))).payment_id = payment.id
        uow.session.flush()
    record(
        uow, SYSTEM, action="invoice:remind", object_id=invoice_id,
        data={
            "step": str(step), "currency": invoice.currency,
            "outstanding": format_amount(mine.outstanding, invoice.currency), "payment": payment.id if payment else "",
        },
        concerns=[invoice.buyer_id],
    )  # fmt: skip
    uow.emit(
        InvoiceReminded(
            invoice_id, invoice.number, invoice.buyer_id, str(step), mine.outstanding, invoice.currency,
            f"{due:%Y-%m-%d}", payment.id if payment else "",
        )
    )  # fmt: skip
    return True


def pause(uow: Uow, invoice_id: str, *, because: str) -> None:
    """Nothing more is told of the invoice until ``go_on``, no card is tried for it, and it lets no right rest."""
    row = {"invoice_id": invoice_id, "because": because, "since": uow.now(), "ended_at": None}
    insert_missing(uow, DunningPause, [row])


def go_on(uow: Uow, *, because: str) -> None:
    """Undo ``pause`` of that reason: the newest step is told next, and rights rest a day later at the earliest."""
    mine = DunningPause.because == because, DunningPause.ended_at.is_(None)
    ended = update(DunningPause).where(*mine).values(ended_at=uow.now())
    uow.session.execute(ended.execution_options(synchronize_session=False))


def judge(uow: Uow, buyer_id: str) -> bool:
    """Let a buyer's rights by usage rest, or go on, as its invoices are now."""
    overdue = bool(queries.owing(uow, buyer_id))
    if overdue:
        changed = insert_missing(uow, OverdueBuyer, [{"buyer_id": buyer_id, "since": uow.now()}]) > 0
    else:
        gone = delete(OverdueBuyer).where(OverdueBuyer.buyer_id == buyer_id).returning(OverdueBuyer.buyer_id)
        changed = uow.session.execute(gone).first() is not None
    if changed:
        action = "buyer:rest" if overdue else "buyer:resume"
        record(uow, SYSTEM, action=action, object_id=buyer_id, data={}, concerns=[buyer_id])
        uow.emit(BuyerOverdue(buyer_id, overdue))
    return changed
