"""Checkout Sessions of mode ``payment``, on the fake's own page."""

from __future__ import annotations

from typing import Any

from tests.stripe import intents, money
from tests.stripe.call import Call, merged, route
from tests.stripe.customers import living
from tests.stripe.errors import Refused, not_imitated
from tests.stripe.lists import PAGING, filtered, listed, page
from tests.stripe.store import Object

_HONOURED = (
    "mode success_url cancel_url line_items customer customer_email client_reference_id expires_at metadata locale"
    " payment_intent_data payment_method_options allowed_payment_method_types excluded_payment_method_types submit_type"
    " ui_mode currency"
)
_OF_LINE = frozenset(("price_data", "quantity"))
_OF_PRICE = frozenset(("currency", "unit_amount", "product_data"))
_OF_INTENT = frozenset(
    [
        "description",
        "metadata",
        "receipt_email",
        "setup_future_usage",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ]
)
_SHORTEST_S, _LONGEST_S = 30 * 60, 24 * 3600


@route("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams", _HONOURED)
def create(call: Call) -> Object:
    given, store = call.params, call.store
    _check(given)
    expires_at = _expiry(call)
    lines = _lines(call)
    total, currency = sum(line["amount_total"] for line in lines), lines[0]["currency"]
    money.chargeable(total, currency, "line_items")
    session_id = store.new_id("cs_test")
    session: Object = {
        name: given.get(name)
        for name in (
            "cancel_url",
            "client_reference_id",
            "customer",
            "customer_email",
            "locale",
            "submit_type",
            "success_url",
        )
    } | {
        "id": session_id,
        "object": "checkout.session",
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "allowed_payment_method_types": given.get("allowed_payment_method_types"),
        "amount_total": total,
        "automatic_tax": {"enabled": False},
        "created": store.now(),
        "currency": currency,
        "custom_fields": [],
        "custom_text": {},
        "customer_creation": None if given.get("customer") else "if_required",
        "customer_details": _details(call),
        "expires_at": expires_at,
        "livemode": False,
        "metadata": merged(None, given.get("metadata")),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_collection": "if_required",
        "payment_method_options": given.get("payment_method_options") or {},
        "payment_method_types": intents.types_for(given, currency),
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": f"{call.base_url}/fake/checkout/{session_id}",
        "_lines": lines,
        "_intent": given.get("payment_intent_data") or {},
    }
    store.remind(expires_at, "checkout.session", session_id)
    return store.add(session, call.account)


def _check(given: dict[str, Any]) -> None:
    for name, wanted in (("mode", "payment"), ("ui_mode", "hosted_page")):
        if given.get(name, wanted) != wanted:
            raise not_imitated(f"{name}={given[name]}", name)
    for name in ("mode", "success_url", "line_items"):
        if not given.get(name):
            raise Refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if "customer" in given and "customer_email" in given:
        raise Refused("You may only specify one of these parameters: customer, customer_email.")
    _only(given.get("payment_intent_data") or {}, _OF_INTENT, "payment_intent_data")
    for number, line in enumerate(given["line_items"]):
        _only(line, _OF_LINE, f"line_items[{number}]")
        _only(line.get("price_data") or {}, _OF_PRICE, f"line_items[{number}][price_data]")


