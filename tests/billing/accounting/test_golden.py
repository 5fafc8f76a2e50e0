"""What accountants are given keeps its form: the journal of a month with every usual deed, and the month's close."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from billing.accounting import journals, months, periods
from billing.invoices import service as invoices
from billing.settlement import service as settlement
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import Sale
from tests.billing.scrubbed import same_as_golden

_HERE = Path(__file__).parent


def _month(books: Books) -> str:
    """Topped up, charged, refunded in part and in whole, released, called; answers the month, which is over."""
    house = books.house
    label = periods.month_of(house.clock.now(), "Asia/Shanghai")
    starts_at, _ = periods.month(label, "Asia/Shanghai")
    house.clock.advance(starts_at + timedelta(days=33) - house.clock.now())
    label = periods.month_of(house.clock.now(), "Asia/Shanghai")
    buyer, supplier = build.organisation(house), build.organisation(house)
    own, theirs = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(own, 1_000_000)
    kept, parted, undone = (books.charge(own, theirs, net) for net in (100_000, 33_333, 1_999))
    house.db.write(
        lambda uow: invoices.refund_part(uow, books.recorder.actor, parted, gross=7_777, reason="one file was empty")
    )
    house.db.write(lambda uow: invoices.refund(uow, order_id=undone.order_id, reason="never delivered"))
    house.db.write(lambda uow: settlement.release(uow, order_id=kept.order_id))
    sale = Sale(books, balance=0, buyer=buyer, supplier=supplier)
    sale.call(37)
    sale.call(5, "miss")
    house.clock.advance(timedelta(days=31))
    sale.close()
    return label


def test_the_journal_and_the_close_of_a_month_are_as_they_were(books: Books) -> None:
    label, house = _month(books), books.house
    asked = house.db.write(lambda uow: journals.ask(uow, books.recorder.actor, month=label))
    assert same_as_golden(_HERE / "golden_journal.csv", "".join(journals.table(house, asked)))
    closed = house.db.write(lambda uow: months.close(uow, books.recorder.actor, label))
    document = json.dumps(closed.document, ensure_ascii=False, indent=1, sort_keys=True)
    assert same_as_golden(_HERE / "golden_month.json", document + "\n")
    assert books.faults() == []
