"""Payment methods: cards by Stripe's test tokens, Alipay, WeChat Pay."""

from __future__ import annotations

from typing import Any

from tests.stripe.call import Call, merged, route
from tests.stripe.customers import living
from tests.stripe.errors import Declined, Refused, missing, not_imitated
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

WALLETS = ("alipay", "wechat_pay")
TYPES = ("card", *WALLETS)
_VISA = ("visa", "4242")
# Token → (brand, last four digits), and what becomes of a payment with it.
TOKENS: dict[str, tuple[tuple[str, str], str]] = {
    "pm_card_visa": (_VISA, "ok"),
    "pm_card_mastercard": (("mastercard", "4444"), "ok"),
    "pm_card_unionpay": (("unionpay", "0005"), "ok"),
    "pm_card_bypassPending": (("visa", "0077"), "available_at_once"),
    "pm_card_chargeCustomerFail": (("visa", "0341"), "generic_decline"),
    "pm_card_chargeDeclined": (("visa", "0002"), "generic_decline"),
    "pm_card_visa_chargeDeclined": (("visa", "0002"), "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": (("visa", "9995"), "insufficient_funds"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": (("visa", "9995"), "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": (("visa", "0069"), "expired_card"),
    "pm_card_visa_chargeDeclinedExpiredCard": (("visa", "0069"), "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": (("visa", "0127"), "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": (("visa", "0119"), "processing_error"),
    "pm_card_chargeDeclinedFraudulent": (("visa", "0019"), "fraudulent"),
    "pm_card_authenticationRequired": (("visa", "3184"), "authentication_required"),
    "pm_card_authenticationRequiredOnSetup": (("visa", "3155"), "authenticated_once"),
    "pm_card_createDispute": (("visa", "0259"), "dispute"),
    "pm_card_refundFail": (("visa", "3335"), "refund_fails"),
    "pm_card_pendingRefund": (("visa", "7726"), "refund_pending"),
}
_REFUSED_AT_ATTACH = frozenset(
    ("generic_decline", "insufficient_funds", "expired_card", "incorrect_cvc", "processing_error", "fraudulent")
)


def made(call: Call, kind: str, trait: str = "ok", card: tuple[str, str] = _VISA) -> Object:
    """A new one. Its ``_trait`` is what the fake does with it."""
    now = call.store.now()
    method: Object = {
        "id": call.store.new_id("pm"), "object": "payment_method", "created": now, "livemode": False, "metadata": {},
        "allow_redisplay": "unspecified", "customer": None, "type": kind, "_trait": trait,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
    }  # fmt: skip
    method[kind] = {} if kind != "card" else {
        "brand": card[0], "country": "US", "display_brand": card[0], "exp_month": 12, "exp_year": 2040,
        "fingerprint": f"fake{card[1]}", "funding": "credit", "last4": card[1],
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "networks": {"available": [card[0]], "preferred": None}, "three_d_secure_usage": {"supported": True},
    }  # fmt: skip
    return call.store.add(method, call.account)


def from_token(call: Call, token: str, param: str = "payment_method") -> Object:
    """A token makes a new payment method each time, as it does with Stripe; any other id is looked up."""
    if token in TOKENS:
        card, trait = TOKENS[token]
        return made(call, "card", trait, card)
    found = call.store.get("payment_method", token, call.account, param)
    if found.get("_detached"):
        raise Refused(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, was"
            " shared with a connected account without Customer attachment, or was detached from a Customer. It may not"
            " be used again.",
            code="payment_method_unexpected_state", param=param,
        )  # fmt: skip
    return found


def from_data(call: Call, data: dict[str, Any]) -> Object:
    """``payment_method_data``. Card numbers are refused, as Stripe refuses them by default."""
    if data["type"] not in TYPES:
        raise not_imitated(f"the payment method type {data['type']}", "payment_method_data[type]")
    if data["type"] == "card":
        raise Refused(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens"
            " that map to the test card you are using, see https://stripe.com/docs/testing."
        )
    method = made(call, data["type"])
    method["billing_details"] |= data.get("billing_details") or {}
    return call.store.save(method)


@route(
    "POST", "/v1/payment_methods", "PaymentMethodCreateParams", "type alipay wechat_pay card billing_details metadata"
)
def create(call: Call) -> Object:
    token = (call.params.get("card") or {}).get("token")
    if token in ("tok_visa", "tok_mastercard"):
        method = made(call, "card", "ok", _VISA if token == "tok_visa" else ("mastercard", "4444"))
        method["billing_details"] |= call.params.get("billing_details") or {}
    else:
        method = from_data(call, call.params)
    return call.store.save(method | {"metadata": merged(None, call.params.get("metadata"))})


@route("GET", "/v1/payment_methods/{method}", "PaymentMethodRetrieveParams")
def retrieve(call: Call, method: str) -> Object:
    return call.store.get("payment_method", method, call.account)


@route("POST", "/v1/payment_methods/{method}/attach", "PaymentMethodAttachParams", "customer")
def attach(call: Call, method: str) -> Object:
    return attach_to(call, method, call.params.get("customer", ""))


def attach_to(call: Call, method: str, customer: str) -> Object:
    owner = living(call, customer)
    found = from_token(call, method)
    if found["customer"] not in (None, owner["id"]):
        raise Refused("The payment method you provided has already been attached to a customer.")
    if found["type"] in WALLETS:
        raise Refused(
            f"The payment method type `{found['type']}` cannot be saved to customers.", param="payment_method"
        )
    if found["_trait"] in _REFUSED_AT_ATTACH and method != "pm_card_chargeCustomerFail":
        raise Declined(found["_trait"], None)
    call.store.save(found | {"customer": owner["id"]})
    call.emit("payment_method.attached", found | {"customer": owner["id"]})
    return found | {"customer": owner["id"]}


@route("POST", "/v1/payment_methods/{method}/detach", "PaymentMethodDetachParams")
def detach(call: Call, method: str) -> Object:
    found = call.store.get("payment_method", method, call.account)
    if found["customer"] is None:
        raise Refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    previous = {"customer": found["customer"]}
    call.store.save(found | {"customer": None, "_detached": True})
    call.emit("payment_method.detached", found | {"customer": None}, previous)
    return found | {"customer": None}


@route("GET", "/v1/payment_methods", "PaymentMethodListParams", f"{PAGING} customer type")
def listing(call: Call) -> Object:
    if "customer" not in call.params:
        return page(call, "/v1/payment_methods", [])
    living(call, call.params["customer"])
    return page(call, "/v1/payment_methods", _saved(call, **filtered(call, "customer", "type")))


@route("GET", "/v1/customers/{customer}/payment_methods", "CustomerPaymentMethodListParams", f"{PAGING} type")
def of_customer(call: Call, customer: str) -> Object:
    living(call, customer)
    url = f"/v1/customers/{customer}/payment_methods"
    return page(call, url, _saved(call, customer=customer, **filtered(call, "type")))


@route("GET", "/v1/customers/{customer}/payment_methods/{method}", "CustomerPaymentMethodRetrieveParams")
def one_of_customer(call: Call, customer: str, method: str) -> Object:
    found = call.store.get("payment_method", method, call.account)
    if found["customer"] != customer:
        raise missing("payment_method", method)
    return found


def _saved(call: Call, **wanted: Any) -> list[Object]:
    return call.store.find("payment_method", call.account, **wanted)
