"""Money B and C. Suppliers are paid, by transfer and by bank; an order is refunded after its supplier was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exchange.demo.listings import STORY
from exchange.demo.player.chapters.buying import place
from exchange.demo.player.chapters.paying import paid, until
from exchange.demo.player.chapters.trading import download
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.payer import Bank, sent
from exchange.demo.player.tale import Tale

_BANK = {
    "holder": "明纸识别科技有限公司", "bank": "中国工商银行杭州分行", "bank_code": "102331000001",
    "number": "6222 0210 0112 3456 789",
}  # fmt: skip
_COMPLAINT = "录音与清单不符，无法使用。/ The recordings do not match the manifest."
_ANSWER = "确认有误，同意退款。/ It is so; we agree to a refund."
_RULING = "成立，全额退款。/ Upheld: refunded in full."
_REASON = "订单已退款 / the order was refunded"


def give_accounts(cast: Cast, tale: Tale) -> None:
    """Where money goes: a bank account, used after some days, and an account with the processor."""
    tale.chapter("供方的收款账户", "Where suppliers' money goes")
    owner = cast.members["mingzhi"]["xu"]
    if owner.device is None:
        owner.enrol()
    given = owner.post("/payout-account/bank", _BANK | {"otp": owner.otp()}).expect(200).json
    told = f"{given['masked']}, {given['usable_from']}"
    tale.done("负责人凭验证码登记银行账户，冷静期后启用", "an owner gives a bank account; used some days later", told)
    if cast.world.bank:
        _onboarded(cast, tale)


def play(cast: Cast, tale: Tale) -> None:
    order, payment = _sold(cast, tale)
    tale.chapter("资金乙、向供方付款", "Money B. Suppliers are paid")
    Bank(cast.world.bank).wait(days=3)
    run = _run(cast, tale)
    _by_bank(cast, tale, run)
    tale.chapter("资金丙、付款之后的退款", "Money C. A refund after the payout")
    _refunded(cast, tale, order)
    _reversed(cast, tale, run)
    _sent_back(cast, tale, payment)


def _onboarded(cast: Cast, tale: Tale) -> None:
    finance = cast.members["tinglan"]["fei"]
    finance.post("/payout-account").expect(200)
    url = finance.post("/payout-account/link").expect(200).json["url"]
    sent(url, "leave")
    path = "/payout-account"
    until(finance, path, lambda it: bool(it["account"]["due"]), "what the processor asks for")
    due = ", ".join(finance.get(path).expect(200).json["account"]["due"])
    tale.done("在支付机构页面未填完：列出所缺", "left unfinished: what is missing is named", due)
    sent(finance.post("/payout-account/link").expect(200).json["url"], "complete")
    ready = until(finance, path, lambda it: bool(it["account"]["ready"]), "the account with the processor")
    tale.done("填完后可以收款", "complete: it can be paid", ready["account"]["remote_id"])


def _sold(cast: Cast, tale: Tale) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order that is paid by card, delivered and accepted; answers it and its payment."""
    buyer = cast.members["yunfan"]["jiang"]
    order = place(cast, buyer, STORY.key, "evaluation").expect(201).json
    path = f"/orders/{order['id']}"
    payment = paid(buyer, buyer.post(f"{path}/payments", {"method": "card"}).expect(201).json, "card")
    until(buyer, path, lambda it: it["state"] == "paid", "the order that was paid by card")
    tale.done("银行卡支付订单", "an order is paid by card", f"{payment['received']} {payment['currency']}")
    download(tale, buyer, path)
    buyer.post(f"{path}/accept", {}).expect(200)
    return order, payment


def _run(cast: Cast, tale: Tale) -> dict[str, Any]:
    finance = cast.staff["finance"]
    started = finance.post("/settlement-runs", {}).expect(201).json
    path = f"/settlement-runs/{started['id']}"

    def carried_out(report: dict[str, Any]) -> bool:
        transfers = [each for each in report["payouts"] if each["way"] == "processor"]
        return bool(report["run"]["finished_at"]) and all(each["state"] != "reserved" for each in transfers)

    report = until(finance, path, carried_out, "the settlement run")
    for each in report["payouts"]:
        _told(cast, tale, each)
    passed = ", ".join(f"{each['reason']} {each['balance']}" for each in report["skips"]) or "-"
    tale.done("未付的供方逐一说明原因", "who is paid nothing, and why", passed)
    ways = sorted(each["way"] for each in report["payouts"])
    tale.check(
        ways == ["bank", "processor"], "一次结算：一家转账，一家银行付款", "one run: a transfer and a bank payment"
    )
    return report


