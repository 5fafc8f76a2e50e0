"""Pages of payouts: where a supplier's money goes, and finance pays by a file that two people see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billing.payouts import queries, runs
from billing.settlement import service as settlement
from core.house import House
from core.ids import new_id
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.worker import attend_once
from tests import build
from tests.billing.books import Books
from tests.exchange.web.browser import Browser

BANK: dict[str, Any] = {
    "holder": "Example Ltd", "bank": "Example Bank", "bank_code": "EXAMCNBJ", "number": "6222021001123456789",
}  # fmt: skip


def test_a_supplier_is_paid_by_a_file_that_two_people_see(settings: Settings) -> None:
    house = build_house(replace(settings, bank_account_cooling_days=0))
    app, books = create_app_of(house), Books.open(house)
    supplier, buyer = build.organisation(house), build.organisation(house)
    own = Browser(app).sign_in(supplier)
    assert "paid by bank transfer" in own.get("/payouts")
    own.send("/payouts/bank", 403, **BANK, otp="")
    own.send("/payouts/bank", **BANK, otp=build.otp(house, supplier))
    page = own.get("/payouts")
    assert "6789" in page
    assert "6222021" not in page
    books.fund(str(buyer.organisation_id), 10_000_000)
    order = new_id("ord")
    books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 2_000_000, order)
    house.db.write(lambda uow: settlement.release(uow, order_id=order))
    maker, other = Browser(app).sign_in(books.recorder), Browser(app).sign_in(books.confirmer)
    maker.get("/settlement-runs")
    maker.send("/settlement-runs", currency="CNY")
    (run,) = house.db.read(lambda uow: queries.runs(uow, books.recorder.actor).items)
    runs.look_after(house)
    address = f"/settlement-runs/{run.id}"
    assert "Make the payment file" in maker.get(address)
    maker.send(f"{address}/file")
    assert b"6222021001123456789" in maker.send(f"{address}/file/xml", 200).get_data()
    assert "Confirm what the bank carried out" not in maker.get(address)
    maker.send(f"{address}/confirm", 403)
    assert "Confirm what the bank carried out" in other.get(address)
    other.send(f"{address}/confirm")
    (payout,) = queries_of(house, books)
    assert "Paid out" in own.get(f"/payouts/{payout}")
    attend_once(house)
    assert "Your money was paid out" in own.get("/notices")
    Browser(app).sign_in(buyer).get(f"/payouts/{payout}", 404)
    Browser(app).sign_in(buyer).get(address, 404)
    maker.get(f"/payouts/{payout}")
    maker.send(f"/payouts/{payout}/return", reason="came back")
    assert "Failed, available again" in own.get("/payouts")
    assert books.faults() == []


def queries_of(house: House, books: Books) -> list[str]:
    return [each.id for each in house.db.read(lambda uow: queries.payouts(uow, books.recorder.actor)).items]
