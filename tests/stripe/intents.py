"""PaymentIntents: made, confirmed, waiting for the customer, paid or not."""

from __future__ import annotations

from typing import Any

from tests.stripe import charges, money, payment_methods
from tests.stripe.call import Call, merged, route
from tests.stripe.customers import living
from tests.stripe.errors import MESSAGES, Declined, Refused, not_imitated
from tests.stripe.lists import PAGING, filtered, page, whole
from tests.stripe.payment_methods import TYPES
from tests.stripe.store import Object

_FIELDS = (
    "description receipt_email setup_future_usage shipping statement_descriptor"
    " statement_descriptor_suffix transfer_group payment_method_options"
)
_CONFIRMING = (
    "payment_method payment_method_data payment_method_options return_url off_session receipt_email"
    " setup_future_usage error_on_requires_action shipping"
)
_CREATING = (
    f"{_FIELDS} {_CONFIRMING} amount currency customer metadata confirm automatic_payment_methods"
    " allowed_payment_method_types excluded_payment_method_types capture_method confirmation_method"
)
_CURRENCIES = {
    "alipay": ["cny", "aud", "cad", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"],
    "wechat_pay": ["cny", "aud", "cad", "eur", "gbp", "hkd", "jpy", "sgd", "usd", "chf", "dkk", "nok", "sek"],
}
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_NEEDS_RETURN = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these"
    " payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want"
    " to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and"
    " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)


@route("POST", "/v1/payment_intents", "PaymentIntentCreateParams", _CREATING)
def create(call: Call) -> Object:
    intent = begun(call, call.params)
    if call.params.get("confirm"):
        return confirmed(call, intent, call.params)
    for name in ("off_session", "return_url", "error_on_requires_action"):
        if name in call.params:
            raise Refused(
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless confirm is true.",
                param=name,
            )
    return intent


def begun(call: Call, given: dict[str, Any]) -> Object:
    """A new one, not confirmed."""
    currency = money.known(given["currency"])
    money.chargeable(given["amount"], currency)
    for name, only in (("capture_method", ("automatic", "automatic_async")), ("confirmation_method", ("automatic",))):
        if given.get(name, only[0]) not in only:
            raise not_imitated(f"{name}={given[name]}", name)
    if "customer" in given:
        living(call, given["customer"])
    intent_id = call.store.new_id("pi")
    intent: Object = {
        "id": intent_id, "object": "payment_intent", "amount": given["amount"], "amount_capturable": 0,
        "amount_received": 0, "amount_details": {"tip": {}}, "automatic_payment_methods": _automatic(given),
        "capture_method": given.get("capture_method", "automatic_async"), "client_secret": f"{intent_id}_secret_fake",
        "confirmation_method": "automatic", "created": call.store.now(), "currency": currency,
        "customer": given.get("customer"), "livemode": False, "metadata": merged(None, given.get("metadata")),
        "payment_method_options": {}, "payment_method_types": types_for(given, currency), "last_payment_error": None,
        "latest_charge": None, "next_action": None, "payment_method": None, "status": "requires_payment_method",
    }  # fmt: skip
    intent |= {name: given[name] or None for name in _FIELDS.split() if name in given}
    call.store.add(intent, call.account)
    _choose(call, intent, given)
    call.emit("payment_intent.created", intent)
    return intent


def types_for(given: dict[str, Any], currency: str) -> list[str]:
    """Those asked for, or all that the currency allows. Raises Refused for one that it does not."""
    asked = given.get("allowed_payment_method_types")
    for kind in asked or ():
        if kind not in TYPES:
            raise not_imitated(f"the payment method type {kind}", "allowed_payment_method_types")
        if currency not in _CURRENCIES.get(kind, [currency]):
            raise Refused(
                f"The currency provided ({currency}) is invalid for one or more payment methods enabled on this"
                f" PaymentIntent: {kind}.",
                code="payment_intent_invalid_parameter", param="currency",
            )  # fmt: skip
    kinds = [kind for kind in asked or TYPES if currency in _CURRENCIES.get(kind, [currency])]
    if (given.get("automatic_payment_methods") or {}).get("allow_redirects") == "never":
        kinds = [kind for kind in kinds if kind != "alipay"]
    return [kind for kind in kinds if kind not in (given.get("excluded_payment_method_types") or ())]


def _automatic(given: dict[str, Any]) -> Object | None:
    if "allowed_payment_method_types" in given:
        return None
    asked = given.get("automatic_payment_methods") or {}
    return {"allow_redirects": asked.get("allow_redirects", "always"), "enabled": asked.get("enabled", True)}


def _choose(call: Call, intent: Object, given: dict[str, Any]) -> None:
    """The payment method of a request becomes the intent's."""
    if "payment_method" in given:
        method = payment_methods.from_token(call, given["payment_method"])
    elif "payment_method_data" in given:
        method = payment_methods.from_data(call, given["payment_method_data"])
    else:
        return
    if method["type"] not in intent["payment_method_types"]:
        raise Refused(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. Please attach a"
            f" PaymentMethod of one of the following types: {', '.join(intent['payment_method_types'])}.",
            param="payment_method",
        )  # fmt: skip
    if method["customer"] and method["customer"] != intent["customer"]:
        raise Refused(
            f"The PaymentMethod {method['id']} belongs to the Customer {method['customer']}."
            " Please include the Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    call.store.save(intent)


@route("POST", "/v1/payment_intents/{intent}/confirm", "PaymentIntentConfirmParams", _CONFIRMING)
def confirm(call: Call, intent: str) -> Object:
    return confirmed(call, call.store.get("payment_intent", intent, call.account, "intent"), call.params)


def confirmed(call: Call, intent: Object, given: dict[str, Any]) -> Object:
    """Paid, declined (raises Declined, on record), or waiting for the customer."""
    if intent["status"] not in _OPEN:
        raise _unexpected(
            intent, f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        )
    _choose(call, intent, given)
    if intent["payment_method"] is None:
        raise _unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
            " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
            " payment method or ConfirmationToken.",
        )
    intent |= {name: given[name] or None for name in _FIELDS.split() if name in given}
    if (intent["automatic_payment_methods"] or {}).get("allow_redirects") == "always" and "return_url" not in given:
        raise Refused(_NEEDS_RETURN, param="return_url")
    method = call.store.get("payment_method", intent["payment_method"], call.account)
    if method["type"] == "card":
        return _by_card(call, intent, method, given)
    return _by_wallet(call, intent, method, given)


def _by_card(call: Call, intent: Object, method: Object, given: dict[str, Any]) -> Object:
    trait = method["_trait"]
    if trait in MESSAGES and trait != "authentication_required":
        raise decline(call, intent, method, trait)
    if trait == "authentication_required" or (trait == "authenticated_once" and not method.get("_authenticated")):
        if given.get("off_session") or given.get("error_on_requires_action"):
            raise decline(call, intent, method, "authentication_required")
        return _wait(call, intent, _redirect(call, intent, given))
    return succeed(call, intent, method)


def _by_wallet(call: Call, intent: Object, method: Object, given: dict[str, Any]) -> Object:
    kind = method["type"]
    if given.get("off_session") or intent.get("setup_future_usage"):
        param = "off_session" if given.get("off_session") else "setup_future_usage"
        raise Refused(f"The payment method type {kind} does not support {param}.", param=param)
    if given.get("error_on_requires_action"):
        raise decline(call, intent, method, "authentication_required")
    if kind == "alipay":
        if "return_url" not in given:
            raise Refused("Missing required param: return_url.", code="parameter_missing", param="return_url")
        action: Object = {
            "native_data": None,
            "native_url": None,
            "return_url": given["return_url"],
            "url": _page(call, intent),
        }
        return _wait(call, intent, {"type": "alipay_handle_redirect", "alipay_handle_redirect": action}, given)
    options = (intent.get("payment_method_options") or {}).get("wechat_pay") or {}
    if options.get("client") != "web":
        if "client" in options:
            raise not_imitated(f"client={options['client']}", "payment_method_options[wechat_pay][client]")
        where = "payment_method_options[wechat_pay][client]"
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)
    url = _page(call, intent)
    action = {
        "data": url, "hosted_instructions_url": url, "image_data_url": "data:image/svg+xml,",
        "image_url_png": f"{url}.png", "image_url_svg": f"{url}.svg",
    }  # fmt: skip
    return _wait(call, intent, {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": action}, given)


def _page(call: Call, intent: Object) -> str:
    return f"{call.base_url}/fake/pay/{intent['id']}"


def _redirect(call: Call, intent: Object, given: dict[str, Any]) -> Object:
    if "return_url" not in given:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": _page(call, intent)},
        }
    intent["_return_url"] = given["return_url"]
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": given["return_url"], "url": _page(call, intent)},
    }


