"""What a supplier's customers bring in: months, customers, listings, commission, and what is still on hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import flask

from billing.settlement import queries as settlement
from billing.settlement.types import SettlementRow
from catalog.listings import queries as listings
from compliance.identity import queries as identity
from core.db import Uow
from exchange.web.session import actor
from exchange.web.shell import pages, read, render, signed_in

_GROUPS = ("buyer", "listing")
_FIGURES = ("invoices", "net", "commission", "share", "on_hold", "available")


@pages.get("/revenue")
def revenue() -> flask.Response:
    """By customer or by listing within each month; finance of the platform sees every supplier."""
    signed_in()
    by = flask.request.args.get("by")
    chosen = by if by in _GROUPS else ""
    return render("money/revenue.html", by=chosen, **read(lambda uow: _revenue(uow, chosen)))


def _revenue(uow: Uow, by: str) -> dict[str, Any]:
    who = actor()
    page = settlement.settlements(uow, who, cursor=flask.request.args.get("cursor"))
    rows = [row for month in page.items for row in month.rows]
    titles = listings.briefs(uow, {row.listing_id for row in rows})
    organisations = {row.buyer_id for row in rows} | {row.supplier_id for row in rows}
    return {
        "page": page, "totals": settlement.totals(uow, who) if who.organisation_id else None,
        "names": identity.organisations(uow, organisations),
        "titles": {each.id: each.title for each in titles.values()},
        "months": [(month, grouped(month.rows, by)) for month in page.items],
    }  # fmt: skip


def grouped(rows: Sequence[SettlementRow], by: str) -> Sequence[SettlementRow]:
    """The rows of a month, or one for each customer or listing; what is summed over has an empty id then."""
    if not by:
        return rows
    sums: dict[tuple[str, str, str], SettlementRow] = {}
    for row in rows:
        single = replace(row, listing_id="") if by == "buyer" else replace(row, buyer_id="")
        key = single.supplier_id, single.buyer_id, single.listing_id
        sums[key] = _sum(sums[key], single) if key in sums else single
    return sorted(sums.values(), key=lambda row: -row.net)


def _sum(one: SettlementRow, other: SettlementRow) -> SettlementRow:
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in _FIGURES})