def _told(cast: Cast, tale: Tale, payout: dict[str, Any]) -> None:
    zh, en = ("支付机构转账", "a transfer") if payout["way"] == "processor" else ("银行付款", "a bank transfer")
    right = payout["state"] == ("settled" if payout["way"] == "processor" else "reserved")
    tale.check(right, zh, en, f"{payout['amount']} {payout['currency']}, {payout['state']} {payout['message']}".strip())


def _by_bank(cast: Cast, tale: Tale, report: dict[str, Any]) -> None:
    first, second = cast.staff["finance"], cast.staff["second_finance"]
    path = f"/settlement-runs/{report['run']['id']}"
    first.post(f"{path}/file").expect(200)
    file = first.get(f"{path}/file/xml").expect(200).body
    same = first.get(f"{path}/file/xml").expect(200).body == file
    tale.check(
        same and b"pain.001" in file, "付款文件（pain.001），重取逐字节相同", "the payment file", f"{len(file)} B"
    )
    alone = first.post(f"{path}/confirm", {}).expect(403)
    tale.done("制单人不能自己确认", "who made the file does not confirm it", alone.detail)
    confirmed = second.post(f"{path}/confirm", {}).expect(200).json
    states = {each["state"] for each in confirmed["payouts"]}
    tale.check(states == {"settled"}, "第二人确认银行已付", "another person confirms what the bank did", states)


def _refunded(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    buyer, supplier = cast.members["yunfan"]["jiang"], cast.members["tinglan"]["tao"]
    body = {"ground": "quality", "text": _COMPLAINT}
    dispute = buyer.post(f"/orders/{order['id']}/disputes", body).expect(201).json
    supplier.post(f"/disputes/{dispute['id']}/statements", {"text": _ANSWER}).expect(201)
    ruling = {"outcome": "full", "reason": _RULING}
    ruled = cast.staff["officer"].post(f"/disputes/{dispute['id']}/ruling", ruling).expect(200).json
    tale.done("供方收款后订单全额退款", "the order is refunded after its supplier was paid", ruled["refunded"])
    owes = _balance(cast.members["tinglan"]["fei"])
    tale.check(owes < 0, "供方余额为负，结转下次", "the supplier's balance is negative, carried forward", owes)


def _reversed(cast: Cast, tale: Tale, report: dict[str, Any]) -> None:
    finance, fei = cast.staff["finance"], cast.members["tinglan"]["fei"]
    payout = next(each for each in report["payouts"] if each["way"] == "processor")
    amount = f"{-_balance(fei):.2f}"
    path = f"/payouts/{payout['id']}"
    finance.post(f"{path}/reversals", {"amount": amount, "reason": _REASON}).expect(201)
    done = until(finance, path, lambda it: it["payout"]["reversed"] == amount, "the reversal of the transfer")
    tale.check(_balance(fei) == 0, "撤回转账，供方余额归零", "the transfer is reversed, nothing is owed", amount)
    assert done["reversals"]


def _sent_back(cast: Cast, tale: Tale, payment: dict[str, Any]) -> None:
    money, path = cast.members["yunfan"]["money"], f"/payments/{payment['id']}"
    amount = payment["received"]
    money.post(f"{path}/refunds", {"amount": amount, "reason": _REASON}).expect(201)
    more = money.post(f"{path}/refunds", {"amount": "0.01", "reason": _REASON}).expect(422, "refund_too_large")
    tale.done("退款不能超过已付金额", "no more goes back than was paid", more.detail)
    until(money, path, lambda it: it["refunded"] == amount, "the money back on the card")
    tale.done("款项退回原卡", "the money is back on the card", amount)


def _balance(finance: Person) -> Decimal:
    totals = finance.get("/payables").expect(200).json["totals"]
    return Decimal(totals["available"])
