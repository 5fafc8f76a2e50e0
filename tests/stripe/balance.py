"""Balances: sums of balance transactions, of the platform and of each connected account."""

from __future__ import annotations

from typing import Any

from tests.stripe.call import Call, route
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

DAY_S = 24 * 3600
PENDING_S = 2 * DAY_S
_CATEGORIES = {
    "charge": "charge", "payment": "charge", "refund": "refund", "payment_refund": "refund", "adjustment": "dispute",
    "transfer": "transfer", "transfer_refund": "transfer_reversal", "payout": "payout",
    "payout_failure": "payout_reversal",
    "refund_failure": "refund_failure", "payment_failure_refund": "refund_failure", "topup": "topup",
}  # fmt: skip


def post(
    call: Call, kind: str, source: str, amount: int, currency: str, *, fee: int = 0, available_in_s: int = 0,
    description: str | None = None, category: str | None = None, fee_note: str = "Stripe processing fees",
) -> Object:  # fmt: skip
    """One movement on the balance of the call's account."""
    now = call.store.now()
    details = [
        {"amount": fee, "application": None, "currency": currency, "description": fee_note, "type": "stripe_fee"}
    ]
    return call.store.add(
        {
            "id": call.store.new_id("txn"), "object": "balance_transaction", "amount": amount,
            "available_on": now + available_in_s, "balance_type": "payments", "created": now, "currency": currency,
            "description": description, "exchange_rate": None, "fee": fee, "fee_details": details if fee else [],
            "net": amount - fee, "reporting_category": category or _CATEGORIES[kind], "source": source,
            "status": "available" if not available_in_s else "pending", "type": kind,
        },
        call.account,
    )  # fmt: skip


def sums(call: Call) -> dict[str, list[int]]:
    """Currency → [available, pending], of the call's account."""
    found: dict[str, list[int]] = {}
    for currency, net, ready in call.store.execute(
        "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')),"
        " json_extract(body, '$.available_on') <= ? AS ready FROM objects"
        " WHERE kind = 'balance_transaction' AND account = ? GROUP BY currency, ready",
        call.store.now(), call.account,
    ):  # fmt: skip
        found.setdefault(currency, [0, 0])[0 if ready else 1] += net
    return found


def available(call: Call, currency: str) -> int:
    return sums(call).get(currency, [0, 0])[0]


@route("GET", "/v1/balance", "BalanceRetrieveParams")
def retrieve(call: Call) -> Object:
    found = sums(call) or {"usd": [0, 0]}
    return {"object": "balance", "livemode": False} | {
        name: [
            {"amount": each[place], "currency": currency, "source_types": {"card": each[place]}}
            for currency, each in sorted(found.items())
        ]
        for place, name in enumerate(("available", "pending"))
    }


@route("GET", "/v1/balance_transactions/{transaction}", "BalanceTransactionRetrieveParams")
def transaction(call: Call, transaction: str) -> Object:
    return _by_now(call, call.store.get("balance_transaction", transaction, call.account))


@route("GET", "/v1/balance_transactions", "BalanceTransactionListParams", f"{PAGING} currency payout source type")
def listing(call: Call) -> Object:
    wanted: dict[str, Any] = filtered(call, "currency", "source", "type")
    if "payout" in call.params:
        wanted["_payout"] = call.store.get("payout", call.params["payout"], call.account, "payout")["id"]
    found = call.store.find("balance_transaction", call.account, **wanted)
    return page(call, "/v1/balance_transactions", [_by_now(call, each) for each in found])


def _by_now(call: Call, body: Object) -> Object:
    return body | {"status": "available" if body["available_on"] <= call.store.now() else "pending"}
