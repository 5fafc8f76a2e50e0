"""Transfers to connected accounts, and their reversals."""

from __future__ import annotations

from typing import Any

from tests.stripe import balance, money
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import Refused
from tests.stripe.lists import PAGING, filtered, listed, page
from tests.stripe.store import Object

_CREATING = "amount currency destination description metadata source_transaction transfer_group"


@route("POST", "/v1/transfers", "TransferCreateParams", _CREATING)
def create(call: Call) -> Object:
    given = call.params
    if "amount" not in given:
        raise Refused("Missing required param: amount.", code="parameter_missing", param="amount", validation=True)
    amount, currency = money.positive(given["amount"]), money.known(given["currency"])
    destination = _destination(call, given["destination"])
    source = _source(call, given["source_transaction"], amount, currency) if "source_transaction" in given else None
    if source is None and balance.available(call, currency) < amount:
        raise Refused(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available"
            " balance by creating Charges using the 4000000000000077 test card. You can use the /v1/balance endpoint"
            " to view your Stripe balance (for more details, see stripe.com/docs/api#balance).",
            code="balance_insufficient",
        )
    return _made(call, amount, currency, destination, source)


def _destination(call: Call, account: str) -> Object:
    found = call.store.find("account", id=account)
    if not found or found[0].get("_deleted"):
        raise Refused(f"No such destination: '{account}'", code="resource_missing", param="destination")
    if found[0]["capabilities"].get("transfers") != "active":
        raise Refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return found[0]


def _source(call: Call, charge_id: str, amount: int, currency: str) -> Object:
    charge = call.store.get("charge", charge_id, call.account, "source_transaction")
    if charge["status"] != "succeeded" or charge["currency"] != currency:
        raise Refused(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the"
            f" transfer currency ({currency}), and the charge must have succeeded.",
            param="source_transaction",
        )
    others = call.store.find("transfer", call.account, source_transaction=charge_id)
    before = sum(each["amount"] - each["amount_reversed"] for each in others)
    if before + amount > charge["amount"]:
        raise Refused(
            "Transfers using this transaction as a source must not exceed the source amount of"
            f" {money.shown(charge['amount'], currency)}. (There is already a total amount of"
            f" {money.shown(before, currency)} in transfers using this source, and creating this transfer would"
            f" increase the total to {money.shown(before + amount, currency)}.)",
            param="amount",
        )
    return charge


def _made(call: Call, amount: int, currency: str, destination: Object, source: Object | None) -> Object:
    store, given = call.store, call.params
    transfer_id = store.new_id("tr")
    waits = 0
    group = given.get("transfer_group")
    if source is not None:
        funds = store.get("balance_transaction", source["balance_transaction"], call.account)
        waits = max(0, funds["available_on"] - store.now())
        group = group or source.get("transfer_group") or f"group_{source['id']}"
    payment = _payment(call.within(destination["id"]), transfer_id, amount, currency, waits)
    posted = balance.post(
        call, "transfer", transfer_id, -amount, currency, available_in_s=waits, description=given.get("description")
    )
    transfer = store.add(
        {
            "id": transfer_id, "object": "transfer", "amount": amount, "amount_reversed": 0,
            "balance_transaction": posted["id"], "created": store.now(), "currency": currency,
            "description": given.get("description"), "destination": destination["id"],
            "destination_payment": payment["id"], "livemode": False, "metadata": merged(None, given.get("metadata")),
            "reversals": listed(f"/v1/transfers/{transfer_id}/reversals", []), "reversed": False,
            "source_transaction": given.get("source_transaction"), "source_type": "card", "transfer_group": group,
        },
        call.account,
    )  # fmt: skip
    call.emit("transfer.created", transfer)
    return transfer


def _payment(call: Call, transfer_id: str, amount: int, currency: str, waits: int) -> Object:
    """What the connected account sees of it."""
    payment_id = call.store.new_id("py")
    posted = balance.post(call, "payment", payment_id, amount, currency, available_in_s=waits)
    empty: dict[str, Any] = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    return call.store.add(
        {
            "id": payment_id, "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": 0,
            "balance_transaction": posted["id"], "billing_details": empty, "captured": True, "disputed": False,
            "created": call.store.now(), "currency": currency, "livemode": False, "metadata": {}, "paid": True,
            "payment_method_details": {"type": "stripe_account", "stripe_account": {}}, "refunded": False,
            "source_transfer": transfer_id, "status": "succeeded",
        },
        call.account,
    )  # fmt: skip


