"""Amounts that are none, a currency that changes, refunds that are too much, and a payment processor that is away."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from bench.badinput import messages
from bench.badinput.sheet import Sheet
from bench.badinput.till import RECEIVED, Till, opened
from bench.client import PREFIX, Reply, at_once
from billing.payments.types import PaymentState
from tests.servers.exchange import eventually

_AMOUNTS = {
    "as a float": "1.5", "1e-30 as a number": "1e-30", "1e-30": '"1e-30"', "-5.00": '"-5.00"', "0.00": '"0.00"',
    "0.001": '"0.001"', "NaN": '"NaN"', "NaN as a number": "NaN", "Infinity": '"Infinity"', "1,000.00": '"1,000.00"',
    "１.００ in wide digits": '"１.００"', "10^30": f'"1{"0" * 30}.00"', "of 100 digits": f'"{"9" * 100}"',
    "as a list": '["1.00"]', "null": "null",
}  # fmt: skip
_NONE = ((422, "amount_invalid"), (422, "invalid"), (400, "bad_json"))
_CURRENCIES = {"XXX": '"XXX"', "cny": '"cny"', "156": "156", "CNY and a zero byte": '"CNY\\u0000"'}
_NO_CURRENCY = ((422, "currency_unknown"), (422, "invalid"))
_JSON = "application/json"
_HOUR = timedelta(hours=1)
_BEGUN = {"payment", "processor_attempt", "audit_entry", "idempotency"}
_BOOKED = {
    "card_refund", "ledger_transaction", "ledger_entry", "ledger_balance", "ledger_account", "notice", "open_invoice",
    "notice_audience", "mail_letter", "mail/",
    "gateway_change", "processor_balance_entry",
}  # fmt: skip


def play(folder: Path) -> Sheet:
    """All cases on an exchange of their own; answers their sheet."""
    with opened(folder) as till:
        till.sheet.wait_until_quiet()
        messages.play(till)
        _amounts(till)
        _currency_of_a_subscription(till)
        _refunds(till)
        _down_for_an_hour(till)
        with till.sheet.case("afterwards all books are proven", may_change=_BEGUN | _BOOKED) as case:
            found = till.faults()
            case.say(f"{len(found)} faults")
            case.check(not found, "; ".join(found[:3]))
    return till.sheet


def _amounts(till: Till) -> None:
    own, theirs = till.owner.organisation_id, till.arrived.id
    transfer = f'"organisation_id":"{own}","currency":"CNY","bank_reference":"BANK-1"'
    doors = {
        "a payment": ("/payments", till.owner, '"purpose":"top_up","method":"card","currency":"CNY"'),
        "a bank transfer": ("/topups", till.finance, transfer),
        "a refund": (f"/payments/{theirs}/refunds", till.owner, '"reason":"because"'),
    }  # fmt: skip
    for door, (path, who, rest) in doors.items():
        for what, written in _AMOUNTS.items():
            body = f'{{{rest},"amount":{written}}}'.encode()
            with till.sheet.case(f"{door} of an amount {what}") as case:
                case.replied(till.person(who).send("POST", PREFIX + path, body, Content_Type=_JSON), *_NONE)
    for door, (path, who, rest) in list(doors.items())[:2]:
        for what, written in _CURRENCIES.items():
            body = f'{{{rest},"amount":"1.00"}}'.replace('"currency":"CNY"', f'"currency":{written}').encode()
            with till.sheet.case(f"{door} in {what}") as case:
                case.replied(till.person(who).send("POST", PREFIX + path, body, Content_Type=_JSON), *_NO_CURRENCY)


def _currency_of_a_subscription(till: Till) -> None:
    """The exchange trades in dollars since; who pays in yuan goes on doing so."""
    listing = till.subscription.listing_id
    order = {"listing_id": listing, "offer_id": till.offer_id, "purpose": "product", "accept_terms": True,
             "replaces": till.subscription.id}  # fmt: skip
    with till.sheet.case("a subscription paid in CNY, to be gone on with in USD") as case:
        case.replied(till.person(till.owner).send("POST", f"{PREFIX}/orders", order), (409, "currency_fixed"))
        now = till.person(till.owner).must("GET", f"/orders/{till.subscription.id}")
        case.say(f"it is {now['state']} in {now['currency']}")
        case.check(now["currency"] == "CNY", "its currency has changed")
    plan = {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "1.00", "period": "month"}
    with till.sheet.case("a new offer in CNY where USD is traded") as case:
        body = {"plan": plan, "purposes": ["product"]}
        reply = till.person(till.supplier).send("POST", f"{PREFIX}/listings/{listing}/offer", body)
        case.replied(reply, (422, "currency_not_traded"))


def _refunds(till: Till) -> None:
    path = f"{PREFIX}/payments/{till.arrived.id}/refunds"
    with till.sheet.case("a refund of one cent more than was paid") as case:
        reply = till.person(till.owner).send("POST", path, {"amount": "100.01", "reason": "more"})
        case.replied(reply, (422, "refund_too_large"))
    with till.sheet.case("a refund by somebody of another organisation") as case:
        reply = till.person(till.supplier).send("POST", path, {"amount": "1.00", "reason": "theirs"})
        case.replied(reply, (404, "payment_not_found"))
    replies: list[Reply] = []

    def ask(who: object) -> None:
        person = till.person(who)  # type: ignore[arg-type]
        replies.append(person.send("POST", path, {"amount": "60.00", "reason": "twice"}))

    with till.sheet.case("60 % of a payment back, by two people at once", may_change=_BEGUN | _BOOKED) as case:
        at_once([lambda: ask(till.owner), lambda: ask(till.finance)])
        answers = sorted((each.status, each.body.get("code", "")) for each in replies)
        case.say(", ".join(f"{status} {code}".strip() for status, code in answers))
        case.check(answers == [(201, ""), (422, "refund_too_large")], "one of them should be refused")
        sent = 60 * RECEIVED // 100
        went = eventually(lambda: till.payment(till.arrived.id).refunded == sent)
        there = sum(each["amount"] for each in till.at_stripe("refund", status="succeeded"))
        case.say(f"{there / 100:.2f} went back")
        case.check(went and there == sent, f"{sent} should have gone back once")


def _down_for_an_hour(till: Till) -> None:
    """A payment is begun, one is paid on the processor's page, a refund is asked for; nobody is told of anything."""
    owner, before = till.person(till.owner), till.balance()
    till.stripe.control.pay_session(till.waiting.session_id, "card")
    raw = json.dumps(till.stripe.control.events("checkout.session.completed")[-1])
    till.stripe.control.down(3_600)
    with till.sheet.case("the processor away: its message about a payment") as case:
        case.replied(messages.send(till, raw, messages.signed(raw, till.stripe.secret)), (503, "processor_unreachable"))
    body = {"purpose": "top_up", "method": "card", "amount": "30.00", "currency": "CNY"}
    with till.sheet.case("the processor away: a payment is begun", may_change=_BEGUN) as case:
        begun = owner.must("POST", "/payments", body)
        opened = owner.must("POST", f"/payments/{begun['id']}/open")
        case.say(f"it is {opened['state']}")
        case.check(opened["state"] == "planned", "it should wait")
    with till.sheet.case("the processor away: a refund is asked for", may_change=_BEGUN | _BOOKED) as case:
        path = f"/payments/{till.arrived.id}/refunds"
        refund = owner.must("POST", path, {"amount": "10.00", "reason": "meanwhile"})
        case.say(f"it is {refund['state']}, the balance {(before - till.balance()) / 100:.2f} less")
        case.check(till.balance() == before - 1_000, "its amount should be set aside")
    till.stripe.control.advance(int(_HOUR.total_seconds()))
    till.house.clock.advance(_HOUR)
    till.stripe.control.up()
    with till.sheet.case("the processor back after an hour", may_change=_BEGUN | _BOOKED | {"clock-offset"}) as case:
        states = PaymentState.SUCCEEDED, PaymentState.OPEN, 7_000
        went_on = eventually(lambda: _stands(till, begun["id"]) == states)
        found = _stands(till, begun["id"])
        case.say(f"the paid one is {found[0]}, the begun one {found[1]}, {found[2] / 100:.2f} went back in all")
        made = len(till.at_stripe("payment_intent", status="succeeded")), len(till.at_stripe("refund"))
        case.check(went_on, f"expected {states}")
        case.check(made == (2, 2), f"{made[0]} payments and {made[1]} refunds there, not two of each")
        case.check(till.balance() == before + RECEIVED - 1_000, "the balance is not what arrived less what went back")


def _stands(till: Till, begun_id: str) -> tuple[PaymentState, PaymentState, int]:
    waiting, begun, arrived = (till.payment(each) for each in (till.waiting.id, begun_id, till.arrived.id))
    return waiting.state, begun.state, arrived.refunded
