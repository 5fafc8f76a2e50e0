"""Fapiao over HTTP: asked for, refused by the name of what is missing, issued once, seen by whom they concern."""

from __future__ import annotations

import pytest

from billing.invoices import service as invoices
from billing.invoices.types import Invoice
from tests import build
from tests.billing.books import Books
from tests.client import ApiClient
from tests.credit_codes import credit_code

FULL = {
    "title": "北京某某科技有限公司", "taxpayer_number": credit_code(4711), "address": "北京市海淀区某路 1 号",
    "phone": "010-88886666", "bank": "中国工商银行北京某支行", "account": "0200 0000 1111 2222 333", "vat_number": "",
}  # fmt: skip


class Asking:
    def __init__(self, client: ApiClient, books: Books) -> None:
        self.app, self.books = client.app, books
        self.buyer, self.supplier = build.organisation(books.house), build.organisation(books.house)
        books.fund(str(self.buyer.organisation_id), 10_000_000)

    def of(self, who: build.Built) -> ApiClient:
        return ApiClient(self.app, who.token)

    def invoice(self, net: int = 10_000) -> Invoice:
        return self.books.charge(str(self.buyer.organisation_id), str(self.supplier.organisation_id), net)

    def say(self, version: int, **details: object) -> int:
        answer = self.of(self.buyer).put("/tax-details", FULL | {"version": version} | details).expect(200)
        return int(answer.json["version"])

    def ask(self, invoice: Invoice, kind: str = "special") -> dict[str, object]:
        found: dict[str, object] = (
            self.of(self.buyer).post(f"/invoices/{invoice.id}/fapiao", {"kind": kind}).expect(201).json
        )
        return found


@pytest.fixture
def asking(client: ApiClient, books: Books) -> Asking:
    return Asking(client, books)


def test_what_a_kind_needs_is_asked_for_by_name(asking: Asking) -> None:
    invoice, buyer = asking.invoice(), asking.of(asking.buyer)
    refused = buyer.post(f"/invoices/{invoice.id}/fapiao", {"kind": "special"}).expect(409, "fapiao_fields_missing")
    assert refused.json["missing"] == ["title", "taxpayer_number", "address", "phone", "bank", "account"]
    version = asking.say(0, address="", bank="")
    refused = buyer.post(f"/invoices/{invoice.id}/fapiao", {"kind": "special"}).expect(409, "fapiao_fields_missing")
    assert refused.json["missing"] == ["address", "bank"]
    buyer.post(f"/invoices/{invoice.id}/fapiao", {"kind": "golden"}).expect(422, "fapiao_kind_unknown")
    assert asking.ask(invoice, "ordinary")["state"] == "requested"
    buyer.post(f"/invoices/{invoice.id}/fapiao", {"kind": "ordinary"}).expect(409, "fapiao_asked")
    assert version == 1


def test_issued_once_and_with_a_number_of_its_own(asking: Asking) -> None:
    asking.say(0)
    first, second = asking.ask(asking.invoice()), asking.ask(asking.invoice(25_000))
    finance, other = asking.of(asking.books.recorder), asking.of(asking.books.confirmer)
    assert [each["id"] for each in finance.get("/fapiao?state=requested").json["items"]] == [second["id"], first["id"]]
    finance.post(f"/fapiao/{first['id']}/issue", {"number": "123"}).expect(422, "fapiao_number_invalid")
    finance.post(f"/fapiao/{first['id']}/issue", {"number": "12345678"}).expect(422, "fapiao_number_invalid")
    asking.of(asking.buyer).post(f"/fapiao/{first['id']}/issue", {"number": "2" * 20}).expect(403)
    issued = finance.post(f"/fapiao/{first['id']}/issue", {"number": "26112000000123456789"}).expect(200).json
    assert (issued["state"], issued["gross"], issued["buyer"]["account"]) == (
        "issued",
        "106.00",
        "02000000111122223 33".replace(" ", ""),
    )
    other.post(f"/fapiao/{first['id']}/refuse", {"reason": "too late"}).expect(409, "fapiao_decided")
    other.post(f"/fapiao/{second['id']}/issue", {"number": "26112000000123456789"}).expect(409, "fapiao_number_taken")
    other.post(f"/fapiao/{second['id']}/issue", {"number": "12345678", "code": "011002100311"}).expect(200)
    assert asking.of(asking.buyer).get(f"/fapiao/{first['id']}").json["number"] == "26112000000123456789"


def test_a_refused_one_is_asked_for_again_with_the_details_of_then(asking: Asking) -> None:
    version = asking.say(0)
    invoice = asking.invoice()
    first = asking.ask(invoice)
    asking.say(version, phone="010-11112222")
    finance = asking.of(asking.books.recorder)
    assert finance.get(f"/fapiao/{first['id']}").json["buyer"]["phone"] == FULL["phone"], "as it was when it asked"
    finance.post(f"/fapiao/{first['id']}/refuse", {"reason": "the title is not that of the licence"}).expect(200)
    again = asking.ask(invoice)
    assert again["id"] != first["id"]
    assert again["buyer"]["phone"] == "010-11112222"  # type: ignore[index]


def test_what_credit_notes_took_is_not_issued_and_shows_when_it_was(asking: Asking) -> None:
    asking.say(0)
    credited, house = asking.invoice(), asking.books.house
    house.db.write(
        lambda uow: invoices.refund_part(uow, asking.books.recorder.actor, credited, gross=6_000, reason="x")
    )
    found = asking.ask(credited)
    assert found["gross"] == "46.00"
    finance = asking.of(asking.books.recorder)
    finance.post(f"/fapiao/{found['id']}/issue", {"number": "3" * 20}).expect(200)
    house.db.write(lambda uow: invoices.refund_part(uow, asking.books.recorder.actor, credited, gross=600, reason="y"))
    assert finance.get(f"/fapiao/{found['id']}").json["credited"] == "6.00"
    gone = asking.invoice()
    house.db.write(lambda uow: invoices.refund(uow, order_id=gone.order_id, reason="z"))
    asking.of(asking.buyer).post(f"/invoices/{gone.id}/fapiao", {"kind": "special"}).expect(409, "no_fapiao_here")


def test_nobody_else_sees_or_asks(asking: Asking) -> None:
    asking.say(0)
    invoice = asking.invoice()
    found = asking.ask(invoice)
    supplier, stranger = asking.of(asking.supplier), asking.of(build.organisation(asking.books.house))
    developer = asking.of(build.member(asking.books.house, asking.buyer, "developer"))
    for other in (supplier, stranger):
        other.get(f"/fapiao/{found['id']}").expect(404, "fapiao_not_found")
        other.post(f"/invoices/{invoice.id}/fapiao", {"kind": "special"}).expect(404, "invoice_not_found")
        other.post(f"/fapiao/{found['id']}/issue", {"number": "2" * 20}).expect(404)
        other.get(f"/organisations/{asking.buyer.organisation_id}/tax-details").expect(404, "tax_details_not_found")
        assert other.get("/fapiao").json["items"] == []
    developer.get("/tax-details").expect(403)
    developer.put("/tax-details", FULL | {"version": 1}).expect(403)
    buyer = asking.of(build.member(asking.books.house, asking.buyer, "buyer"))
    buyer.get("/tax-details").expect(200)
    buyer.put("/tax-details", FULL | {"version": 1}).expect(403)
    assert "02000000111122223" not in str(supplier.get(f"/invoices/{invoice.id}").expect(200).json)
    asking.of(asking.books.recorder).get(f"/organisations/{asking.buyer.organisation_id}/tax-details").expect(200)
