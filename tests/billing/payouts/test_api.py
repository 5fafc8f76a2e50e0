"""Payouts over HTTP: from where the money goes to who was paid, and what others may not see."""

from __future__ import annotations

from billing.payouts import accounts, runs
from core.ids import new_id
from exchange.app import create_app_of
from tests import build
from tests.billing.payouts.paying import Market
from tests.client import ApiClient


def test_a_supplier_says_where_and_finance_pays(trade: Market) -> None:
    app, supplier = create_app_of(trade.house), trade.supplier()
    own, finance = ApiClient(app, supplier.token), ApiClient(app, trade.books.recorder.token)
    second, stranger = ApiClient(app, trade.books.confirmer.token), ApiClient(app, trade.buyer.token)
    given = {
        "holder": "上海示例有限公司",
        "bank": "工商银行",
        "bank_code": "102290000123",
        "number": "6222021001123456789",
    }
    own.post("/payout-account/bank", given).expect(403, "second_factor_needed")
    own.post("/payout-account/bank", given | {"number": "12"}).expect(422)
    masked = own.post("/payout-account/bank", given | {"otp": build.otp(trade.house, supplier)}).expect(200).json
    assert "6222021" not in str(masked)
    own.post("/payout-account/link").expect(409, "payout_account_not_begun")
    own.post("/payout-account").expect(200)
    assert own.post("/payout-account/link").expect(200).json["url"].startswith("http")
    assert own.get("/payout-account").expect(200).json["account"]["ready"] is False
    trade.fake.onboard(trade.account(supplier).remote_id)
    finance.post("/payout-account/link").expect(403)
    accounts.refresh(trade.house, supplier.actor)
    trade.earn(supplier, 9_000)
    for refused in (own, stranger):
        refused.post("/settlement-runs", {}).expect(403)
    finance.post("/settlement-runs", {"currency": "XXQ"}).expect(422, "currency_unknown")
    finance.post("/settlement-runs", {"as_of": "2999-01-01T00:00:00Z"}).expect(422)
    run = finance.post("/settlement-runs", {}, key="k1").expect(201).json
    assert finance.post("/settlement-runs", {}, key="k1").expect(201).json["id"] == run["id"]
    second.post("/settlement-runs", {}).expect(409, "settlement_run_open")
    runs.look_after(trade.house)
    trade.carry_out()
    (paid,) = finance.get(f"/settlement-runs/{run['id']}").expect(200).json["payouts"]
    assert (paid["amount"], paid["state"], paid["way"]) == ("90.00", "settled", "processor")
    whole = own.get(f"/payouts/{paid['id']}").expect(200).json
    assert [line["share"] for line in whole["lines"]] == ["90.00"]
    assert [each["id"] for each in own.get("/payouts").expect(200).json["items"]] == [paid["id"]]
    for there in (paid["id"], new_id("pyo")):
        stranger.get(f"/payouts/{there}").expect(404, "payout_not_found")
    for there in (run["id"], new_id("run")):
        stranger.get(f"/settlement-runs/{there}").expect(404, "settlement_run_not_found")
        stranger.get(f"/settlement-runs/{there}/file/csv").expect(404, "settlement_run_not_found")
        stranger.post(f"/settlement-runs/{there}/confirm", {}).expect(404, "settlement_run_not_found")
    finance.post(f"/payouts/{paid['id']}/reversals", {"amount": "1.00", "reason": "x"}).expect(
        422, "reversal_too_large"
    )
    for amount in ("1e-30", "-1", "0", "NaN"):
        finance.post(f"/payouts/{paid['id']}/reversals", {"amount": amount, "reason": "x"}).expect(
            422, "amount_invalid"
        )
    finance.post(f"/payouts/{paid['id']}/return", {"reason": "x"}).expect(409, "payout_ended")
    finance.post(f"/settlement-runs/{run['id']}/file").expect(409, "no_bank_payouts")
    finance.get(f"/settlement-runs/{run['id']}/file/exe").expect(422)
    own.get("/payout-arrivals").expect(200)