def _only(given: dict[str, Any], known: frozenset[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise not_imitated(f"the parameter {where}[{name}]", f"{where}[{name}]")


def _expiry(call: Call) -> int:
    now = call.store.now()
    expires_at = int(call.params.get("expires_at", now + _LONGEST_S))
    if expires_at < now + _SHORTEST_S - 5:
        raise Refused(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if expires_at > now + _LONGEST_S + 5:
        raise Refused(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return expires_at


def _lines(call: Call) -> list[Object]:
    lines: list[Object] = []
    for number, line in enumerate(call.params["line_items"]):
        where = f"line_items[{number}]"
        price = line.get("price_data")
        if price is None or "product_data" not in price or "unit_amount" not in price:
            raise not_imitated("a line without price_data, unit_amount and product_data", where)
        currency, quantity = money.known(price["currency"]), line.get("quantity", 0)
        if quantity < 1:
            raise Refused("Quantity is required. Add `quantity` to this line item.", param=f"{where}[quantity]")
        if lines and lines[0]["currency"] != currency:
            raise Refused("All prices on a Checkout session must use the same currency.", param=where)
        lines.append(_line(call, price, currency, quantity))
    return lines


def _line(call: Call, price: dict[str, Any], currency: str, quantity: int) -> Object:
    store, unit = call.store, price["unit_amount"]
    if unit < 0:
        raise Refused("Invalid non-negative integer", code="parameter_invalid_integer", param="line_items")
    return {
        "id": store.new_id("li"), "object": "item", "amount_discount": 0, "amount_subtotal": unit * quantity,
        "amount_tax": 0, "amount_total": unit * quantity, "currency": currency,
        "description": price["product_data"]["name"], "quantity": quantity,
        "price": {
            "id": store.new_id("price"), "object": "price", "active": False, "billing_scheme": "per_unit",
            "created": store.now(), "currency": currency, "livemode": False, "metadata": {},
            "product": store.new_id("prod"), "tax_behavior": "unspecified", "type": "one_time", "unit_amount": unit,
            "unit_amount_decimal": str(unit),
        },
    }  # fmt: skip


def _details(call: Call) -> Object | None:
    if "customer" in call.params:
        customer = living(call, call.params["customer"])
        return {"email": customer.get("email"), "name": customer.get("name"), "tax_exempt": "none"}
    email = call.params.get("customer_email")
    return {"email": email, "tax_exempt": "none"} if email else None


@route("GET", "/v1/checkout/sessions/{session}", "checkout.SessionRetrieveParams")
def retrieve(call: Call, session: str) -> Object:
    return call.store.get("checkout.session", session, call.account, "session")


@route("GET", "/v1/checkout/sessions/{session}/line_items", "checkout.SessionLineItemListParams", PAGING)
def line_items(call: Call, session: str) -> Object:
    found = call.store.get("checkout.session", session, call.account, "session")
    return listed(f"/v1/checkout/sessions/{session}/line_items", found["_lines"][: call.params.get("limit", 10)])


@route("GET", "/v1/checkout/sessions", "checkout.SessionListParams", f"{PAGING} customer payment_intent status")
def listing(call: Call) -> Object:
    wanted = filtered(call, "customer", "payment_intent", "status")
    return page(call, "/v1/checkout/sessions", call.store.find("checkout.session", call.account, **wanted))


@route("POST", "/v1/checkout/sessions/{session}/expire", "checkout.SessionExpireParams")
def expire(call: Call, session: str) -> Object:
    found = call.store.get("checkout.session", session, call.account, "session")
    _open(found, 'Only Checkout Sessions with a status in ["open"] can be expired.')
    return expired(call, found)


def expired(call: Call, session: Object) -> Object:
    """Nobody can pay it any more; an intent that waited is canceled."""
    session |= {"status": "expired", "url": None, "expires_at": min(session["expires_at"], call.store.now())}
    call.emit("checkout.session.expired", call.store.save(session))
    if session["payment_intent"]:
        intents.canceled(call, call.store.get("payment_intent", session["payment_intent"], call.account), "expired")
    return session


def when_due(call: Call, session_id: str) -> None:
    session = call.store.get("checkout.session", session_id, call.account)
    if session["status"] == "open":
        expired(call, session)


def attempt(call: Call, session_id: str, method: str, *, paid: bool) -> Object:
    """The customer presses a button of the page. ``method`` is a type, or a test token of a card."""
    session = call.store.get("checkout.session", session_id, call.account)
    _open(session, "FAKE STRIPE: this session can no longer be paid.")
    intent = _intent(call, session)
    given: dict[str, Any] = {
        "return_url": session["success_url"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
    }
    if method in ("alipay", "wechat_pay"):
        given["payment_method_data"] = {"type": method}
    else:
        token = method if method != "card" else "pm_card_visa" if paid else "pm_card_chargeDeclined"
        given["payment_method"] = token
    intent = intents.confirmed(call, intent, given)
    if intent["status"] == "requires_action":
        intents.settle(call, intent["id"], paid=paid)
    return call.store.get("checkout.session", session_id, call.account)


def _intent(call: Call, session: Object) -> Object:
    if session["payment_intent"]:
        return call.store.get("payment_intent", session["payment_intent"], call.account)
    given = {name: value for name, value in session["_intent"].items() if value}
    given |= {"amount": session["amount_total"], "currency": session["currency"]}
    given |= {"allowed_payment_method_types": session["payment_method_types"]}
    if session["customer"]:
        given["customer"] = session["customer"]
    intent = call.store.save(intents.begun(call, given) | {"_session": session["id"]})
    call.store.save(session | {"payment_intent": intent["id"]})
    return intent


def completed(call: Call, intent: Object) -> None:
    """Its intent was paid."""
    session = call.store.get("checkout.session", intent["_session"], call.account)
    details = session["customer_details"] or {"email": "payer@example.com", "name": "Fake Payer", "tax_exempt": "none"}
    session |= {"customer_details": details, "payment_status": "paid", "status": "complete", "url": None}
    call.emit("checkout.session.completed", call.store.save(session))


def _open(session: Object, otherwise: str) -> None:
    if session["status"] != "open":
        raise Refused(f"{otherwise} This Checkout Session has a status of {session['status']}.", param="session")
