"""8. The buyer orders interfaces: usage costs nothing yet, a package is charged, the licence carries a purpose."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY, INTERFACES
from exchange.demo.player.chapters.buying import place
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.signing import signed
from exchange.demo.player.tale import Tale

SMALL_BALANCE = "0.10"
PURPOSE = "product"


def play(cast: Cast, tale: Tale) -> None:
    """Leaves the orders with the cast, by the interface's key; a second buyer's under ``other``."""
    tale.chapter("八、接口的许可", "8. Licences to call")
    buyer = cast.members["yunfan"]["jiang"]
    money = cast.members["yunfan"]["money"]
    before = money.get("/balance").expect(200).json["available"]
    signers = cycle((buyer, cast.members["yunfan"]["shen"]))  # each has a few codes at a time
    for interface in INTERFACES:
        cast.orders[interface.key] = _ordered(cast, tale, buyer, next(signers), interface.key)
    after = money.get("/balance").expect(200).json["available"]
    tale.done("只有套餐当场扣款", "only the package was charged", f"{before} → {after}")
    _limits(tale, cast.orders[IDENTITY.key])
    _wrong_purpose(cast, tale, buyer)
    _small(cast, tale)


def _ordered(cast: Cast, tale: Tale, buyer: Person, signer: Person, key: str) -> dict[str, Any]:
    order = signed(signer, place(cast, buyer, key, PURPOSE).expect(201).json)
    paid: dict[str, Any] = buyer.post(f"/orders/{order['id']}/pay", {}).expect(200).json
    told = f"{paid['plan']['kind']}, {paid['gross']} {paid['currency']}, {paid['licence']['purpose']}"
    right = paid["state"] == "delivered" and paid["entitlement"]["state"] == "active"
    title = paid["title"][tale.language]
    tale.check(right, f"{title}：订购即开通", f"{title}: ordered, and access is there", told)
    buyer.post(f"/orders/{order['id']}/accept", {}).expect(200)
    return paid


def _limits(tale: Tale, order: dict[str, Any]) -> None:
    limits = order["limits"]
    told = ", ".join(f"{name} {value}" for name, value in limits.items() if value is not None)
    tale.check(limits == dict(IDENTITY.limits), "授权带着限速与配额", "the right carries rate limit and quota", told)


def _wrong_purpose(cast: Cast, tale: Tale, buyer: Person) -> None:
    refused = place(cast, buyer, DIGITS.key, "training").expect(422, "purpose_not_offered")
    tale.done("未提供的用途不能订购", "a purpose that is not offered cannot be ordered", refused.detail)


def _small(cast: Cast, tale: Tale) -> None:
    """A second buyer with hardly any money, whose package ends with the month."""
    first, second = cast.staff["finance"], cast.staff["second_finance"]
    other = cast.members["beichen"]["qin"]
    organisation_id = other.get("/me").expect(200).json["organisation"]["id"]
    body = {
        "organisation_id": organisation_id, "amount": SMALL_BALANCE, "currency": "CNY", "bank_reference": "BOC-0001",
    }  # fmt: skip
    topup = first.post("/topups", body).expect(201).json
    second.post(f"/topups/{topup['id']}/confirm").expect(200)
    for key in (IDENTITY.key, COMPANIES.key):
        order = signed(other, place(cast, other, key, PURPOSE).expect(201).json)
        if key == COMPANIES.key:
            poor = other.post(f"/orders/{order['id']}/pay", {}).expect(402, "balance_too_low")
            tale.done("余额不够买套餐", "the balance does not pay for a package", poor.detail)
        else:
            cast.orders["other"] = other.post(f"/orders/{order['id']}/pay", {}).expect(200).json
    tale.done("另一买方余额仅", "another buyer has no more than", SMALL_BALANCE)
