"""Reads of settlement."""

from __future__ import annotations

from sqlalchemy import select, true

from billing.ledger.queries import balance_of_account
from billing.ledger.types import Account, AccountKind, Discrepancy
from billing.settlement.models import PayableRow
from billing.settlement.types import Payable, Payables, PayableState
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def payables(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Payable]:
    """What the own organisation is owed, order by order, newest first; all of it for platform finance."""
    own = actor.organisation_id
    require(actor, "ledger:see", Resource("ledger", own or "platform", {"owner": own}))
    chosen = select(PayableRow).where(PayableRow.supplier_id == own if own else true())
    page = newest_first(uow, chosen, key=PayableRow.order_id, purpose=f"payables:{own}", cursor=cursor, limit=limit)
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
    """What is owed for an order. Asks no policy: for bundles and the trade."""
    row = uow.session.get(PayableRow, order_id, populate_existing=True)
    return row.snapshot() if row else None


def check(uow: Uow) -> list[Discrepancy]:
    """Suppliers whose accounts differ from the sum of their lines; none is expected."""
    owed: dict[Account, int] = {}
    for row in uow.session.execute(select(PayableRow)).scalars():
        on_hold = Account(AccountKind.SUPPLIER_ON_HOLD, row.supplier_id, row.currency)
        available = Account(AccountKind.SUPPLIER_AVAILABLE, row.supplier_id, row.currency)
        owed[on_hold] = owed.get(on_hold, 0) + (row.net if row.state == PayableState.ON_HOLD else 0)
        owed[available] = owed.get(available, 0) + (row.share if row.state == PayableState.AVAILABLE else 0)
    kept = {account: balance_of_account(uow, account).balance for account in owed}
    return [
        Discrepancy(account.key, f"the lines say {amount}, the ledger {kept[account]}")
        for account, amount in owed.items()
        if amount != kept[account]
    ]
