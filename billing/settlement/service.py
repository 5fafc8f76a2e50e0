"""Releasing what is on hold for a supplier."""

from __future__ import annotations

from sqlalchemy import update

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, TransactionSnapshot, credit, debit
from billing.settlement import queries
from billing.settlement.errors import PayableNotFound, PayableReleased, PayableReversed
from billing.settlement.events import PayableReleasedToSupplier
from billing.settlement.models import PayableRow
from billing.settlement.types import Payable, PayableState
from compliance.audit.service import record
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.money import format_amount, share


def release(uow: Uow, *, order_id: str, actor: Actor = SYSTEM) -> Payable:
    """The order was accepted: the supplier's share becomes available, the commission is the platform's.

    Releasing twice changes nothing and answers the same. Raises PayableNotFound, and PayableReversed
    when the charge was taken back.
    """
    if not _take_from_hold(uow, order_id, PayableState.AVAILABLE):
        return _already(uow, order_id)
    payable = _load(uow, order_id)
    if payable.net:
        key = f"release:{payable.invoice_id}"
        draft = Draft(key, TransactionKind.RELEASE, payable.invoice_id, _entries(payable), order_id)
        _note(uow, actor, payable, post(uow, [draft])[0])
    uow.emit(PayableReleasedToSupplier(order_id, payable.supplier_id, payable.share, payable.currency))
    return payable


def hold(uow: Uow, issued: InvoiceIssued) -> None:
    """An invoice was issued: its line of the supplier's account begins on hold, the commission fixed."""
    basis_points = uow.house.settings.commission_bp
    commission, supplier_share = share(issued.net, basis_points)
    uow.session.add(
        PayableRow(
            order_id=issued.order_id, supplier_id=issued.supplier_id, invoice_id=issued.invoice_id,
            currency=issued.currency, net=issued.net, commission_bp=basis_points, commission=commission,
            share=supplier_share, state=PayableState.ON_HOLD, created_at=uow.now(), settled_at=None,
        )
    )  # fmt: skip
    uow.session.flush()


def reverse(uow: Uow, issued: CreditNoteIssued) -> None:
    """A credit note takes the line away. Raises PayableReleased, and so vetoes it, once it is not on hold."""
    if not _take_from_hold(uow, issued.order_id, PayableState.REVERSED):
        raise PayableReleased(f"{issued.order_id} was settled.")


def _take_from_hold(uow: Uow, order_id: str, to: PayableState) -> bool:
    """The one transition there is, decided by the database: of two that try, one succeeds."""
    moved = uow.session.execute(
        update(PayableRow)
        .where(PayableRow.order_id == order_id, PayableRow.state == PayableState.ON_HOLD)
        .values(state=str(to), settled_at=uow.now())
        .returning(PayableRow.order_id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


def _already(uow: Uow, order_id: str) -> Payable:
    payable = _load(uow, order_id)
    if payable.state is PayableState.REVERSED:
        raise PayableReversed(f"{order_id} was refunded.")
    return payable


def _load(uow: Uow, order_id: str) -> Payable:
    payable = queries.of_order(uow, order_id)
    if payable is None:
        raise PayableNotFound(f"Nothing is on hold for {order_id}.")
    return payable


def _entries(payable: Payable) -> list[Entry]:
    on_hold = Account(AccountKind.SUPPLIER_ON_HOLD, payable.supplier_id, payable.currency)
    available = Account(AccountKind.SUPPLIER_AVAILABLE, payable.supplier_id, payable.currency)
    revenue = Account(AccountKind.PLATFORM_REVENUE, None, payable.currency)
    parts = [credit(available, payable.share), credit(revenue, payable.commission)]
    return [debit(on_hold, payable.net), *(part for part in parts if part.amount)]


def _note(uow: Uow, actor: Actor, payable: Payable, posted: TransactionSnapshot) -> None:
    record(
        uow, actor, action="payable:release", object_id=payable.invoice_id,
        data={
            "order": payable.order_id, "currency": payable.currency,
            "share": format_amount(payable.share, payable.currency),
            "commission": format_amount(payable.commission, payable.currency),
            "release_sha256": posted.sha256(),
        },
        concerns=[payable.supplier_id],
    )  # fmt: skip
