"""SetupIntents: a card is saved for later."""

from __future__ import annotations

from typing import Any

from tests.stripe import payment_methods
from tests.stripe.call import Call, merged, route
from tests.stripe.customers import living
from tests.stripe.errors import MESSAGES, Declined, Refused, not_imitated
from tests.stripe.lists import PAGING, filtered, page, whole
from tests.stripe.store import Object

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CREATING = (
    "customer payment_method confirm usage return_url metadata description automatic_payment_methods"
    " allowed_payment_method_types"
)


@route("POST", "/v1/setup_intents", "SetupIntentCreateParams", _CREATING)
def create(call: Call) -> Object:
    given, store = call.params, call.store
    for kind in given.get("allowed_payment_method_types", ()):
        if kind != "card":
            raise not_imitated(f"to save {kind}", "allowed_payment_method_types")
    if "customer" in given:
        living(call, given["customer"])
    intent_id = store.new_id("seti")
    automatic = given.get("automatic_payment_methods") or {"enabled": True}
    intent: Object = {
        "id": intent_id, "object": "setup_intent", "client_secret": f"{intent_id}_secret_fake", "created": store.now(),
        "automatic_payment_methods": None if "allowed_payment_method_types" in given else
        {"allow_redirects": automatic.get("allow_redirects", "always"), "enabled": automatic["enabled"]},
        "customer": given.get("customer"), "description": given.get("description"), "livemode": False,
        "metadata": merged(None, given.get("metadata")), "payment_method": None, "payment_method_options": {},
        "payment_method_types": ["card"], "status": "requires_payment_method",
        "usage": given.get("usage", "off_session"),
    }  # fmt: skip
    store.add(intent, call.account)
    _choose(call, intent, given)
    call.emit("setup_intent.created", intent)
    return _confirmed(call, intent, given) if given.get("confirm") else intent


def _choose(call: Call, intent: Object, given: dict[str, Any]) -> None:
    if "payment_method" in given:
        method = payment_methods.from_token(call, given["payment_method"])
        call.store.save(intent | {"payment_method": method["id"], "status": "requires_confirmation"})
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


@route("POST", "/v1/setup_intents/{intent}/confirm", "SetupIntentConfirmParams", "payment_method return_url")
def confirm(call: Call, intent: str) -> Object:
    found = call.store.get("setup_intent", intent, call.account, "intent")
    _open(found, "confirm")
    _choose(call, found, call.params)
    return _confirmed(call, found, call.params)


def _confirmed(call: Call, intent: Object, given: dict[str, Any]) -> Object:
    if intent["payment_method"] is None:
        raise Refused(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            code="setup_intent_unexpected_state", setup_intent=whole(intent),
        )  # fmt: skip
    method = call.store.get("payment_method", intent["payment_method"], call.account)
    trait = method["_trait"]
    if trait in MESSAGES and trait != "authentication_required":
        raise _declined(call, intent, method, trait)
    if trait in ("authentication_required", "authenticated_once"):
        url = f"{call.base_url}/fake/pay/{intent['id']}"
        action: Object = {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": url}}
        if "return_url" in given:
            redirect = {"return_url": given["return_url"], "url": url}
            action = {"type": "redirect_to_url", "redirect_to_url": redirect}
        intent |= {"next_action": action, "status": "requires_action", "_return_url": given.get("return_url")}
        call.emit("setup_intent.requires_action", call.store.save(intent))
        return intent
    return _succeeded(call, intent, method)


def _succeeded(call: Call, intent: Object, method: Object) -> Object:
    call.store.save(method | {"_authenticated": True})
    if intent["customer"] and method["customer"] is None:
        payment_methods.attach_to(call, method["id"], intent["customer"])
    intent |= {"next_action": None, "status": "succeeded", "last_setup_error": None}
    call.emit("setup_intent.succeeded", call.store.save(intent))
    return intent


def _declined(call: Call, intent: Object, method: Object, reason: str) -> Declined:
    refused = Declined(reason, None)
    error = {name: value for name, value in refused.error.items() if name != "charge"}
    intent |= {
        "last_setup_error": error | {"payment_method": whole(method)}, "payment_method": None, "next_action": None,
        "status": "requires_payment_method",
    }  # fmt: skip
    call.emit("setup_intent.setup_failed", call.store.save(intent))
    refused.error |= {"setup_intent": whole(intent), "payment_method": whole(method)}
    return refused


def settle(call: Call, intent_id: str, *, paid: bool) -> Object:
    """The customer has answered the bank's question."""
    intent = call.store.get("setup_intent", intent_id, None)
    if intent["status"] != "requires_action":
        raise Refused(f"FAKE STRIPE: nothing is asked of the customer, the status is {intent['status']}.")
    method = call.store.get("payment_method", intent["payment_method"], call.account)
    if paid:
        return _succeeded(call, intent, method)
    error = {
        "code": "setup_intent_authentication_failure", "type": "invalid_request_error", "payment_method": whole(method),
        "message": "The latest attempt to set up the payment method has failed because authentication failed.",
    }  # fmt: skip
    intent |= {
        "last_setup_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    call.emit("setup_intent.setup_failed", call.store.save(intent))
    return intent


@route("GET", "/v1/setup_intents/{intent}", "SetupIntentRetrieveParams", "client_secret")
def retrieve(call: Call, intent: str) -> Object:
    return call.store.get("setup_intent", intent, call.account, "intent")


@route("POST", "/v1/setup_intents/{intent}/cancel", "SetupIntentCancelParams", "cancellation_reason")
def cancel(call: Call, intent: str) -> Object:
    found = call.store.get("setup_intent", intent, call.account, "intent")
    _open(found, "cancel")
    changes = {"cancellation_reason": call.params.get("cancellation_reason"), "next_action": None, "status": "canceled"}
    call.emit("setup_intent.canceled", call.store.save(found | changes))
    return found | changes


def _open(intent: Object, verb: str) -> None:
    if intent["status"] not in _OPEN:
        raise Refused(
            f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state", setup_intent=whole(intent),
        )  # fmt: skip


@route("GET", "/v1/setup_intents", "SetupIntentListParams", f"{PAGING} customer payment_method")
def listing(call: Call) -> Object:
    found = call.store.find("setup_intent", call.account, **filtered(call, "customer", "payment_method"))
    return page(call, "/v1/setup_intents", found)
