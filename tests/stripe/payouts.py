"""Payouts to a bank: of a connected account (by the header), or of the platform."""

from __future__ import annotations

from tests.stripe import balance, money
from tests.stripe.accounts import found as account_of
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import Refused
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import PLATFORM, Object

_LEAVES_IN_S = 3600
_ARRIVES_IN_S = 2 * balance.DAY_S


@route("POST", "/v1/payouts", "PayoutCreateParams", "amount currency description metadata statement_descriptor method")
def create(call: Call) -> Object:
    amount, currency = money.positive(call.params["amount"]), money.known(call.params["currency"])
    return made(call, amount, currency, automatic=False)


def made(call: Call, amount: int, currency: str, *, automatic: bool) -> Object:
    """Leaves within the hour, arrives in two days."""
    store, given = call.store, call.params
    bank = None
    if call.account != PLATFORM:
        account = account_of(call, call.account)
        if not account["payouts_enabled"]:
            raise Refused(
                "Cannot create payouts: this account has requirements that need to be met.", code="payouts_not_allowed"
            )
        bank = account["external_accounts"]["data"][0]["id"]
    if balance.available(call, currency) < amount:
        raise Refused(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You"
            " can use the the /v1/balance endpoint to view your Stripe balance (for more details, see"
            " stripe.com/docs/api#balance).",
            code="balance_insufficient", param="amount",
        )  # fmt: skip
    payout_id, now = store.new_id("po"), store.now()
    posted = balance.post(call, "payout", payout_id, -amount, currency, description="STRIPE PAYOUT")
    payout = store.add(
        {
            "id": payout_id, "object": "payout", "amount": amount, "arrival_date": now + _ARRIVES_IN_S,
            "automatic": automatic, "balance_transaction": posted["id"], "created": now, "currency": currency,
            "description": given.get("description"), "destination": bank, "livemode": False, "method": "standard",
            "metadata": merged(None, given.get("metadata")), "source_type": "card", "status": "pending",
            "reconciliation_status": "completed" if automatic else "not_applicable",
            "statement_descriptor": given.get("statement_descriptor"), "type": "bank_account",
        },
        call.account,
    )  # fmt: skip
    if automatic:
        _claim(call, payout)
    store.remind(now + _LEAVES_IN_S, "payout", payout_id)
    store.remind(now + _ARRIVES_IN_S, "payout", payout_id)
    call.emit("payout.created", payout)
    return payout


def _claim(call: Call, payout: Object) -> None:
    """The transactions that an automatic payout consists of are found by ``payout=…``."""
    for each in call.store.find("balance_transaction", call.account, currency=payout["currency"]):
        if "_payout" not in each and each["available_on"] <= call.store.now():
            call.store.save(each | {"_payout": payout["id"]})


def swept(call: Call, currency: str) -> Object:
    """An automatic payout of all that is available."""
    amount = balance.available(call, currency)
    if amount < 1:
        raise Refused(f"FAKE STRIPE: nothing to pay out in {currency}.")
    return made(call, amount, currency, automatic=True)


def when_due(call: Call, payout_id: str) -> None:
    payout = call.store.get("payout", payout_id, call.account)
    if payout["status"] not in ("pending", "in_transit"):
        return
    arrived = payout["arrival_date"] <= call.store.now()
    payout["status"] = "paid" if arrived else "in_transit"
    call.store.save(payout)
    call.emit("payout.paid" if arrived else "payout.updated", payout)


def failed(call: Call, payout_id: str, code: str = "account_closed") -> Object:
    """The bank has sent it back, also after it seemed paid: the money is on the balance again."""
    payout = call.store.get("payout", payout_id, call.account)
    if payout["status"] not in ("pending", "in_transit", "paid"):
        raise Refused(f"FAKE STRIPE: the payout {payout_id} is {payout['status']}.")
    posted = balance.post(call, "payout_failure", payout_id, payout["amount"], payout["currency"])
    payout |= {
        "failure_balance_transaction": posted["id"], "failure_code": code, "status": "failed",
        "failure_message": "The bank account has been closed.",
    }  # fmt: skip
    call.emit("payout.failed", call.store.save(payout))
    return payout


@route("GET", "/v1/payouts/{payout}", "PayoutRetrieveParams")
def retrieve(call: Call, payout: str) -> Object:
    return call.store.get("payout", payout, call.account, "payout")


@route("POST", "/v1/payouts/{payout}/cancel", "PayoutCancelParams")
def cancel(call: Call, payout: str) -> Object:
    known = call.store.get("payout", payout, call.account, "payout")
    if known["status"] != "pending" or known["automatic"]:
        raise Refused("Payouts can only be canceled while they are pending.")
    posted = balance.post(call, "payout_cancel", payout, known["amount"], known["currency"], category="payout_reversal")
    known |= {"failure_balance_transaction": posted["id"], "status": "canceled"}
    call.emit("payout.canceled", call.store.save(known))
    return known


@route("GET", "/v1/payouts", "PayoutListParams", f"{PAGING} status")
def listing(call: Call) -> Object:
    return page(call, "/v1/payouts", call.store.find("payout", call.account, **filtered(call, "status")))
