"""What the trade refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class OrderNotFound(NotFound):
    code, title = "order_not_found", "There is no such order"


class OrderStateConflict(Conflict):
    code, title = "order_state", "The order is not in a state that allows this"


class OfferChanged(Conflict):
    code, title = "offer_changed", "The offer has changed since you read it"


class PurposeNotOffered(Invalid):
    code, title = "purpose_not_offered", "The offer does not cover this purpose"


class TermsNotAccepted(Invalid):
    code, title = "terms_not_accepted", "The licence terms must be accepted"


class NotSellableYet(Conflict):
    code, title = "plan_not_sellable", "This kind of price plan cannot be ordered directly yet"
