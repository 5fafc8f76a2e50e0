"""The fake's pages: for people, and clear about what they are."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control
from tests.stripe.test_payments import BACK, buy, order


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def press(url: str, **fields: str) -> tuple[int, str, str]:
    """Status, text, and where it leads."""
    body = urlencode(fields).encode() if fields else None
    try:
        with urllib.request.build_opener(_Stay).open(url, body) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers.get("Location", "")


def test_checkout(api: stripe.V1Services) -> None:
    made = api.checkout.sessions.create(order(cancel_url="http://127.0.0.1/cart", customer_email="a@example.com"))
    url = str(made.url)
    _, text, _ = press(url)
    for word in (
        "FAKE Stripe",
        "假 Stripe",
        "50.00 CNY",
        "Weather, a month",
        "Alipay · 支付宝",
        "WeChat Pay · 微信支付",
    ):
        assert word in text
    assert press(url, action="cancel")[2] == "http://127.0.0.1/cart"
    for method in ("card", "alipay"):
        status, text, _ = press(url, action="fail", method=method)
        assert (status, "支付失败" in text) == (200, True)
    assert press(url, action="pay", method="wechat_pay")[2] == f"http://127.0.0.1/paid?s={made.id}"
    assert api.checkout.sessions.retrieve(made.id).payment_status == "paid"
    assert press(url)[0] == 303


def test_an_expired_session(api: stripe.V1Services) -> None:
    made = api.checkout.sessions.create(order())
    api.checkout.sessions.expire(made.id)
    assert press(str(made.url), action="pay", method="card")[0] == 410


@pytest.mark.parametrize(("action", "status"), [("pay", "succeeded"), ("cancel", "failed")])
def test_a_wallet(api: stripe.V1Services, action: str, status: str) -> None:
    made = api.payment_intents.create(buy(payment_method_data={"type": "alipay"}))
    assert made.next_action is not None
    assert made.next_action.alipay_handle_redirect is not None
    url = str(made.next_action.alipay_handle_redirect.url)
    assert "50.00 CNY" in press(url)[1]
    back = press(url, action=action)[2]
    assert back.startswith(f"{BACK}?payment_intent={made.id}&")
    assert back.endswith(f"redirect_status={status}")


def test_onboarding(api: stripe.V1Services, control: Control) -> None:
    account = api.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    for action, submitted in (("leave", False), ("complete", True)):
        link = api.account_links.create(
            {"account": account.id, "type": "account_onboarding", "refresh_url": BACK + "/again", "return_url": BACK}
        )
        assert "开通收款" in press(link.url)[1]
        assert press(link.url, action=action)[2] == BACK
        assert api.accounts.retrieve(account.id).details_submitted is submitted
        assert press(link.url)[2] == BACK + "/again"


def test_nothing_else(fake: FakeStripe) -> None:
    for path in ("/", "/fake/checkout/cs_test_none", "/fake/pay/%22%3E%3Cscript%3E"):
        status, text, _ = press(fake.url + path)
        assert (status, "<script" in text) == (404, False)
