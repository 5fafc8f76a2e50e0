"""Money over HTTP: what goes in, what comes out, who may ask."""

from __future__ import annotations

import pytest

from core.ids import new_id
from tests import build
from tests.billing.books import Books
from tests.client import ApiClient


@pytest.fixture
def buyer(books: Books) -> build.Built:
    return build.organisation(books.house)


def of(client: ApiClient, who: build.Built) -> ApiClient:
    return ApiClient(client.app, who.token)


def body(organisation_id: str | None, **given: object) -> dict[str, object]:
    usual = {"organisation_id": organisation_id, "amount": "60000.00", "currency": "CNY", "bank_reference": "ICBC-0001"}
    return usual | given


def test_the_way_of_money(client: ApiClient, books: Books, buyer: build.Built) -> None:
    supplier = build.organisation(books.house)
    recorder, confirmer = of(client, books.recorder), of(client, books.confirmer)
    topup = recorder.post("/topups", body(buyer.organisation_id), key="a").expect(201).json
    assert (topup["amount"], topup["state"]) == ("60000.00", "recorded")
    assert recorder.post("/topups", body(buyer.organisation_id), key="a").expect(201).json == topup
    assert recorder.post(f"/topups/{topup['id']}/confirm").expect(403).code == "same_person"
    assert confirmer.post(f"/topups/{topup['id']}/confirm").expect(200).json["state"] == "confirmed"
    assert confirmer.post(f"/topups/{topup['id']}/confirm").expect(409).code == "top_up_decided"

    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 4_800_000)
    balance = of(client, buyer).get("/balance").expect(200).json
    assert balance == {"balance": "9120.00", "held": "0.00", "available": "9120.00", "currency": "CNY"}
    rows = of(client, buyer).get("/ledger").expect(200).json["items"]
    assert [(row["change"], row["balance_after"]) for row in rows] == [
        ("-50880.00", "9120.00"),
        ("60000.00", "60000.00"),
    ]
    shown = of(client, buyer).get(f"/invoices/{invoice.id}").expect(200).json
    assert (shown["number"], shown["gross"], shown["document"]["gross"]) == ("INV-00000001", "50880.00", "50880.00")
    owed = of(client, supplier).get("/payables").expect(200).json
    assert owed["totals"] == {"currency": "CNY", "on_hold": "48000.00", "available": "0.00"}
    assert (owed["items"][0]["commission"], owed["items"][0]["share"]) == ("4800.00", "43200.00")
    trial = confirmer.get("/trial-balance").expect(200).json
    assert trial["balanced"] is True
    assert trial["totals"] == [{"currency": "CNY", "total": "0.00"}]


def test_the_ledger_is_paged(client: ApiClient, books: Books, buyer: build.Built) -> None:
    for amount in range(1, 6):
        books.fund(str(buyer.organisation_id), amount)
    mine, seen, path = of(client, buyer), [], "/ledger?limit=2"
    while path:
        page = mine.get(path).expect(200).json
        seen += [row["sequence"] for row in page["items"]]
        path = f"/ledger?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == [5, 4, 3, 2, 1]
    other = of(client, build.organisation(books.house))
    cursor = mine.get("/ledger?limit=2").json["next_cursor"]
    assert other.get(f"/ledger?cursor={cursor}").expect(422).code == "bad_cursor"


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize("amount", ["-1", "NaN", "1e30", "Infinity", "0", "1.001", "1,000", "", 5, None, 1e3])
def test_bad_amounts_are_named(client: ApiClient, books: Books, buyer: build.Built, amount: object) -> None:
    answer = of(client, books.recorder).post("/topups", body(buyer.organisation_id, amount=amount)).expect(422)
    assert answer.json["field"] == "amount"


def test_bad_currencies_and_strangers_in_the_body_are_named(
    client: ApiClient, books: Books, buyer: build.Built
) -> None:
    finance = of(client, books.recorder)
    answer = finance.post("/topups", body(buyer.organisation_id, currency="XYZ")).expect(422)
    assert (answer.code, answer.json["field"]) == ("currency_unknown", "currency")
    answer = finance.post("/topups", body(buyer.organisation_id, state="confirmed")).expect(422)
    assert answer.json["field"] == "state"


def test_nobody_sees_anothers_money(client: ApiClient, books: Books, buyer: build.Built) -> None:
    topup = books.fund(str(buyer.organisation_id), 100)
    stranger = of(client, build.organisation(books.house))
    for known, unknown in (
        (f"/balance?organisation_id={buyer.organisation_id}", f"/balance?organisation_id={new_id('org')}"),
        (f"/ledger?organisation_id={buyer.organisation_id}", f"/ledger?organisation_id={new_id('org')}"),
        (f"/topups/{topup.id}", f"/topups/{new_id('top')}"),
    ):
        assert stranger.get(known).expect(404).json == stranger.get(unknown).expect(404).json
    assert stranger.get("/topups").expect(200).json["items"] == []
    stranger.get("/trial-balance").expect(403)
    client.get("/balance").expect(401)
    finance = of(client, books.recorder)
    assert finance.get(f"/balance?organisation_id={buyer.organisation_id}").expect(200).json["balance"] == "1.00"
    assert finance.get("/balance").expect(422).json["field"] == "organisation_id"


def test_a_replayed_key_with_another_body_is_refused(client: ApiClient, books: Books, buyer: build.Built) -> None:
    finance = of(client, books.recorder)
    finance.post("/topups", body(buyer.organisation_id), key="k").expect(201)
    assert finance.post("/topups", body(buyer.organisation_id, amount="1.00"), key="k").status in (409, 422)
    assert len(finance.get("/topups").expect(200).json["items"]) == 1
