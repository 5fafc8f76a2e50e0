"""Reads of settlement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, exists, func, select, true

from billing.invoices import queries as invoices
from billing.ledger.queries import balance_of_account
from billing.ledger.types import Account, AccountKind, Discrepancy
from billing.settlement.models import PayableRow, WithheldPayout
from billing.settlement.types import Payable, Payables, PayableState, Settlement, SettlementRow
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, decode_cursor, encode_cursor, newest_first


def payables(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Payable]:
    """What the own organisation is owed, invoice by invoice, newest first; all of it for platform finance."""
    own = actor.organisation_id
    require(actor, "ledger:see", Resource("ledger", own or "platform", {"owner": own}))
    chosen = select(PayableRow).where(PayableRow.supplier_id == own if own else true())
    page = newest_first(uow, chosen, key=PayableRow.id, purpose=f"payables:{own}", cursor=cursor, limit=limit)
    return convert(page, PayableRow.snapshot)


def totals(uow: Uow, actor: Actor) -> Payables:
    """The own organisation's accounts as a supplier."""
    own = actor.organisation_id or ""
    require(actor, "ledger:see", Resource("ledger", own, {"owner": actor.organisation_id}))
    currency = uow.house.settings.currency
    on_hold, available = (
        balance_of_account(uow, Account(kind, own, currency)).balance if own else 0
        for kind in (AccountKind.SUPPLIER_ON_HOLD, AccountKind.SUPPLIER_AVAILABLE)
    )
    return Payables(currency, on_hold, available)


def of_order(uow: Uow, order_id: str) -> Payable | None:
    """What is owed for an order that was paid at once. Asks no policy: for bundles and the trade."""
    found = _lines(uow, PayableRow.order_id == order_id, PayableRow.period == "", PayableRow.net >= 0)
    return found[-1] if found else None


def in_force(uow: Uow, invoice_id: str) -> Payable | None:
    """The line of an invoice that is on hold or was released, if it was not reversed. Asks no policy."""
    live = (PayableRow.state != PayableState.REVERSED, PayableRow.net >= 0)
    found = _lines(uow, PayableRow.invoice_id == invoice_id, *live)
    return found[0] if found else None


def due(uow: Uow, moment: datetime, limit: int) -> list[str]:
    """The lines of usage whose days of hold are over, oldest first. Asks no policy: for the worker."""
    chosen = select(PayableRow.id).where(PayableRow.state == PayableState.ON_HOLD, *releasable(moment))
    return list(uow.session.execute(chosen.order_by(PayableRow.release_at).limit(limit)).scalars())