def _wait(call: Call, intent: Object, action: Object, given: dict[str, Any] | None = None) -> Object:
    if given and "return_url" in given:
        intent["_return_url"] = given["return_url"]
    intent |= {"status": "requires_action", "next_action": action, "last_payment_error": None}
    call.store.save(intent)
    call.emit("payment_intent.requires_action", intent)
    return intent


def succeed(call: Call, intent: Object, method: Object) -> Object:
    """Paid: a charge, and the money on the balance."""
    if intent.get("setup_future_usage") and intent["customer"] and not method["customer"]:
        method["customer"] = intent["customer"]
        call.emit("payment_method.attached", method)
    method["_detached"] = method["customer"] is None
    call.store.save(method | {"_authenticated": True})
    charge = charges.paid(call, intent, method)
    intent |= {
        "amount_received": intent["amount"], "latest_charge": charge["id"], "last_payment_error": None,
        "next_action": None, "status": "succeeded",
    }  # fmt: skip
    call.store.save(intent)
    call.emit("payment_intent.succeeded", intent)
    if "_session" in intent:
        from tests.stripe.sessions import completed

        completed(call, intent)
    if method["_trait"] == "dispute":
        from tests.stripe.disputes import opened

        opened(call, charge)
    return intent


def decline(call: Call, intent: Object, method: Object, reason: str) -> Declined:
    """To be raised: the attempt is on record, another method may be tried."""
    charge = charges.declined(call, intent, method, reason)
    refused = Declined(reason, charge["id"])
    intent |= {
        "latest_charge": charge["id"], "last_payment_error": refused.error | {"payment_method": whole(method)},
        "next_action": None, "payment_method": None, "status": "requires_payment_method",
    }  # fmt: skip
    call.store.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    refused.error |= {"payment_intent": whole(intent), "payment_method": whole(method)}
    return refused


