"""The desk: what to do next, then money, then one's own things."""

from __future__ import annotations

from typing import Any

import flask

from billing.ledger import queries as ledger
from billing.settlement import queries as settlement
from catalog.listings import queries as listings
from core.db import Uow
from exchange.trading import queries as trading
from exchange.web import tasks
from exchange.web.frame import frame_of_request
from exchange.web.session import actor
from exchange.web.shell import pages, read, render, signed_in
from exchange.web.views.oversight import overview

_LATEST = 8
_TASKS = 10
"""So many are shown at first: below them stand the money and one's own things."""


@pages.get("/desk")
def desk() -> flask.Response:
    signed_in()
    waiting = tasks.texts(frame_of_request()["tasks"])
    shown = len(waiting) if flask.request.args.get("all") else _TASKS
    return render("desk/desk.html", tasks=waiting, shown=shown, **read(_desk))


def _desk(uow: Uow) -> dict[str, Any]:
    who = actor()
    found: dict[str, Any] = {"money": None, "listings": None, "orders": []}
    if who.has("buyer", "supplier", "finance"):
        found["money"] = {"balance": ledger.own_balance(uow, who), "owed": settlement.totals(uow, who)}
    if who.organisation_id:
        found["orders"] = trading.orders(uow, who, limit=_LATEST).items
    if who.has("supplier"):
        found["listings"] = listings.own_briefs(uow, who, cursor=flask.request.args.get("cursor"))
    return found | (overview(uow) if who.platform("officer") else {})
