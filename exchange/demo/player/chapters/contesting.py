"""Money D. A payer's bank contests a payment; it is answered with the order's evidence, and lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exchange.demo.player.chapters.buying import place
from exchange.demo.player.chapters.paying import paid, until
from exchange.demo.player.chapters.trading import download
from exchange.demo.player.filling import Cast
from exchange.demo.player.payer import Bank
from exchange.demo.player.tale import Tale

_ORDERED = "keys"


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("资金丁、付款行提出拒付", "Money D. A contested payment")
    bank = Bank(cast.world.bank)
    order, payment = _bought(cast, tale)
    charge = bank.charges()[-1]
    contested = bank.contest(charge["id"])
    finance, path = cast.staff["finance"], "/chargebacks"
    until(finance, path, lambda it: bool(it["items"]) and it["items"][0]["withdrawn"], "the contest")
    found = finance.get(path).expect(200).json["items"][0]
    told = f"{found['amount']} {found['currency']}, {found['reason']}, {found['answer_by']}"
    tale.check(found["held"] == payment["received"], "拒付：款项先行冻结，限期举证", "contested: put aside", told)
    _answered(cast, tale, order, found)
    shown = bank.evidence(contested["id"])
    tale.check(
        order["id"] in shown, "付款行读到证据", "the bank reads the evidence", f"{len(shown.splitlines())} lines"
    )
    _lost(cast, tale, found, lambda: bank.decide(contested["id"], won=False))
    books = finance.get("/trial-balance").expect(200).json
    tale.check(books["balanced"] is True, "试算平衡：合计为零", "the trial balance sums to zero", books["totals"])


def _bought(cast: Cast, tale: Tale) -> tuple[dict[str, Any], dict[str, Any]]:
    buyer = cast.members["yunfan"]["jiang"]
    order = place(cast, buyer, _ORDERED, "training").expect(201).json
    path = f"/orders/{order['id']}"
    payment = paid(buyer, buyer.post(f"{path}/payments", {"method": "card"}).expect(201).json, "card")
    until(buyer, path, lambda it: it["state"] == "paid", "the order that was paid by card")
    download(tale, buyer, path)
    buyer.post(f"{path}/accept", {}).expect(200)
    return order, payment


def _answered(cast: Cast, tale: Tale, order: dict[str, Any], found: dict[str, Any]) -> None:
    finance, path = cast.staff["finance"], f"/chargebacks/{found['id']}"
    hidden = cast.members["yunfan"]["money"].get(f"{path}/evidence")
    tale.check(hidden.status in (403, 404), "证据草稿只有平台财务可见", "the draft is for finance alone", hidden.code)
    drafted = finance.get(f"{path}/evidence").expect(200).json["evidence"]
    tale.check(order["id"] in drafted, "由订单存证生成证据", "the evidence is drawn from the order", drafted[:700])
    finance.post(f"{path}/evidence", {"evidence": drafted}).expect(200)
    until(finance, path, lambda it: it["state"] == "answered", "the answer to the contest")
    tale.done("财务提交证据", "finance answers with it", f"{len(drafted)} characters")


def _lost(cast: Cast, tale: Tale, found: dict[str, Any], decide: Any) -> None:
    money = cast.members["yunfan"]["money"]
    before = Decimal(money.get("/balance").expect(200).json["available"])
    decide()
    path = f"/chargebacks/{found['id']}"
    lost = until(money, path, lambda it: it["state"] == "lost", "the outcome of the contest")
    after = Decimal(money.get("/balance").expect(200).json["available"])
    right = Decimal(lost["owed"]) == 0 and before == after
    tale.check(
        right, "付款行判拒付成立：由冻结款承担", "lost: borne by what was put aside", f"{lost['held']} / {after}"
    )
