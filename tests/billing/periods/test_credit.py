"""A month's invoice is corrected by a credit note: all of it or some lines, before or after the supplier was paid."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.invoices import service as invoices
from billing.invoices.errors import AlreadyCredited, InvoiceNotFound, LinesNotThere, NotAnInvoice
from billing.invoices.types import Invoice
from billing.settlement import queries as settlement_queries
from billing.settlement import service as settlement
from billing.settlement.types import Payables
from compliance.policy import PolicyRefused
from core.actor import Actor
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.client import ApiClient


@pytest.fixture
def sale(books: Books) -> Sale:
    """A closed month of ¥4.00 and ¥1.00 on two operations; commission is a tenth."""
    made = Sale(books)
    made.call(100, operation="digits")
    made.call(25, operation="letters")
    wait(books.house)
    made.close()
    return made


def credit(sale: Sale, lines: Sequence[int] | None = None, by: Actor | None = None) -> Invoice:
    actor, invoice = by or sale.books.recorder.actor, sale.invoices()[0]
    return sale.house.db.write(
        lambda uow: invoices.credit(uow, actor, invoice.id, reason="the upstream answered nonsense", lines=lines)
    )


def owed_to(sale: Sale) -> Payables:
    return sale.house.db.read(lambda uow: settlement_queries.totals(uow, sale.supplier.actor))


def settle(sale: Sale) -> int:
    wait(sale.house, 8)
    return settlement.release_due(sale.house)


def test_all_of_it_before_it_was_released(sale: Sale) -> None:
    note = credit(sale)
    assert (note.number, note.net, note.tax, note.gross) == ("CRN-00000001", -500, -30, -530)
    assert note.period == sale.invoices()[0].period
    assert sale.balance().available == 1_000_000
    assert (owed_to(sale).on_hold, owed_to(sale).available) == (0, 0)
    assert settle(sale) == 0
    assert sale.books.faults() == []


def test_some_lines_before_it_was_released(sale: Sale) -> None:
    note = credit(sale, [2])
    assert (note.net, note.gross) == (-100, -106)
    assert owed_to(sale).on_hold == 400
    assert settle(sale) == 1
    assert (owed_to(sale).on_hold, owed_to(sale).available) == (0, 360)
    assert sale.books.faults() == []


def test_after_it_was_released_the_supplier_owes_it(sale: Sale) -> None:
    assert settle(sale) == 1
    assert owed_to(sale).available == 450
    credit(sale)
    assert owed_to(sale).available == 0
    assert sale.balance().available == 1_000_000
    assert sale.books.faults() == []


def test_a_negative_balance_of_a_supplier_is_carried_forward(sale: Sale) -> None:
    """The share was released; were it paid out, the next months would make up for what is taken back."""
    settle(sale)
    credit(sale, [1])
    assert owed_to(sale).available == 90
    sale.call(10, operation="digits")
    wait(sale.house)
    sale.close()
    settle(sale)
    assert owed_to(sale).available == 90 + 36
    assert sale.books.faults() == []


def test_what_was_not_paid_is_no_longer_owed(books: Books) -> None:
    sale = Sale(books, balance=100)
    sale.call(100)
    wait(books.house)
    sale.close()
    assert (sale.balance().balance, sale.owed()) == (0, 324)
    credit(sale)
    assert (sale.balance().balance, sale.owed()) == (100, 0)
    assert books.faults() == []


def test_it_is_credited_once(sale: Sale) -> None:
    credit(sale, [1])
    for lines in (None, [1], [2]):
        with pytest.raises(AlreadyCredited):
            credit(sale, lines)
    assert sale.balance().available == 1_000_000 - 530 + 424
    assert sale.books.faults() == []


@pytest.mark.parametrize("lines", [[], [0], [3], [1, 1], [-1], [1, 2, 3]])
def test_lines_that_are_not_there(sale: Sale, lines: list[int]) -> None:
    with pytest.raises(LinesNotThere):
        credit(sale, lines)
    assert len(sale.invoices()) == 1


def test_credited_usage_is_not_billed_again(sale: Sale) -> None:
    credit(sale)
    sale.call(10)
    wait(sale.house)
    sale.close()
    assert [document.net for document in sale.invoices()] == [500, -500, 40]
    assert sale.books.faults() == []


def test_only_finance_of_the_platform_credits(sale: Sale) -> None:
    for who in (sale.buyer.actor, sale.supplier.actor):
        with pytest.raises(PolicyRefused):
            credit(sale, by=who)
    with pytest.raises(InvoiceNotFound):
        credit(sale, by=build.organisation(sale.house).actor)
    assert len(sale.invoices()) == 1
    assert sale.balance().available == 1_000_000 - 530


def test_a_charge_paid_at_once_and_a_credit_note_are_not_credited(sale: Sale) -> None:
    charge = sale.books.charge(sale.buyer_id, sale.supplier_id, 1_000)
    note = credit(sale)
    for document in (charge, note):
        with pytest.raises(NotAnInvoice):
            sale.house.db.write(
                lambda uow, it=document.id: invoices.credit(uow, sale.books.recorder.actor, it, reason="why")  # type: ignore[misc]
            )
    assert sale.books.faults() == []


def test_through_the_api(client: ApiClient, sale: Sale) -> None:
    invoice = sale.invoices()[0]
    path = f"/invoices/{invoice.id}/credit-note"
    finance, buyer = (client.sign_in(who.email, build.PASSWORD) for who in (sale.books.recorder, sale.buyer))
    assert buyer.post(path, {"reason": "please"}).expect(403).code == "finance_role_needed"
    assert finance.post(path, {"reason": "wrong", "lines": [7]}).expect(422).json["field"] == "lines"
    assert finance.post(path, {"reason": ""}).expect(422).json["field"] == "reason"
    note = finance.post(path, {"reason": "the answers were wrong", "lines": [1]}, key="k").expect(201).json
    assert (note["kind"], note["gross"], note["corrects"]) == ("credit_note", "-4.24", invoice.id)
    assert finance.post(path, {"reason": "the answers were wrong", "lines": [1]}, key="k").expect(201).json == note
    assert finance.post(path, {"reason": "the answers were wrong"}).expect(409).code == "already_credited"
    shown = buyer.get(f"/invoices/{invoice.id}").expect(200).json
    assert (shown["outstanding"], shown["period"]["month"]) == ("0.00", invoice.period)
    assert shown["lines"][0]["usage"]["amount"] == "4.00"
    assert sale.books.faults() == []
