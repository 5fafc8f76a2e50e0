"""Charges: attempts to be paid, made by intents."""

from __future__ import annotations

from typing import Any

from tests.stripe import balance, money
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import MESSAGES
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

_OUTCOME = {
    "advice_code": None, "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
    "risk_score": 20, "seller_message": "Payment complete.", "type": "authorized",
}  # fmt: skip


def paid(call: Call, intent: Object, method: Object) -> Object:
    """The money is on the platform's balance, pending for two days (at once by the token that bypasses it)."""
    charge = _made(call, intent, method)
    waits = 0 if method["_trait"] == "available_at_once" else balance.PENDING_S
    fee = money.fee(charge["amount"], charge["currency"])
    posted = balance.post(
        call, "charge", charge["id"], charge["amount"], charge["currency"], fee=fee, available_in_s=waits,
        description=charge["description"],
    )  # fmt: skip
    charge |= {
        "amount_captured": charge["amount"], "balance_transaction": posted["id"], "captured": True, "paid": True,
        "status": "succeeded", "outcome": _OUTCOME, "receipt_url": f"{call.base_url}/fake/receipts/{charge['id']}",
    }  # fmt: skip
    call.store.add(charge, call.account)
    call.emit("charge.succeeded", charge)
    return charge


def declined(call: Call, intent: Object, method: Object, decline: str) -> Object:
    charge = _made(call, intent, method)
    charge |= {
        "captured": False, "paid": False, "status": "failed", "failure_code": _code(decline),
        "failure_message": MESSAGES[decline],
        "outcome": _OUTCOME | {
            "network_status": "declined_by_network", "reason": decline, "type": "issuer_declined",
            "seller_message": "The bank did not return any further details with this decline.",
        },
    }  # fmt: skip
    call.store.add(charge, call.account)
    call.emit("charge.failed", charge)
    return charge


def _code(decline: str) -> str:
    return decline if decline in ("expired_card", "incorrect_cvc", "processing_error") else "card_declined"


def _made(call: Call, intent: Object, method: Object) -> Object:
    copied = (
        "amount", "currency", "customer", "description", "receipt_email", "shipping", "statement_descriptor",
        "statement_descriptor_suffix", "transfer_group",
    )  # fmt: skip
    return {name: intent.get(name) for name in copied} | {
        "id": call.store.new_id("ch" if method["type"] == "card" else "py"), "object": "charge",
        "amount_captured": 0, "amount_refunded": 0, "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "FAKE STRIPE", "created": call.store.now(), "disputed": False,
        "fraud_details": {}, "livemode": False, "metadata": dict(intent["metadata"]), "payment_intent": intent["id"],
        "payment_method": method["id"], "payment_method_details": _details(method), "radar_options": {},
        "refunded": False, "_trait": method["_trait"],
    }  # fmt: skip


def _details(method: Object) -> Object:
    kind = method["type"]
    if kind != "card":
        known: dict[str, Any] = {"fingerprint": f"fake{kind}", "transaction_id": f"fake{method['id'][3:]}"}
        return {"type": kind, kind: known | ({"buyer_id": None} if kind == "alipay" else {})}
    copied = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    card = {name: method["card"][name] for name in copied}
    return {"type": "card", "card": card | {"network": card["brand"]}}


@route("GET", "/v1/charges/{charge}", "ChargeRetrieveParams")
def retrieve(call: Call, charge: str) -> Object:
    return call.store.get("charge", charge, call.account)


@route("POST", "/v1/charges/{charge}", "ChargeUpdateParams", "description metadata receipt_email transfer_group")
def update(call: Call, charge: str) -> Object:
    found = call.store.get("charge", charge, call.account)
    changed = {name: value for name, value in call.params.items() if name not in ("metadata", "expand")}
    if "metadata" in call.params:
        changed["metadata"] = merged(found["metadata"], call.params["metadata"])
    previous = {name: found.get(name) for name in changed}
    call.emit("charge.updated", call.store.save(found | changed), previous)
    return found | changed


@route("GET", "/v1/charges", "ChargeListParams", f"{PAGING} customer payment_intent transfer_group")
def listing(call: Call) -> Object:
    wanted = filtered(call, "customer", "payment_intent", "transfer_group")
    return page(call, "/v1/charges", call.store.find("charge", call.account, **wanted))
