"""Money A. A top-up by card after it was declined, an order by WeChat Pay, the fee of a subscription by Alipay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from exchange.demo.interfaces import WATCH
from exchange.demo.player.chapters.buying import place
from exchange.demo.player.chapters.closing import new_month, next_month
from exchange.demo.player.chapters.interfaces import put_up
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.payer import Bank, opened, sent
from exchange.demo.player.signing import signed
from exchange.demo.player.tale import Tale, eventually

TOP_UP = "40000.00"
_FEE = "31.80"
_ORDERED = "keys"
_SOON_S = 30.0


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("资金甲、银行卡、支付宝与微信支付", "Money A. Card, Alipay, WeChat Pay")
    _sign_in(cast)
    fund(cast, tale)
    _ordered(cast, tale)
    order = _subscribed(cast, tale)
    next_month(cast, tale)
    _sign_in(cast)
    _keep_time(cast)
    _fee(cast, tale, order)
    new_month(cast, tale)


def fund(cast: Cast, tale: Tale) -> None:
    """A balance is topped up by card: the exchange's money lies with the processor."""
    _keep_time(cast)
    _ways(cast, tale)
    _card(cast, tale)


def _sign_in(cast: Cast) -> None:
    """The chapters before left everybody behind in time."""
    for person in cast.everybody():
        person.sign_in_again()


def _keep_time(cast: Cast) -> None:
    """The banks' clock follows the exchange's."""
    Bank(cast.world.bank).follow(datetime.fromisoformat(cast.stranger.get("/clock").expect(200).json["now"]))


def to_page(payer: Person, payment: dict[str, Any]) -> str:
    """The address of the processor's page where a payment is paid; the worker may be asking for it at this moment."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [payer.post(f"/payments/{payment['id']}/open").expect(200).json["url"]]
        return bool(found[0])

    eventually(there, "the processor's page", _SOON_S)
    return found[0]


def until(person: Person, path: str, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """The answer once it is so: the processor's message comes in a moment."""
    found: dict[str, Any] = {}

    def there() -> bool:
        found.clear()
        found.update(person.get(path).expect(200).json)
        return holds(found)

    eventually(there, what, _SOON_S)
    return found


def paid(payer: Person, payment: dict[str, Any], method: str) -> dict[str, Any]:
    """Paid on the processor's page; answers the payment once its money has arrived."""
    sent(to_page(payer, payment), "pay", method)
    return until(payer, f"/payments/{payment['id']}", lambda it: it["state"] == "succeeded", "the money of a payment")


def _ways(cast: Cast, tale: Tale) -> None:
    ways = cast.members["yunfan"]["money"].get("/payment-methods").expect(200).json
    told = ", ".join(ways["methods"])
    tale.check(
        ways["fake"] and ways["available"], "支付方式，并标明为演示用假机构", "the ways to pay, marked FAKE", told
    )


def _card(cast: Cast, tale: Tale) -> None:
    money = cast.members["yunfan"]["money"]
    before = Decimal(money.get("/balance").expect(200).json["available"])
    body = {"purpose": "top_up", "method": "card", "amount": TOP_UP, "currency": "CNY"}
    begun = money.post("/payments", body).expect(201).json
    url = to_page(money, begun)
    opened(url)
    tale.done("发起银行卡充值，转到支付机构页面", "a top-up by card leads to the processor's page", begun["id"])
    sent(url, "fail", "card")
    path = f"/payments/{begun['id']}"
    declined = until(money, path, lambda it: bool(it["message"]), "the declined card")
    told = f"{declined['state']}: {declined['message']}"
    tale.check(
        declined["state"] == "open", "卡被拒：说明原因，可在原页重试", "declined: why, and one may try again", told
    )
    again = paid(money, begun, "card")
    after = Decimal(money.get("/balance").expect(200).json["available"])
    right = again["received"] == TOP_UP and after > before  # it may have paid what was open
    tale.check(right, "换卡支付成功，余额到账", "paid, and on the balance", f"{again['received']}: {before} → {after}")


def _ordered(cast: Cast, tale: Tale) -> None:
    buyer = cast.members["beichen"]["qin"]
    order = place(cast, buyer, _ORDERED, "evaluation").expect(201).json
    path = f"/orders/{order['id']}"
    payment = buyer.post(f"{path}/payments", {"method": "wechat_pay"}).expect(201).json
    twice = buyer.post(f"{path}/payments", {"method": "card"}).expect(409, "payment_open")
    tale.done("同一订单不会同时有两笔支付", "one order is not being paid twice at once", twice.detail)
    paid(buyer, payment, "wechat_pay")
    until(buyer, path, lambda it: it["state"] == "paid", "the order paid by WeChat Pay")
    tale.done("微信支付订单", "an order is paid by WeChat Pay", f"{payment['amount']} {payment['currency']}")


def _subscribed(cast: Cast, tale: Tale) -> dict[str, Any]:
    """With the money for one month and no more."""
    put_up(cast, tale, WATCH)
    payer, buyer = cast.members["beichen"]["bai"], cast.members["beichen"]["qin"]
    body = {"purpose": "top_up", "method": "wechat_pay", "amount": _FEE, "currency": "CNY"}
    paid(payer, payer.post("/payments", body).expect(201).json, "wechat_pay")
    order = signed(buyer, place(cast, buyer, WATCH.key, "product").expect(201).json)
    done: dict[str, Any] = buyer.post(f"/orders/{order['id']}/pay", {}).expect(200).json
    tale.check(done["state"] == "delivered", "微信充值后订购包月接口", "topped up by WeChat Pay, subscribed", _FEE)
    return done


def _fee(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    payer, found = cast.members["beichen"]["bai"], list[dict[str, Any]]()

    def open_fee() -> bool:
        items = payer.get("/invoices", order_id=order["id"]).expect(200).json["items"]
        whole = (payer.get(f"/invoices/{each['id']}").expect(200).json for each in items)
        found[:] = [each for each in whole if Decimal(each["outstanding"])]
        return bool(found)

    eventually(open_fee, "the next fee of the subscription")
    invoice = found[0]
    told = f"{invoice['number']}: {invoice['outstanding']} CNY"
    tale.done("余额不足，次月月费成为待付发票", "the next fee is an open invoice: the balance is short", told)
    body = {"purpose": "invoice", "method": "alipay", "invoice_id": invoice["id"]}
    payment = payer.post("/payments", body).expect(201).json
    tale.check(payment["amount"] == invoice["outstanding"], "支付宝支付该发票", "paid by Alipay", payment["amount"])
    paid(payer, payment, "alipay")
    left = payer.get(f"/invoices/{invoice['id']}").expect(200).json["outstanding"]
    tale.check(not Decimal(left), "发票已付清", "the invoice is paid", left)
