"""The licence of an order: what it says in words, how far it goes now, and the policy itself."""

from __future__ import annotations

from typing import Any

import flask
import rfc8785

from compliance.identity import queries as identity
from core.db import Uow
from exchange.trading import licensing, queries
from exchange.web.language import language
from exchange.web.session import actor
from exchange.web.shell import pages, read, render, signed_in
from exchange.web.zones import zone

_OTHER = {"zh": "en", "en": "zh"}


@pages.get("/orders/<order_id>/licence")
def licence(order_id: str) -> flask.Response:
    signed_in()
    told_in = zone()

    def work(uow: Uow) -> dict[str, Any]:
        found = licensing.of_order(uow, actor(), order_id, told_in)
        order = queries.get(uow, actor(), order_id)
        ids = {order.buyer_id, order.supplier_id, *found.recipients}
        return {"licence": found, "order": order, "parties": identity.organisations(uow, ids)}

    shown = language() if language() in _OTHER else "zh"
    return render("licence/show.html", shown=shown, other=_OTHER[shown], **read(work))


@pages.get("/orders/<order_id>/licence.json")
def licence_document(order_id: str) -> flask.Response:
    """The exact bytes whose hash stands in the audit log."""
    signed_in()
    found = read(lambda uow: licensing.of_order(uow, actor(), order_id))
    disposition = f'attachment; filename="{found.id}.json"'
    return flask.Response(
        rfc8785.dumps(dict(found.policy)), mimetype="application/ld+json", headers={"Content-Disposition": disposition}
    )
