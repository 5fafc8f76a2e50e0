"""What the trade refuses, each with a stable code."""

from __future__ import annotations

from core.actor import Actor
from core.problems import Conflict, Forbidden, Invalid, NotFound, Refused


class OrderNotFound(NotFound):
    code, title = "order_not_found", "There is no such order"


class OrderStateConflict(Conflict):
    code, title = "order_state", "The order is not in a state that allows this"


class OfferChanged(Conflict):
    code, title = "offer_changed", "The offer has changed since you read it"


class OrderContested(Conflict):
    code, title = "order_disputed", "The order is disputed; it stands still until that has ended"


class PurposeNotOffered(Invalid):
    code, title = "purpose_not_offered", "The offer does not cover this purpose"


class TermsNotAccepted(Invalid):
    code, title = "terms_not_accepted", "The licence terms must be accepted"


class NotSellableYet(Conflict):
    code, title = "plan_not_sellable", "This kind of price plan cannot be ordered directly yet"


class NoSubscription(Conflict):
    code, title = "no_subscription", "This order has no periods that go on"


class CurrencyFixed(Conflict):
    code, title = "currency_fixed", "A subscription keeps its currency; end it and order anew"


class NotReplaceable(Conflict):
    code, title = "not_replaceable", "This order cannot take the place of that one"


class NothingAnnounced(Conflict):
    code, title = "no_price_to_announce", "No subscriber has another price than the one on offer"


class TermsInvalid(Invalid):
    code, title = "terms_invalid", "These are not terms of a licence"


class TermsBelowTier(Invalid):
    code, title = "terms_below_tier", "The tier asks for more than these terms give"


class TermsChanged(Conflict):
    code, title = "terms_changed", "The terms on the table are not those that you read"


class OwnTerms(Conflict):
    code, title = "own_terms", "The other side answers these terms"


class TalkTooLong(Conflict):
    code, title = "too_much_said", "An order's talk holds no more words and terms"


class NoSuchBuyer(Invalid):
    code, title = "buyer_unknown", "There is no such organisation to offer to"


class OrderNotPermitted(Conflict):
    code, title = "order_not_permitted", "The buyer may not order this as things stand"


class RequirementNotFound(NotFound):
    code, title = "requirement_not_found", "The order does not ask for this"


class RequirementMet(Conflict):
    code, title = "requirement_met", "This was done already"


class SamePerson(Forbidden):
    code, title = "same_person", "Another person must do this"


class MemberUnknown(NotFound):
    code, title = "member_unknown", "Your organisation has no such member"


class LicenceNotFound(NotFound):
    code, title = "licence_not_found", "The order has no licence yet"


class LicenceRefuses(Refused):
    """The code is that of the term which does not cover the use, as a gateway says it; the log keeps it."""

    title = "The licence does not cover this use"
    kept_of_reads = True

    def __init__(self, code: str, *, actor: Actor, order_id: str, **extra: str) -> None:
        super().__init__(actor=actor, action="order:use", object_id=order_id, hint="Read the order's licence.", **extra)
        self.code = code  # type: ignore[misc]


class OrdersOpen(Conflict):
    code, title = "orders_open", "The organisation still has orders under way, or sold rights in force"