def settle(call: Call, intent_id: str, *, paid: bool) -> Object:
    """The customer has answered on the fake's page, or control for the customer. Once only."""
    intent = call.store.get("payment_intent", intent_id, None)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, f"FAKE STRIPE: nothing is asked of the customer, the status is {intent['status']}.")
    method = call.store.get("payment_method", intent["payment_method"], call.account)
    if paid:
        return succeed(call, intent, method)
    code = "authentication_failure" if method["type"] == "card" else "payment_attempt_failed"
    error = {
        "code": f"payment_intent_{code}", "message": "The provided PaymentMethod has failed authentication. You can"
        " provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
        "payment_method": whole(method), "type": "invalid_request_error",
    }  # fmt: skip
    intent |= {
        "last_payment_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    call.emit("payment_intent.payment_failed", call.store.save(intent))
    return intent


@route("GET", "/v1/payment_intents/{intent}", "PaymentIntentRetrieveParams", "client_secret")
def retrieve(call: Call, intent: str) -> Object:
    return call.store.get("payment_intent", intent, call.account, "intent")


_UPDATABLE = f"{_FIELDS} amount currency customer metadata payment_method payment_method_data"


@route("POST", "/v1/payment_intents/{intent}", "PaymentIntentUpdateParams", _UPDATABLE)
def update(call: Call, intent: str) -> Object:
    found = call.store.get("payment_intent", intent, call.account, "intent")
    given = call.params
    if found["status"] not in _OPEN and set(given) - {"metadata", "description", "expand"}:
        raise _unexpected(
            found,
            f"This PaymentIntent's {next(iter(given))} could not be updated because it has a status of"
            f" {found['status']}.",
        )
    for name in (*_FIELDS.split(), "amount", "currency", "customer"):
        if name in given:
            found[name] = given[name] or None
    found["currency"] = money.known(found["currency"])
    money.chargeable(found["amount"], found["currency"])
    if given.get("customer"):
        living(call, given["customer"])
    found["metadata"] = merged(found["metadata"], given.get("metadata"))
    if given.get("metadata") == "":
        found["metadata"] = {}
    _choose(call, found, given)
    return call.store.save(found)


@route("POST", "/v1/payment_intents/{intent}/cancel", "PaymentIntentCancelParams", "cancellation_reason")
def cancel(call: Call, intent: str) -> Object:
    found = call.store.get("payment_intent", intent, call.account, "intent")
    if found.get("_session"):
        raise _unexpected(
            found,
            "You cannot cancel PaymentIntents created by Checkout Sessions. Please expire the"
            " Checkout Session instead.",
        )
    return canceled(call, found, call.params.get("cancellation_reason"))


def canceled(call: Call, intent: Object, reason: str | None) -> Object:
    if intent["status"] not in _OPEN:
        raise _unexpected(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent"
            " with one of the following statuses may be canceled: requires_payment_method, requires_capture,"
            " requires_confirmation, requires_action, processing.",
        )
    intent |= {
        "canceled_at": call.store.now(), "cancellation_reason": reason, "next_action": None, "status": "canceled",
    }  # fmt: skip
    call.emit("payment_intent.canceled", call.store.save(intent))
    return intent


@route("GET", "/v1/payment_intents", "PaymentIntentListParams", f"{PAGING} customer")
def listing(call: Call) -> Object:
    found = call.store.find("payment_intent", call.account, **filtered(call, "customer"))
    return page(call, "/v1/payment_intents", found)


def _unexpected(intent: Object, message: str) -> Refused:
    return Refused(message, code="payment_intent_unexpected_state", payment_intent=whole(intent))