def releasable(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """What must hold of a line's row for time to release it."""
    return PayableRow.release_at <= moment, ~withheld()


def withheld() -> ColumnElement[bool]:
    """Whether there is a reason to release nothing of a line's order, or of its invoice."""
    return exists().where(
        WithheldPayout.order_id == PayableRow.order_id, WithheldPayout.invoice_id.in_(("", PayableRow.invoice_id))
    )


def withheld_lines(uow: Uow, order_id: str) -> list[Payable]:
    """The lines of an order that are on hold and would not be released. Asks no policy: for pages that asked."""
    return _lines(uow, PayableRow.order_id == order_id, PayableRow.state == PayableState.ON_HOLD, withheld())


def taken_back(uow: Uow, invoice_id: str) -> list[Payable]:
    """The negative lines of an invoice. Asks no policy."""
    return _lines(uow, PayableRow.invoice_id == invoice_id, PayableRow.net < 0)


def released(uow: Uow, supplier_id: str, currency: str, *, beside: Select[str]) -> list[tuple[Payable, bool]]:
    """The released lines of a supplier whose ids are not among ``beside``, the oldest first, each with whether it is

    withheld by now. Asks no policy: for payouts.
    """
    mine = PayableRow.supplier_id == supplier_id, PayableRow.currency == currency
    free = PayableRow.state == PayableState.AVAILABLE, PayableRow.id.not_in(beside)
    chosen = select(PayableRow, withheld()).where(*mine, *free).order_by(PayableRow.settled_at, PayableRow.id)
    found = uow.session.execute(chosen.execution_options(populate_existing=True))
    return [(row.snapshot(), bool(stopped)) for row, stopped in found]


def lines(uow: Uow, ids: Select[str]) -> list[Payable]:
    """Lines by their ids. Asks no policy: for pages that asked."""
    return _lines(uow, PayableRow.id.in_(ids))


def settlements(
    uow: Uow, actor: Actor, *, month: str | None = None, cursor: str | None = None, limit: int = 12
) -> Page[Settlement]:
    """A supplier's months, newest first, each by customer and listing; finance of the platform sees all suppliers."""
    own = actor.organisation_id
    require(actor, "ledger:see", Resource("ledger", own or "platform", {"owner": own}))
    mine = PayableRow.supplier_id == own if own else true()
    months = _months(uow, mine, month=month, cursor=cursor, purpose=f"settlements:{own}", limit=limit)
    return convert(months, lambda label: _settlement(uow, label, mine))


def check(uow: Uow, paid_out: Mapping[Account, int]) -> list[Discrepancy]:
    """Suppliers whose accounts differ from their lines less what was paid out of them, and invoices that differ from

    theirs; none is expected.
    """
    owed = {account: -amount for account, amount in paid_out.items()}
    for row in uow.session.execute(select(PayableRow)).scalars():
        on_hold = Account(AccountKind.SUPPLIER_ON_HOLD, row.supplier_id, row.currency)
        available = Account(AccountKind.SUPPLIER_AVAILABLE, row.supplier_id, row.currency)
        owed[on_hold] = owed.get(on_hold, 0) + (row.net if row.state == PayableState.ON_HOLD else 0)
        owed[available] = owed.get(available, 0) + (row.share if row.state == PayableState.AVAILABLE else 0)
    kept = {account: balance_of_account(uow, account).balance for account in owed}
    wrong = [
        Discrepancy(account.key, f"the lines say {amount}, the ledger {kept[account]}")
        for account, amount in owed.items()
        if amount != kept[account]
    ]
    return wrong + _wrong_lines(uow)


def _wrong_lines(uow: Uow) -> list[Discrepancy]:
    chosen = select(PayableRow.invoice_id, func.sum(PayableRow.net)).where(PayableRow.state != PayableState.REVERSED)
    owed = {invoice_id: int(net) for invoice_id, net in uow.session.execute(chosen.group_by(PayableRow.invoice_id))}
    return [
        Discrepancy(invoice_id, f"the supplier's lines say {owed.get(invoice_id, 0)}, the invoice {net}")
        for invoice_id, net in invoices.nets(uow).items()
        if owed.get(invoice_id, 0) != net
    ]


def _lines(uow: Uow, *conditions: ColumnElement[bool]) -> list[Payable]:
    chosen = select(PayableRow).where(*conditions).order_by(PayableRow.id).execution_options(populate_existing=True)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def _months(
    uow: Uow, mine: ColumnElement[bool], *, month: str | None, cursor: str | None, purpose: str, limit: int
) -> Page[str]:
    chosen = select(PayableRow.month).where(mine, PayableRow.state != PayableState.REVERSED).distinct()
    if month is not None:
        chosen = chosen.where(PayableRow.month == month)
    if cursor:
        (before,) = decode_cursor(uow.house.keyring, purpose, cursor)
        chosen = chosen.where(PayableRow.month < before)
    found = list(uow.session.execute(chosen.order_by(PayableRow.month.desc()).limit(limit + 1)).scalars())
    more = len(found) > limit
    return Page(found[:limit], encode_cursor(uow.house.keyring, purpose, [found[limit - 1]]) if more else None)


def _settlement(uow: Uow, month: str, mine: ColumnElement[bool]) -> Settlement:
    key = (PayableRow.supplier_id, PayableRow.buyer_id, PayableRow.listing_id, PayableRow.currency)
    held = case((PayableRow.state == PayableState.ON_HOLD, PayableRow.share), else_=0)
    chosen = (
        select(
            *key, func.count(PayableRow.invoice_id.distinct()), func.sum(PayableRow.net),
            func.sum(PayableRow.commission), func.sum(PayableRow.share), func.sum(held),
        )
        .where(mine, PayableRow.month == month, PayableRow.state != PayableState.REVERSED)
        .group_by(*key)
        .order_by(*key)
    )  # fmt: skip
    rows = [
        SettlementRow(
            supplier_id=supplier, buyer_id=buyer, listing_id=listing, invoices=invoices, currency=currency,
            net=int(net), commission=int(commission), share=int(share), on_hold=int(held), available=int(share - held),
        )
        for supplier, buyer, listing, currency, invoices, net, commission, share, held in uow.session.execute(chosen)
    ]  # fmt: skip
    return _summed(month, rows, uow.house.settings.currency)


def _summed(month: str, rows: Iterable[SettlementRow], currency: str) -> Settlement:
    kept = tuple(rows)
    names = ("net", "commission", "share", "on_hold", "available")
    own = [row for row in kept if row.currency == currency]
    return Settlement(month, kept, currency, **{name: sum(getattr(row, name) for row in own) for name in names})
