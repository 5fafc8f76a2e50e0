"""5. Invoice, ledger, payable and commission; a failed delivery is refunded; an order is cancelled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exchange.demo.player.chapters.buying import place
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale

_REASON = "存储介质损坏，无法交付完整文件"


def play(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    tale.chapter("五、发票、账簿、退款与取消", "5. Invoice, ledger, refund, cancellation")
    _invoice(cast, tale, order)
    _payable(cast, tale, order)
    _refund(cast, tale)
    _cancel(cast, tale)
    _books(cast, tale)


def _invoice(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    money = cast.members["yunfan"]["money"]
    invoice_id = money.get(f"/orders/{order['id']}").expect(200).json["invoice_id"]
    invoice = money.get(f"/invoices/{invoice_id}").expect(200).json
    net, tax, gross = (Decimal(invoice[name]) for name in ("net", "tax", "gross"))
    right = net + tax == gross and tax == (net * Decimal("0.06")).quantize(Decimal("0.01"))
    tale.check(right, f"发票 {invoice['number']}", f"invoice {invoice['number']}", f"{net} + {tax} = {gross}")
    hidden = cast.members["beichen"]["qin"].get(f"/invoices/{invoice_id}").expect(404)
    tale.done("第三方看不到发票", "a third party sees no invoice", hidden.code)
    rows = money.get("/ledger", limit=50).expect(200).json["items"]
    changes = [row["change"] for row in rows if row["order_id"] == order["id"]]
    tale.check(changes == [f"-{gross}"], "预付余额账上的一行", "its row in the prepaid account", changes)


def _payable(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    fei = cast.members["tinglan"]["fei"]
    payables = fei.get("/payables").expect(200).json
    mine = next(item for item in payables["items"] if item["order_id"] == order["id"])
    net, commission, share = (Decimal(mine[name]) for name in ("net", "commission", "share"))
    told = f"{net} − {commission} = {share}, {mine['state']}"
    right = net - commission == share and commission == net / 10 and mine["state"] == "available"
    tale.check(right, "供方应收与平台佣金", "the supplier's payable, less the commission", told)


def _refund(cast: Cast, tale: Tale) -> None:
    buyer, money = cast.members["yunfan"]["jiang"], cast.members["yunfan"]["money"]
    before = money.get("/balance").expect(200).json["available"]
    order = place(cast, buyer, "meters", "training").expect(201).json
    path = f"/orders/{order['id']}"
    buyer.post(f"{path}/pay", {}).expect(200)
    refused = buyer.post(f"{path}/fail-delivery", {"reason": _REASON}).expect(403)
    tale.done("买方不能自行宣告交付失败", "a buyer does not declare a failed delivery", refused.detail)
    supplier = cast.members["mingzhi"]["tang"]
    failed = supplier.post(f"{path}/fail-delivery", {"reason": _REASON}).expect(200).json
    tale.check(
        failed["state"] == "refunded",
        "供方宣告交付失败，自动退款",
        "the supplier declares it failed: refunded",
        _REASON,
    )
    after = money.get("/balance").expect(200).json["available"]
    tale.check(after == before, "余额恢复", "the balance is as before", after)
    notes = money.get("/invoices", order_id=order["id"]).expect(200).json["items"]
    kinds = sorted(note["kind"] for note in notes)
    tale.check(kinds == ["credit_note", "invoice"], "红字发票冲回", "a credit note mirrors the invoice", kinds)
    file_id = buyer.get(f"{path}/files").expect(200).json["items"][0]["file_id"]
    ended = buyer.get(f"{path}/files/{file_id}").expect(403, "not_entitled")
    tale.done("退款后授权终止", "the rights have ended", ended.detail)


def _cancel(cast: Cast, tale: Tale) -> None:
    buyer = cast.members["yunfan"]["jiang"]
    order = place(cast, buyer, "gauges", "training").expect(201).json
    path = f"/orders/{order['id']}"
    cancelled = buyer.post(f"{path}/cancel", {"reason": "预算调整"}).expect(200).json
    tale.check(cancelled["state"] == "cancelled", "付款前取消订单", "an order is cancelled before payment", order["id"])
    late = buyer.post(f"{path}/pay", {}).expect(409, "order_state")
    tale.done("已取消的订单不能付款", "what is cancelled is not paid", late.detail)
    dear = place(cast, buyer, "lanes", "training").expect(201).json
    poor = buyer.post(f"/orders/{dear['id']}/pay", {}).expect(402, "balance_too_low")
    tale.done("余额不足时付款被拒", "payment beyond the balance is refused", f"{poor.code}: {poor.detail}")


def _books(cast: Cast, tale: Tale) -> None:
    books = cast.staff["finance"].get("/trial-balance").expect(200).json
    for row in books["rows"]:
        tale.done(f"科目 {row['kind']}", f"account {row['kind']}", f"{row['balance']} {row['currency']}")
    tale.check(books["balanced"] is True, "试算平衡：合计为零", "the trial balance sums to zero", books["totals"])