@route("GET", "/v1/transfers/{transfer}", "TransferRetrieveParams")
def retrieve(call: Call, transfer: str) -> Object:
    return call.store.get("transfer", transfer, call.account, "transfer")


@route("POST", "/v1/transfers/{transfer}", "TransferUpdateParams", "description metadata")
def update(call: Call, transfer: str) -> Object:
    found = call.store.get("transfer", transfer, call.account, "transfer")
    found["metadata"] = merged(found["metadata"], call.params.get("metadata"))
    found["description"] = call.params.get("description", found["description"])
    call.emit("transfer.updated", call.store.save(found))
    return found


@route("GET", "/v1/transfers", "TransferListParams", f"{PAGING} destination transfer_group")
def listing(call: Call) -> Object:
    found = call.store.find("transfer", call.account, **filtered(call, "destination", "transfer_group"))
    return page(call, "/v1/transfers", found)


@route("POST", "/v1/transfers/{transfer}/reversals", "TransferReversalCreateParams", "amount description metadata")
def reverse(call: Call, transfer: str) -> Object:
    found = call.store.get("transfer", transfer, call.account, "transfer")
    left = found["amount"] - found["amount_reversed"]
    if not left:
        raise Refused(f"Transfer {transfer} is already fully reversed.")
    amount, currency = money.positive(call.params.get("amount", left)), found["currency"]
    if amount > left:
        raise Refused(
            f"Reversal amount ({money.shown(amount, currency)}) is greater than unreversed amount on transfer"
            f" ({money.shown(left, currency)})",
            param="amount",
        )
    connected = call.within(found["destination"])
    if sum(balance.sums(connected).get(currency, [0, 0])) < amount:
        raise Refused(
            "The connected account has insufficient funds for this reversal.",
            code="balance_insufficient",
            param="amount",
        )
    return _reversed(call, connected, found, amount)


def _reversed(call: Call, connected: Call, transfer: Object, amount: int) -> Object:
    store, currency = call.store, transfer["currency"]
    reversal_id = store.new_id("trr")
    refund = _payment_refund(connected, transfer, amount)
    posted = balance.post(call, "transfer_refund", reversal_id, amount, currency)
    reversal = store.add(
        {
            "id": reversal_id, "object": "transfer_reversal", "amount": amount, "balance_transaction": posted["id"],
            "created": store.now(), "currency": currency, "destination_payment_refund": refund["id"],
            "metadata": merged(None, call.params.get("metadata")), "transfer": transfer["id"],
        },
        call.account,
    )  # fmt: skip
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"] = [reversal, *transfer["reversals"]["data"]][:10]
    call.emit("transfer.reversed", store.save(transfer))
    return reversal


def _payment_refund(connected: Call, transfer: Object, amount: int) -> Object:
    store, refund_id = connected.store, connected.store.new_id("pyr")
    posted = balance.post(connected, "payment_refund", refund_id, -amount, transfer["currency"])
    payment = store.get("charge", transfer["destination_payment"], connected.account)
    payment["amount_refunded"] += amount
    store.save(payment | {"refunded": payment["amount_refunded"] == payment["amount"]})
    return store.add(
        {
            "id": refund_id, "object": "refund", "amount": amount, "balance_transaction": posted["id"],
            "charge": payment["id"], "created": store.now(), "currency": transfer["currency"], "metadata": {},
            "status": "succeeded",
        },
        connected.account,
    )  # fmt: skip


@route("GET", "/v1/transfers/{transfer}/reversals/{reversal}", "TransferReversalRetrieveParams")
def retrieve_reversal(call: Call, transfer: str, reversal: str) -> Object:
    call.store.get("transfer", transfer, call.account, "transfer")
    return call.store.get("transfer_reversal", reversal, call.account)


@route("GET", "/v1/transfers/{transfer}/reversals", "TransferReversalListParams", PAGING)
def list_reversals(call: Call, transfer: str) -> Object:
    call.store.get("transfer", transfer, call.account, "transfer")
    found = call.store.find("transfer_reversal", call.account, transfer=transfer)
    return page(call, f"/v1/transfers/{transfer}/reversals", found)
