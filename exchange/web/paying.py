"""How the one who looks at a page can pay: for every page with such a form."""

from __future__ import annotations

from typing import Any

from billing.payments import queries
from billing.payments.types import Method
from billing.processor import queries as processor
from compliance.policy import Resource, decide
from core.db import Uow
from exchange.web.session import actor


def ways_to_pay(uow: Uow) -> dict[str, Any]:
    """The processor's standing, the methods to choose from, and the card that is kept."""
    kept = queries.customer(uow, actor().organisation_id or "")
    found = processor.standing(uow.house)
    saved = [str(Method.SAVED_CARD)] if kept.card_label and Method.CARD in found.methods else []
    return {"standing": found, "methods": [*saved, *found.methods], "card": kept.card_label}


def may_pay() -> bool:
    """Whether they may begin a payment for their organisation."""
    own = actor().organisation_id
    return decide(actor(), "payment:begin", Resource("payment", own or "", {"owner": own})).permitted
