"""What went wrong in other systems that bill usage, each held here by a test of what must happen instead."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from threading import Event, Thread

import pytest

from billing import rating
from billing.coupons.types import Discount
from billing.invoices.rules import discounted, line_of, usage_lines
from billing.invoices.types import Usage
from billing.ledger import queries as ledger
from billing.periods import service as periods
from billing.usage import comparing, service
from core import plans
from core.db import Uow
from core.house import House
from core.money import UNITS_PER_MINOR, Rounding
from core.months import Months, ZoneChange
from tests.billing.books import Books
from tests.billing.usage.metering import PER_HIT, meter

MONTHLY = {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "30.00", "period": "month"}


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)


def test_a_call_without_a_time_is_kept_apart_and_moves_to_no_month(books: Books) -> None:
    """tuist #11903: usage without a time was moved to the next invoice."""
    one = meter(books)
    one.fund(2)
    report = one.load([one.record(at=datetime.fromtimestamp(0, UTC)), one.record()])
    assert (report.loaded, report.conflicts) == (1, 1)
    assert books.house.db.read(comparing.conflict_count) == 1
    assert books.faults() == []


@pytest.mark.parametrize("rounding", Rounding)
def test_many_small_lines_have_the_tax_of_their_sum_and_none_is_below_nothing(rounding: Rounding) -> None:
    """lago-api #821, #4273: tax off by one, totals below zero."""
    parts = [(Usage("2026-11", "a", "0" * 64, "usage", "hit", 1, 1, UNITS_PER_MINOR // 2), 1)] * 7
    lines = usage_lines("lst_a", parts, "CNY", 600, rounding)
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    assert net in (3, 4)
    assert abs(tax - Fraction(net * 600, 10_000)) <= Fraction(1, 2)
    assert all(line.net >= 0 and line.tax >= 0 for line in lines)
    for off in (0, 1, 99, 100, 10**9):
        taken = discounted(line_of("lst_a", "x", 100, "CNY", 600, rounding), Discount("C", off, 0), rounding)
        assert sum(line.net for line in taken) >= 0
        assert sum(line.tax for line in taken) >= 0


def test_fractions_of_a_cent_are_invoiced_and_hold_nothing_back(books: Books) -> None:
    """killbill #1124: an amount of less than a cent parked the account."""
    one = meter(books, PER_HIT | {"price": "0.0028"}, balance=1_000)
    assert one.fund(3) == 3
    now = books.house.clock.now()
    one.load(one.records(1, at=now))
    one.unfund(2)
    books.house.clock.advance(timedelta(days=40))
    list(periods.close_due(books.house))
    left = books.house.db.read(lambda uow: ledger.balance(uow, one.right.organisation_id))
    assert (left.balance, left.held) == (1_000, 0), "0.28 of a cent is none"
    assert one.fund(1) == 1, "and nothing stands in the way of the next call"
    assert books.faults() == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Shanghai"])
def test_every_moment_lies_in_one_period_whatever_the_clocks_do(zone: str) -> None:
    """killbill #1934: a change of the clocks gave two invoices for the same usage."""
    months = Months([ZoneChange(datetime(2000, 1, 1, tzinfo=UTC), zone)])
    plan, at, windows = plans.parse(MONTHLY), datetime(2017, 12, 15, tzinfo=UTC), []
    while at < datetime(2020, 4, 1, tzinfo=UTC):
        windows.append(rating.window_of(plan, months, at))
        at = windows[-1].ends_at
    assert all(before.ends_at == after.starts_at for before, after in pairwise(windows))
    assert len({window.label for window in windows}) == len(windows) in (28, 29)
    parts = [rating.part_of(window, windows[0].starts_at, windows[-1].ends_at) for window in windows]
    assert all(part.is_whole for part in parts)


def test_a_quota_taken_by_many_at_once_is_exact(books: Books) -> None:
    """kong #11859, apisix #13704: a quota was exceeded by calls in parallel."""
    one = meter(books, limits={"quota": 25, "quota_period": "day", "trial_calls": 0})
    window = one.house.db.read(lambda uow: service.quota_window(uow, one.right))
    write, key = one.house.db.write, one.right.id
    assert write(lambda uow: service.take_quota(uow, one.right, window, 15)) == 15
    took, may_end = Event(), Event()

    def take(uow: Uow) -> int:
        got = service.take_quota(uow, one.right, window, 20)
        took.set()
        may_end.wait(5)
        return got

    taking = Thread(target=lambda: write(take))
    giving = Thread(target=lambda: write(lambda uow: service.return_quota(uow, key, window, 5)))
    taking.start()
    took.wait(5)
    giving.start()
    time.sleep(0.2)  # it reads the quota while what was taken is not committed
    may_end.set()
    taking.join()
    giving.join()
    assert write(lambda uow: service.take_quota(uow, one.right, window, 25)) == 5
