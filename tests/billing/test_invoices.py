"""Invoices: exact, frozen, without gaps; corrected only by their mirror."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from billing.invoices import queries, rules, service
from billing.invoices.errors import AlreadyCredited, AlreadyInvoiced, InvoiceNotFound, TaxChanged
from billing.invoices.types import Invoice, Party, Series
from billing.ledger import queries as ledger
from billing.ledger.errors import BalanceTooLow
from billing.settlement import service as settlement
from billing.settlement.errors import PayableReleased
from core.ids import new_id
from core.money import Rounding
from core.problems import Invalid
from tests import build
from tests.billing.books import Books


@pytest.fixture
def buyer(books: Books) -> build.Built:
    return build.organisation(books.house, name="买方")


@pytest.fixture
def supplier(books: Books) -> build.Built:
    return build.organisation(books.house, name="供方")


def refund(books: Books, order_id: str) -> Invoice:
    return books.house.db.write(lambda uow: service.refund(uow, order_id=order_id, reason="the files are unreadable"))


def test_a_charge_is_invoiced_paid_and_held(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    buyer_id, supplier_id = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(buyer_id, 6_000_000)
    invoice = books.charge(buyer_id, supplier_id, 4_800_000)
    assert (invoice.number, invoice.net, invoice.tax, invoice.gross) == ("INV-00000001", 4_800_000, 288_000, 5_088_000)
    assert (invoice.buyer.name, invoice.supplier.name) == ("买方", "供方")
    assert books.balance(buyer_id) == 912_000
    posted = books.house.db.read(lambda uow: ledger.transactions_of(uow, invoice.order_id))
    accounts = {str(e.account.kind): e.amount for transaction in posted for e in transaction.entries}
    assert [str(transaction.kind) for transaction in posted] == ["invoice", "payment"]
    assert (accounts["supplier_on_hold"], accounts["tax_payable"]) == (-4_800_000, -288_000)
    assert books.faults() == []


def test_a_refund_mirrors_it_exactly(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    buyer_id, supplier_id = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(buyer_id, 10_000)
    invoice = books.charge(buyer_id, supplier_id, 1_234)
    note = refund(books, invoice.order_id)
    assert (note.number, note.corrects) == ("CRN-00000001", invoice.id)
    assert (note.net, note.tax, note.gross) == (-invoice.net, -invoice.tax, -invoice.gross)
    assert note.document()["corrects"] == {"id": invoice.id, "number": invoice.number}
    assert books.balance(buyer_id) == 10_000
    with pytest.raises(AlreadyCredited):
        refund(books, invoice.order_id)
    with pytest.raises(InvoiceNotFound):
        refund(books, new_id("ord"))
    assert books.faults() == []


def test_what_was_released_is_not_refunded(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    books.fund(str(buyer.organisation_id), 10_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_234)
    books.house.db.write(lambda uow: settlement.release(uow, order_id=invoice.order_id))
    with pytest.raises(PayableReleased):
        refund(books, invoice.order_id)
    assert books.balance(str(buyer.organisation_id)) == 10_000 - invoice.gross
    assert len(books.house.db.read(lambda uow: queries.of_order(uow, invoice.order_id))) == 1
    assert books.faults() == []


def test_an_order_is_charged_once(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    books.fund(str(buyer.organisation_id), 10_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_000)
    with pytest.raises(AlreadyInvoiced):
        books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_000, invoice.order_id)
    assert books.balance(str(buyer.organisation_id)) == 10_000 - invoice.gross


def test_a_refused_charge_uses_no_number(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    buyer_id, supplier_id = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(buyer_id, 1_059)
    with pytest.raises(BalanceTooLow) as refusal:
        books.charge(buyer_id, supplier_id, 1_000)
    assert refusal.value.extra["missing"] == "0.01"
    with pytest.raises(Invalid):
        books.charge(buyer_id, new_id("org"), 10)
    with pytest.raises(Invalid):
        books.charge(buyer_id, supplier_id, -10)
    assert books.charge(buyer_id, supplier_id, 999).number == "INV-00000001"
    assert books.faults() == []


def test_what_is_free_moves_no_money(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 0)
    assert invoice.gross == 0
    payable = books.house.db.write(lambda uow: settlement.release(uow, order_id=invoice.order_id))
    assert (payable.share, payable.commission) == (0, 0)
    assert books.house.db.read(ledger.trial_balance) == {}
    assert books.faults() == []


def test_numbers_have_no_gaps_when_many_buy_at_once(books: Books, supplier: build.Built) -> None:
    buyers = [str(build.organisation(books.house).organisation_id) for _ in range(4)]
    for buyer_id in buyers:
        books.fund(buyer_id, 2_500)
    numbers: list[str] = []
    errors: list[str] = []

    def buy(buyer_id: str) -> None:
        for _ in range(4):
            try:
                numbers.append(books.charge(buyer_id, str(supplier.organisation_id), 1_000).number)
            except BalanceTooLow:
                errors.append(buyer_id)

    threads = [threading.Thread(target=buy, args=(buyer_id,)) for buyer_id in buyers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [f"INV-{serial:08d}" for serial in range(1, 9)]
    assert len(errors) == 8
    assert books.faults() == []


def test_parties_see_their_invoice_and_others_cannot_tell_it_from_none(
    books: Books, buyer: build.Built, supplier: build.Built
) -> None:
    books.fund(str(buyer.organisation_id), 10_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_000)

    def seen_by(who: build.Built, invoice_id: str) -> Invoice:
        return books.house.db.read(lambda uow: queries.get(uow, who.actor, invoice_id))

    def list_of(who: build.Built) -> list[Invoice]:
        return list(books.house.db.read(lambda uow: queries.listed(uow, who.actor)).items)

    for who in (buyer, supplier, books.recorder):
        assert seen_by(who, invoice.id) == invoice
        assert list_of(who) == [invoice]
    stranger = build.organisation(books.house)
    for invoice_id in (invoice.id, new_id("inv")):
        with pytest.raises(InvoiceNotFound):
            seen_by(stranger, invoice_id)
    assert list_of(stranger) == []


def test_nobody_is_charged_another_gross_than_agreed(books: Books, buyer: build.Built, supplier: build.Built) -> None:
    buyer_id, supplier_id = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(buyer_id, 10_000)
    with pytest.raises(TaxChanged):
        books.house.db.write(
            lambda uow: service.charge(
                uow, invoice_id=new_id("inv"), order_id=new_id("ord"), buyer_id=buyer_id, supplier_id=supplier_id,
                listing_id=new_id("lst"),
                description="数据", net=1_000, currency="CNY", agreed_gross=1_090,
            )
        )  # fmt: skip
    assert books.balance(buyer_id) == 10_000
    assert books.charge(buyer_id, supplier_id, 1_000).number == "INV-00000001"


def test_the_log_holds_the_hashes_of_what_was_issued_and_posted(
    books: Books, buyer: build.Built, supplier: build.Built
) -> None:
    books.fund(str(buyer.organisation_id), 10_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_000)
    sale, paid = books.house.db.read(lambda uow: ledger.transactions_of(uow, invoice.order_id))
    statement = text("SELECT body FROM audit_entry WHERE object_id = :id")
    bodies = books.house.db.read(lambda uow: uow.session.execute(statement, {"id": invoice.id}).scalars().all())
    (said,) = [json.loads(bytes(body)) for body in bodies]
    assert said["action"] == "invoice:issue"
    assert said["data"]["document_sha256"] == invoice.sha256
    assert (said["data"]["invoice_sha256"], said["data"]["payment_sha256"]) == (sale.sha256(), paid.sha256())


AMOUNTS = st.integers(0, 9_000_000_000_000_000)


def frozen(net: int, rate: int, rounding: Rounding, currency: str = "CNY", **more: Any) -> Invoice:
    party = Party("org_a", "甲", "A", "91310000MA1FL0000X")
    line = rules.line_of("lst_a", {"zh": "数据", "en": ""}, net, currency, rate, rounding)
    return rules.freeze(
        invoice_id="inv_a", series=Series.INVOICE, serial=7, order_id="ord_a",
        issued_at=datetime(2026, 11, 25, 8, 0, tzinfo=UTC), supplier=party, buyer=party, currency=currency,
        lines=(line,), rounding=str(rounding), **more,
    )  # fmt: skip


@given(AMOUNTS, st.integers(0, 3_000), st.sampled_from(Rounding), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_documents_sum_and_survive_being_stored(net: int, rate: int, rounding: Rounding, currency: str) -> None:
    try:
        invoice = frozen(net, rate, rounding, currency)
    except Invalid:
        assert net + net * rate // 10_000 + 1 > 9_200_000_000_000_000
        return
    assert invoice.net + invoice.tax == invoice.gross == sum(line.gross for line in invoice.lines)
    assert abs(invoice.tax - Fraction(net * rate, 10_000)) <= Fraction(1, 2)
    assert rules.thaw(invoice.body) == invoice


@given(st.integers(1, 10**12), st.sampled_from(Rounding))
def test_a_mirrored_line_cancels_to_zero(net: int, rounding: Rounding) -> None:
    line = rules.line_of("lst_a", "数据", net, "CNY", 600, rounding)
    mirror = rules.mirrored(line)
    assert (line.net + mirror.net, line.tax + mirror.tax, line.gross + mirror.gross) == (0, 0, 0)


def test_the_profile_decides_a_tie() -> None:
    assert frozen(25, 600, Rounding.HALF_UP).tax == 2
    assert frozen(75, 600, Rounding.HALF_UP).tax == 5
    assert frozen(75, 600, Rounding.HALF_EVEN).tax == 4
