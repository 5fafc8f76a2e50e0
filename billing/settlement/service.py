"""What is on hold for a supplier is released, withheld, or taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, TransactionSnapshot, credit, debit
from billing.settlement import queries
from billing.settlement.errors import PayableNotFound, PayableReleased, PayableReversed, PayableWithheld
from billing.settlement.events import PayableReleasedToSupplier
from billing.settlement.models import PayableRow, WithheldPayout
from billing.settlement.types import Payable, PayableState
from compliance.audit.service import record
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import Rounding, divide, format_amount, share
from core.problems import Sentence
from core.rows import insert_missing
from core.turns import each_by_itself

_AT_ONCE = 20


def release(uow: Uow, *, order_id: str, actor: Actor = SYSTEM) -> Payable:
    """An order paid at once was accepted: the supplier's share becomes available, the commission is the platform's.

    Releasing twice changes nothing and answers the same. Raises PayableNotFound, PayableReversed when the charge
    was taken back, and PayableWithheld.
    """
    payable = queries.of_order(uow, order_id)
    if payable is None:
        raise PayableNotFound(Sentence("Nothing is on hold for %(order_id)s.", order_id=order_id))
    if payable.state is PayableState.REVERSED:
        raise PayableReversed(Sentence("%(order_id)s was refunded.", order_id=order_id))
    if payable.state is PayableState.ON_HOLD and not _release(uow, payable.id, actor, ~queries.withheld()):
        raise PayableWithheld(Sentence("%(order_id)s is disputed or frozen.", order_id=order_id))
    return _load(uow, payable.id)


def release_due(house: House) -> int:
    """Release the periods of usage whose days of hold are over; answers how many. Safe to run anywhere, any time.

    One that cannot be released stops no other; what went wrong is raised at the end.
    """
    due = house.db.read(lambda uow: queries.due(uow, uow.now(), _AT_ONCE))
    return each_by_itself(house, due, _release_due)


def withhold(uow: Uow, *, order_id: str, invoice_id: str = "", because: str = "freeze") -> None:
    """Release nothing of an order, also of months to come, or of one invoice of it. Idempotent.

    Each reason stands by itself: what is withheld for two is released when both are gone.
    """
    row = {"order_id": order_id, "invoice_id": invoice_id, "because": because, "since": uow.now()}
    insert_missing(uow, WithheldPayout, [row])


def let_go(uow: Uow, *, order_id: str, because: str = "freeze") -> None:
    """Undo ``withhold`` of that reason: what is due by now is released next. Idempotent."""
    mine = WithheldPayout.order_id == order_id, WithheldPayout.because == because
    uow.session.execute(delete(WithheldPayout).where(*mine))


def hold(uow: Uow, issued: InvoiceIssued) -> None:
    """An invoice was issued: its line of the supplier's account begins on hold, the commission fixed.

    Usage is released when its days of hold are over, an order paid at once when it is accepted.
    """
    settings = uow.house.settings
    release_at = uow.now() + timedelta(days=settings.usage_hold_days) if issued.period else None
    _add(
        uow, order_id=issued.order_id, supplier_id=issued.supplier_id, buyer_id=issued.buyer_id,
        listing_id=issued.listing_id, invoice_id=issued.invoice_id, period=issued.period, month=issued.month,
        currency=issued.currency, net=issued.net, basis_points=settings.commission_bp, release_at=release_at,
        commission=_carrying(issued, settings.commission_bp),
    )  # fmt: skip


def _carrying(issued: InvoiceIssued, basis_points: int) -> int:
    """The commission on what it costs without the platform's coupon, less what that took off."""
    full, _ = share(issued.net + issued.carried, basis_points)
    return full - issued.carried


def _commission_on(line: Payable, net: int) -> int:
    """The commission on a part of a line's net amount; where a coupon made it smaller, in that proportion."""
    usual, _ = share(line.net, line.commission_bp)
    if line.commission == usual or not line.net:
        return share(net, line.commission_bp)[0]
    return divide(line.commission * net, line.net, Rounding.HALF_EVEN)


def reverse(uow: Uow, issued: CreditNoteIssued) -> None:
    """A credit note takes back its part of the line, also when it was released: the supplier may then owe.

    Raises PayableReleased, and so vetoes the note, when it was released and the note is not to follow it there.
    """
    line = queries.in_force(uow, issued.invoice_id)
    if not issued.net and (line is None or line.net):
        return  # only tax is taken back, of which the supplier has no part
    if line is None:
        raise PayableReversed(Sentence("%(invoice_id)s was taken back already.", invoice_id=issued.invoice_id))
    if _move(uow, line.id, PayableState.REVERSED):
        if issued.net < line.net:
            net = line.net - issued.net
            _add_again(uow, line, net, line.release_at, commission=_commission_on(line, net))
    elif issued.after_release:
        _take_back(uow, line, issued)
    else:
        raise PayableReleased(Sentence("%(order_id)s was settled.", order_id=issued.order_id))


