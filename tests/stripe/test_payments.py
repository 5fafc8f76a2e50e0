"""Cards, Alipay, WeChat Pay: by PaymentIntents and by Checkout Sessions."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stripe.client import Control, ControlRefused

BACK = "http://127.0.0.1/back"
HALF_AN_HOUR = 1800


def buy(amount: int = 5000, currency: str = "cny", **more: Any) -> Any:
    return {"amount": amount, "currency": currency, "confirm": True, "return_url": BACK, **more}


def order(**more: Any) -> Any:
    price = {"currency": "cny", "unit_amount": 2500, "product_data": {"name": "Weather, a month"}}
    return {
        "mode": "payment", "success_url": "http://127.0.0.1/paid?s={CHECKOUT_SESSION_ID}", "metadata": {"invoice": "7"},
        "line_items": [{"price_data": price, "quantity": 2}], **more,
    }  # fmt: skip


def test_a_card_that_pays(api: stripe.V1Services) -> None:
    customer = api.customers.create({"email": "buyer@example.com", "metadata": {"house": "1"}})
    made = api.payment_intents.create(
        buy(customer=customer.id, payment_method="pm_card_visa", metadata={"a": "b"}, expand=["latest_charge"])
    )
    assert (made.status, made.amount_received, made.livemode) == ("succeeded", 5000, False)
    charge = made.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.metadata["a"], charge.customer) == (True, "b", customer.id)
    posted = api.balance_transactions.retrieve(str(charge.balance_transaction))
    assert (posted.amount, posted.fee, posted.net, posted.status) == (5000, 175, 4825, "pending")


@pytest.mark.parametrize(
    ("token", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_card_that_is_declined_may_be_followed_by_another(
    api: stripe.V1Services, token: str, code: str, decline: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        api.payment_intents.create(buy(payment_method=token))
    error = refused.value.error
    assert error is not None
    assert (refused.value.http_status, refused.value.code, error.decline_code) == (402, code, decline)
    assert error.payment_intent is not None
    intent = api.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline
    assert [each.status for each in api.charges.list({"payment_intent": intent.id}).data] == ["failed"]
    again = api.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": BACK})
    assert (again.status, again.last_payment_error) == ("succeeded", None)


def test_a_bank_that_asks(api: stripe.V1Services, control: Control) -> None:
    asked = api.payment_intents.create(buy(payment_method="pm_card_authenticationRequired"))
    assert asked.status == "requires_action"
    assert asked.next_action is not None
    assert asked.next_action.redirect_to_url is not None
    assert asked.next_action.redirect_to_url.url
    assert control.fail(asked.id)["status"] == "requires_payment_method"
    again = api.payment_intents.confirm(
        asked.id, {"payment_method": "pm_card_authenticationRequired", "return_url": BACK}
    )
    assert again.status == "requires_action"
    control.pay(asked.id)
    assert api.payment_intents.retrieve(asked.id).status == "succeeded"
    with pytest.raises(ControlRefused, match="nothing is asked"):
        control.pay(asked.id)


def test_a_bank_that_asks_while_nobody_is_there_declines(api: stripe.V1Services) -> None:
    customer = api.customers.create({})
    method = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    with pytest.raises(stripe.CardError) as refused:
        api.payment_intents.create(buy(customer=customer.id, payment_method=method.id, off_session=True))
    assert refused.value.code == "authentication_required"


@pytest.mark.parametrize("kind", ["alipay", "wechat_pay"])
def test_wallets_wait_for_their_owner(api: stripe.V1Services, control: Control, kind: str) -> None:
    options = {"wechat_pay": {"client": "web"}} if kind == "wechat_pay" else {}
    given = buy(payment_method_data={"type": kind}, payment_method_options=options, allowed_payment_method_types=[kind])
    first = api.payment_intents.create(given)
    assert first.status == "requires_action"
    action = first.next_action
    assert action is not None
    place = action.alipay_handle_redirect if kind == "alipay" else action.wechat_pay_display_qr_code
    assert place is not None
    control.pay(first.id)
    paid = api.payment_intents.retrieve(first.id, {"expand": ["latest_charge"]})
    assert isinstance(paid.latest_charge, stripe.Charge)
    assert paid.latest_charge.payment_method_details is not None
    assert paid.latest_charge.payment_method_details.type == kind
    second = api.payment_intents.create(given)
    assert control.fail(second.id)["status"] == "requires_payment_method"
    assert api.payment_intents.cancel(second.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="off_session"):
        api.payment_intents.create(given | {"off_session": True})


def test_what_cannot_be_done_to_an_intent(api: stripe.V1Services) -> None:
    paid = api.payment_intents.create(buy(payment_method="pm_card_visa"))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.cancel(paid.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="a status of succeeded"):
        api.payment_intents.confirm(paid.id)
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        api.payment_intents.create(
            {"amount": 500, "currency": "cny", "confirm": True, "payment_method": "pm_card_visa"}
        )
    with pytest.raises(stripe.InvalidRequestError, match="not be used again"):
        api.payment_intents.create(buy(payment_method=str(paid.payment_method)))
    with pytest.raises(stripe.InvalidRequestError) as missing:
        api.payment_intents.retrieve("pi_nothing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [
        (5000, "usd", 175),
        (5000, "jpy", 145),
        (5000, "kwd", 445),
        (1, "usd", None),
        (5005, "kwd", None),
        (0, "cny", None),
    ],
)
def test_currencies_of_none_two_and_three_decimals(
    api: stripe.V1Services, amount: int, currency: str, fee: int | None
) -> None:
    given = buy(amount, currency, payment_method="pm_card_visa")
    if fee is None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.payment_intents.create(given)
        assert refused.value.param == "amount"
    else:
        made = api.payment_intents.create(given | {"expand": ["latest_charge.balance_transaction"]})
        assert isinstance(made.latest_charge, stripe.Charge)
        assert isinstance(made.latest_charge.balance_transaction, stripe.BalanceTransaction)
        assert made.latest_charge.balance_transaction.fee == fee


def test_a_saved_card_pays_again(api: stripe.V1Services, control: Control) -> None:
    customer = api.customers.create({"name": "Buyer"})
    card = "pm_card_authenticationRequiredOnSetup"
    asked = api.setup_intents.create(
        {"customer": customer.id, "payment_method": card, "confirm": True, "return_url": BACK}
    )
    assert asked.status == "requires_action"
    control.pay(asked.id)
    saved = api.customers.payment_methods.list(customer.id).data
    assert [each.id for each in api.payment_methods.list({"customer": customer.id, "type": "card"}).data] == [
        saved[0].id
    ]
    given = buy(customer=customer.id, payment_method=saved[0].id, off_session=True)
    assert [api.payment_intents.create(given).status for _ in range(2)] == ["succeeded"] * 2
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": saved[0].id}})
    assert api.payment_methods.detach(saved[0].id).customer is None
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(given)
    with pytest.raises(stripe.CardError):
        api.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert api.customers.delete(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(buy(customer=customer.id, payment_method="pm_card_visa"))


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_a_session_is_paid(api: stripe.V1Services, control: Control, method: str) -> None:
    made = api.checkout.sessions.create(order(payment_intent_data={"metadata": {"invoice": "7"}}))
    assert (made.status, made.payment_status, made.amount_total, made.payment_intent) == ("open", "unpaid", 5000, None)
    control.pay_session(made.id, method)
    paid = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent", "line_items"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert isinstance(paid.payment_intent, stripe.PaymentIntent)
    assert (paid.payment_intent.status, paid.payment_intent.metadata["invoice"]) == ("succeeded", "7")
    assert paid.line_items is not None
    assert [(line.quantity, line.amount_total) for line in paid.line_items.data] == [(2, 5000)]
    with pytest.raises(ControlRefused, match="no longer be paid"):
        control.pay_session(made.id, method)
    with pytest.raises(stripe.InvalidRequestError, match="complete"):
        api.checkout.sessions.expire(made.id)


def test_a_session_survives_failures_and_expires(api: stripe.V1Services, control: Control) -> None:
    made = api.checkout.sessions.create(order(expires_at=control.now() + HALF_AN_HOUR))
    with pytest.raises(ControlRefused, match="declined"):
        control.pay_session(made.id, "pm_card_chargeDeclined")
    control.fail_session(made.id, "alipay")
    open_still = api.checkout.sessions.retrieve(made.id)
    assert (open_still.status, open_still.payment_status) == ("open", "unpaid")
    intent = str(open_still.payment_intent)
    with pytest.raises(stripe.InvalidRequestError, match="Checkout"):
        api.payment_intents.cancel(intent)
    control.advance(HALF_AN_HOUR + 1)
    assert api.checkout.sessions.retrieve(made.id).status == "expired"
    assert api.payment_intents.retrieve(intent).status == "canceled"
    assert control.events("checkout.session.expired")[0]["data"]["object"]["metadata"] == {"invoice": "7"}


def test_what_cannot_be_sold_in_a_session(api: stripe.V1Services, control: Control) -> None:
    for wrong, named in (
        ({"expires_at": control.now() + 60}, "30 minutes"),
        ({"expires_at": control.now() + 90000}, "24 hours"),
        ({"mode": "subscription"}, "not imitated"),
        ({"line_items": []}, "line_items"),
        ({"automatic_tax": {"enabled": True}}, "not imitated"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=named):
            api.checkout.sessions.create(order(**wrong))
