"""An invoice is taken back in parts: whatever the parts, they end where taking it back at once would have ended."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoices import queries, rules, service
from billing.invoices.corrections import part, rests, whole
from billing.invoices.errors import AlreadyCredited, CreditTooLarge, LinesNotThere
from billing.invoices.types import Invoice, Line
from billing.settlement import queries as settlement_queries
from billing.settlement import service as settlement
from billing.settlement.errors import PayableReleased, PayableWithheld
from core.actor import SYSTEM
from core.money import Rounding, share
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.billing.test_invoices import frozen


def _with(nets: list[int], rate: int) -> Invoice:
    plain = frozen(0, rate, Rounding.HALF_UP)
    lines = [rules.line_of("lst_a", "数据", net, "CNY", rate, Rounding.HALF_UP) for net in nets]
    gross = sum(line.gross for line in lines)
    return replace(plain, lines=tuple(lines), gross=gross)


def _note(invoice: Invoice, lines: tuple[Line, ...]) -> Invoice:
    return replace(invoice, lines=lines)


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.integers(0, 3_000), st.randoms(use_true_random=False)
)
def test_parts_sum_and_no_line_gives_more_than_it_has(nets: list[int], rate: int, dice: random.Random) -> None:
    invoice, notes = _with(nets, rate), list[Invoice]()
    left = invoice.gross
    while left:
        amount = dice.choice([1, left, dice.randint(1, left)]) if len(notes) < 8 else left
        lines = part(rests(invoice, notes), amount)
        assert -sum(line.gross for line in lines) == amount
        assert all(line.net <= 0 and line.tax <= 0 and line.net + line.tax == line.gross for line in lines)
        notes.append(_note(invoice, lines))
        left -= amount
        assert all(rest.net >= 0 and rest.tax >= 0 for rest in rests(invoice, notes))
    assert all((rest.net, rest.tax) == (0, 0) for rest in rests(invoice, notes))


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=4))
def test_what_nobody_touched_is_mirrored_to_the_last_unit(nets: list[int]) -> None:
    invoice = _with(nets, 600)
    lines = whole(rests(invoice, []))
    assert [replace(line, of=None) for line in lines] == [rules.mirrored(line) for line in invoice.lines]
    assert [line.of for line in lines] == list(range(1, len(nets) + 1))


@pytest.mark.parametrize("amount", [0, -1, 107])
def test_more_than_is_left_is_no_part(amount: int) -> None:
    with pytest.raises(ValueError, match="more than is left"):
        part(rests(_with([100], 600), []), amount)


class Charge:
    """An order of ¥nn paid at once, and what was taken back of it."""

    def __init__(self, books: Books, net: int) -> None:
        self.books, self.house = books, books.house
        self.buyer, self.supplier = (build.organisation(books.house) for _ in range(2))
        self.buyer_id = str(self.buyer.organisation_id)
        books.fund(self.buyer_id, 10_000_000)
        self.invoice = books.charge(self.buyer_id, str(self.supplier.organisation_id), net)

    def take(self, gross: int) -> Invoice:
        return self.house.db.write(
            lambda uow: service.refund_part(uow, SYSTEM, self.invoice, gross=gross, reason="as ruled")
        )

    def release(self) -> None:
        self.house.db.write(lambda uow: settlement.release(uow, order_id=self.invoice.order_id))

    def owed(self) -> tuple[int, int]:
        found = self.house.db.read(lambda uow: settlement_queries.totals(uow, self.supplier.actor))
        return found.on_hold, found.available


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_taken_before_and_after_the_release_the_shares_are_those_of_what_stays(
    books: Books, seed: int
) -> None:
    dice = random.Random(seed)
    charge = Charge(books, dice.choice([15, 99, 12_345, dice.randint(20, 10**6)]))
    gross, taken, released = charge.invoice.gross, 0, False
    while taken < gross:
        if not released and dice.random() < 0.4:
            charge.release()
            released = True
        amount = dice.randint(1, max(1, (gross - taken) // 2)) if dice.random() < 0.8 else gross - taken
        note = charge.take(amount)
        taken += amount
        assert note.gross == -amount
        net = charge.invoice.net + sum(
            each.net for each in books.house.db.read(lambda uow: queries.corrections_of(uow, charge.invoice.id))
        )
        assert charge.owed() == ((0, share(net, 1000)[1]) if released else (net, 0))
        assert books.balance(charge.buyer_id) == 10_000_000 - gross + taken
        assert books.faults() == []
    with pytest.raises(AlreadyCredited):
        charge.take(1)


def test_more_than_is_left_is_refused_and_leaves_nothing(books: Books) -> None:
    charge = Charge(books, 1_000)
    charge.take(1_000)
    for amount in (61, 0, -5):
        with pytest.raises(CreditTooLarge):
            charge.take(amount)
    assert books.balance(charge.buyer_id) == 10_000_000 - 60
    assert books.faults() == []


def test_a_failed_delivery_takes_what_a_ruling_left(books: Books) -> None:
    charge = Charge(books, 1_000)
    charge.take(500)
    note = books.house.db.write(
        lambda uow: service.refund(uow, order_id=charge.invoice.order_id, reason="not delivered")
    )
    assert note.gross == -560
    assert books.balance(charge.buyer_id) == 10_000_000
    assert charge.owed() == (0, 0)
    assert books.faults() == []


def test_a_failed_delivery_is_not_taken_back_from_a_supplier_who_was_paid(books: Books) -> None:
    charge = Charge(books, 1_000)
    charge.release()
    with pytest.raises(PayableReleased):
        books.house.db.write(lambda uow: service.refund(uow, order_id=charge.invoice.order_id, reason="late"))
    assert charge.take(1_060).gross == -1_060
    assert charge.owed() == (0, 0)
    assert books.faults() == []


def test_what_is_withheld_is_not_released_until_every_reason_is_gone(books: Books) -> None:
    charge = Charge(books, 1_000)
    order_id = charge.invoice.order_id
    books.house.db.write(lambda uow: settlement.withhold(uow, order_id=order_id))
    books.house.db.write(
        lambda uow: settlement.withhold(uow, order_id=order_id, invoice_id=charge.invoice.id, because="dsp_1")
    )
    for because in ("freeze", "dsp_1"):
        with pytest.raises(PayableWithheld):
            charge.release()
        assert charge.owed() == (1_000, 0)
        books.house.db.write(lambda uow, why=because: settlement.let_go(uow, order_id=order_id, because=why))  # type: ignore[misc]
    charge.release()
    assert charge.owed() == (0, 900)


def test_one_month_is_withheld_and_the_others_are_released(books: Books) -> None:
    sale = Sale(books)
    for _ in range(2):
        sale.call(100)
        wait(books.house)
        sale.close()
    first, second = sale.invoices()
    order_id = sale.right.order_id
    books.house.db.write(lambda uow: settlement.withhold(uow, order_id=order_id, invoice_id=first.id, because="dsp_1"))
    wait(books.house, 8)
    assert settlement.release_due(books.house) == 1
    held = books.house.db.read(lambda uow: settlement_queries.withheld_lines(uow, order_id))
    assert [line.invoice_id for line in held] == [first.id]
    books.house.db.write(lambda uow: settlement.let_go(uow, order_id=order_id, because="dsp_1"))
    assert settlement.release_due(books.house) == 1
    assert books.faults() == []
    assert second.period > first.period


def test_a_part_of_some_lines_of_a_month(books: Books) -> None:
    sale = Sale(books)
    sale.call(100, operation="digits")
    sale.call(25, operation="letters")
    wait(books.house)
    sale.close()
    (invoice,) = sale.invoices()

    def take(gross: int, lines: list[int]) -> Invoice:
        return books.house.db.write(
            lambda uow: service.refund_part(uow, SYSTEM, invoice, gross=gross, reason="as ruled", lines=lines)
        )

    note = take(53, [2])
    assert [(line.of, line.net, line.tax) for line in note.lines] == [(2, -50, -3)]
    assert take(53, [2]).gross == -53
    with pytest.raises(CreditTooLarge):
        take(1, [2])
    with pytest.raises(LinesNotThere):
        take(1, [3])
    assert sale.balance().available == 1_000_000 - 530 + 106
    assert books.faults() == []