def _release_due(uow: Uow, payable_id: str) -> bool:
    """Decided anew in this unit: somebody may have released, withheld or reversed it meanwhile."""
    return _release(uow, payable_id, SYSTEM, *queries.releasable(uow.now()))


def _release(uow: Uow, payable_id: str, actor: Actor, *conditions: ColumnElement[bool]) -> bool:
    if not _move(uow, payable_id, PayableState.AVAILABLE, *conditions):
        return False
    payable = _load(uow, payable_id)
    if payable.net:
        key = f"release:{payable.id}"
        draft = Draft(key, TransactionKind.RELEASE, payable.invoice_id, _entries(payable), payable.order_id)
        _note(uow, actor, payable, "payable:release", post(uow, [draft])[0])
    uow.emit(
        PayableReleasedToSupplier(
            payable.order_id, payable.supplier_id, payable.share, payable.currency, payable.period
        )
    )  # fmt: skip
    return True


def _take_back(uow: Uow, line: Payable, issued: CreditNoteIssued) -> None:
    """The released part returns to hold, where the credit note takes it from; the line for it is negative.

    The commission returns so that what stays is the commission on the net that stays, however many parts were taken.
    """
    lines = [line, *queries.taken_back(uow, line.invoice_id)]
    net, commission = sum(each.net for each in lines), sum(each.commission for each in lines)
    kept = _commission_on(line, net - issued.net)
    payable = _add_again(uow, line, -issued.net, None, commission=kept - commission)
    if payable.net:
        note_id = issued.credit_note_id
        draft = Draft(f"reversal:{note_id}", TransactionKind.REVERSAL, note_id, _entries(payable), line.order_id)
        _note(uow, SYSTEM, payable, "payable:reverse", post(uow, [draft])[0])


def _add_again(
    uow: Uow, line: Payable, net: int, release_at: datetime | None, *, commission: int | None = None
) -> Payable:
    return _add(
        uow, order_id=line.order_id, supplier_id=line.supplier_id, buyer_id=line.buyer_id, listing_id=line.listing_id,
        invoice_id=line.invoice_id, period=line.period, month=line.month, currency=line.currency, net=net,
        basis_points=line.commission_bp, release_at=release_at, commission=commission,
    )  # fmt: skip


def _add(
    uow: Uow, *, net: int, basis_points: int, release_at: datetime | None, commission: int | None = None, **facts: str
) -> Payable:
    if commission is None:
        commission, _ = share(net, basis_points)
    state = PayableState.AVAILABLE if net < 0 else PayableState.ON_HOLD
    row = PayableRow(
        id=new_id("pay"), net=net, commission_bp=basis_points, commission=commission, share=net - commission,
        state=str(state), release_at=release_at, created_at=uow.now(),
        settled_at=uow.now() if net < 0 else None, **facts,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row.snapshot()


def _move(uow: Uow, payable_id: str, to: PayableState, *conditions: ColumnElement[bool]) -> bool:
    """The one transition there is, decided by the database: of two that try, one succeeds."""
    moved = uow.session.execute(
        update(PayableRow)
        .where(PayableRow.id == payable_id, PayableRow.state == PayableState.ON_HOLD, *conditions)
        .values(state=str(to), settled_at=uow.now())
        .returning(PayableRow.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


def _load(uow: Uow, payable_id: str) -> Payable:
    chosen = select(PayableRow).where(PayableRow.id == payable_id).execution_options(populate_existing=True)
    return uow.session.execute(chosen).scalar_one().snapshot()


def _entries(payable: Payable) -> list[Entry]:
    """From hold to the supplier and the platform; of a negative line, the way back."""
    on_hold = Account(AccountKind.SUPPLIER_ON_HOLD, payable.supplier_id, payable.currency)
    available = Account(AccountKind.SUPPLIER_AVAILABLE, payable.supplier_id, payable.currency)
    revenue = Account(AccountKind.PLATFORM_REVENUE, None, payable.currency)
    parts = [credit(available, payable.share), credit(revenue, payable.commission)]
    return [debit(on_hold, payable.net), *(part for part in parts if part.amount)]


def _note(uow: Uow, actor: Actor, payable: Payable, action: str, posted: TransactionSnapshot) -> None:
    period = {"period": payable.period} if payable.period else {}
    record(
        uow, actor, action=action, object_id=payable.invoice_id,
        data={
            "order": payable.order_id, "currency": payable.currency, **period,
            "share": format_amount(payable.share, payable.currency),
            "commission": format_amount(payable.commission, payable.currency),
            f"{posted.kind}_sha256": posted.sha256(),
        },
        concerns=[payable.supplier_id],
    )  # fmt: skip
