"""Refunds: never more than was paid, less what was refunded or is lost to a dispute."""

from __future__ import annotations

from tests.stripe import balance, money
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import Refused
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

_LATER_S = 3600
_CREATING = "amount charge payment_intent reason metadata"


@route("POST", "/v1/refunds", "RefundCreateParams", _CREATING)
def create(call: Call) -> Object:
    charge = _charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = money.positive(call.params.get("amount", left or 1))
    if charge.get("_disputed"):
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            param="charge",
        )
    if not left:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", param=None)
    if amount > left:
        raise Refused(
            f"Refund amount ({money.shown(amount, charge['currency'])}) is greater than unrefunded amount on charge"
            f" ({money.shown(left, charge['currency'])})",
            param="amount",
        )
    return _made(call, charge, amount)


def _charge(call: Call) -> Object:
    given = call.params
    if ("charge" in given) == ("payment_intent" in given):
        raise Refused("Must provide either `charge` or `payment_intent`.", code="parameter_missing", param="charge")
    if "charge" in given:
        charge = call.store.get("charge", given["charge"], call.account, "charge")
    else:
        intent = call.store.get("payment_intent", given["payment_intent"], call.account, "payment_intent")
        if intent["status"] != "succeeded":
            raise Refused(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = call.store.get("charge", intent["latest_charge"], call.account)
    if not charge["paid"]:
        raise Refused(f"Charge {charge['id']} has not been paid; it cannot be refunded.", param="charge")
    return charge


def _made(call: Call, charge: Object, amount: int) -> Object:
    store, pending = call.store, charge.get("_trait") == "refund_pending"
    refund = store.add(
        {
            "id": store.new_id("re" if charge["id"].startswith("ch_") else "pyr"), "object": "refund", "amount": amount,
            "charge": charge["id"], "created": store.now(), "currency": charge["currency"],
            "metadata": merged(None, call.params.get("metadata")), "payment_intent": charge["payment_intent"],
            "reason": call.params.get("reason"), "status": "pending" if pending else "succeeded",
            "destination_details": _destination(charge), "pending_reason": "processing" if pending else None,
        },
        call.account,
    )  # fmt: skip
    kind = "refund" if charge["id"].startswith("ch_") else "payment_refund"
    posted = balance.post(call, kind, refund["id"], -amount, charge["currency"], description="REFUND FOR CHARGE")
    store.save(refund | {"balance_transaction": posted["id"]})
    refund["balance_transaction"] = posted["id"]
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.emit("charge.refunded", store.save(charge), previous)
    call.emit("refund.created", refund)
    if charge.get("_trait") in ("refund_fails", "refund_pending"):
        store.remind(store.now() + _LATER_S, "refund", refund["id"])
    return refund


def when_due(call: Call, refund_id: str) -> None:
    """What the test cards 3335 and 7726 do some time later."""
    refund = call.store.get("refund", refund_id, call.account)
    trait = call.store.get("charge", refund["charge"], call.account)["_trait"]
    if trait == "refund_fails" and refund["status"] == "succeeded":
        concluded(call, refund_id, failed=True)
    elif trait == "refund_pending" and refund["status"] == "pending":
        concluded(call, refund_id, failed=False)


def _destination(charge: Object) -> Object:
    kind = charge["payment_method_details"]["type"]
    return {
        "type": kind,
        kind: {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
        if kind == "card"
        else {},
    }


def concluded(call: Call, refund_id: str, *, failed: bool, reason: str = "lost_or_stolen_card") -> Object:
    """A pending one succeeds or fails; one that had succeeded fails later, and the money comes back."""
    refund = call.store.get("refund", refund_id, call.account)
    previous = {"status": refund["status"]}
    if refund["status"] not in ("pending", "succeeded") or (not failed and refund["status"] == "succeeded"):
        raise Refused(f"FAKE STRIPE: the refund {refund_id} is {refund['status']}.")
    if failed:
        posted = balance.post(call, "refund_failure", refund_id, refund["amount"], refund["currency"])
        refund |= {"failure_balance_transaction": posted["id"], "failure_reason": reason, "status": "failed"}
        give_back(call, refund)
    else:
        refund["status"] = "succeeded"
    refund["pending_reason"] = None
    call.store.save(refund)
    call.emit("refund.updated", refund, previous)
    call.emit("charge.refund.updated", refund, previous)
    if failed:
        call.emit("refund.failed", refund, previous)
    return refund


def give_back(call: Call, refund: Object) -> None:
    charge = call.store.get("charge", refund["charge"], call.account)
    charge["amount_refunded"] -= refund["amount"]
    call.store.save(charge | {"refunded": False})


@route("GET", "/v1/refunds/{refund}", "RefundRetrieveParams")
def retrieve(call: Call, refund: str) -> Object:
    return call.store.get("refund", refund, call.account)


@route("POST", "/v1/refunds/{refund}", "RefundUpdateParams", "metadata")
def update(call: Call, refund: str) -> Object:
    found = call.store.get("refund", refund, call.account)
    return call.store.save(found | {"metadata": merged(found["metadata"], call.params.get("metadata"))})


@route("GET", "/v1/refunds", "RefundListParams", f"{PAGING} charge payment_intent")
def listing(call: Call) -> Object:
    found = call.store.find("refund", call.account, **filtered(call, "charge", "payment_intent"))
    return page(call, "/v1/refunds", found)
