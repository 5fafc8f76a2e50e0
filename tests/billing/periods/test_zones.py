"""Months are the buyer's: by its time zone, whatever the clocks do, from the next month on when it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from compliance.identity import queries as identity
from compliance.identity import service as identity_service
from core.db import Uow
from core.months import TimezoneUnknown
from core.problems import Forbidden, StaleVersion
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, utc, wait
from tests.client import ApiClient


def choose(books: Books, who: build.Built, zone: str, version: int | None = None) -> None:
    def work(uow: Uow) -> None:
        own = identity.organisation(uow, str(who.organisation_id))
        identity_service.change_timezone(uow, who.actor, version=version or own.version, timezone=zone)

    books.house.db.write(work)


def in_zone(books: Books, zone: str) -> Sale:
    """A buyer whose months are of that zone from the next one on, and time has come there."""
    sale = Sale(books)
    choose(books, sale.buyer, zone)
    wait(books.house, 70)
    return sale


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        ("Asia/Shanghai", "2027-10-31T15:59:59.999999", "2027-10-31T16:00:00"),
        ("America/New_York", "2027-11-01T03:59:59.999999", "2027-11-01T04:00:00"),
        ("Asia/Kathmandu", "2027-10-31T18:14:59.999999", "2027-10-31T18:15:00"),
        ("Pacific/Kiritimati", "2027-10-31T09:59:59.999999", "2027-10-31T10:00:00"),
        ("Europe/Berlin", "2027-10-31T22:59:59.999999", "2027-10-31T23:00:00"),  # the clocks went back that very day
    ],
)
def test_a_call_belongs_to_the_month_of_the_buyers_zone(books: Books, zone: str, last: str, first: str) -> None:
    sale = in_zone(books, zone)
    sale.call(1, at=utc(last))
    sale.call(2, at=utc(first))
    books.house.clock.advance(utc("2027-12-05T00:00") - books.house.clock.now())
    sale.close()
    assert [(invoice.period, invoice.net) for invoice in sale.invoices()] == [("2027-10", 4), ("2027-11", 8)]
    assert books.faults() == []


def test_the_hour_that_comes_twice_is_billed_once(books: Books) -> None:
    """killbill #1934: when the clocks were set back, the same usage stood on two invoices."""
    sale = in_zone(books, "America/New_York")
    for minutes in range(0, 240, 15):  # from 00:30 local time, over 01:00 to 02:00 twice
        sale.call(1, at=utc("2027-11-07T04:30") + timedelta(minutes=minutes))
    books.house.clock.advance(utc("2028-01-05T00:00") - books.house.clock.now())
    sale.close()
    assert [(invoice.period, invoice.net) for invoice in sale.invoices()] == [("2027-11", 64)]
    assert books.faults() == []


def test_the_running_month_ends_as_it_began(books: Books) -> None:
    sale = Sale(books)
    sale.call(1)
    choose(books, sale.buyer, "America/New_York")
    sale.call(2)
    wait(books.house, 31)
    sale.call(4)
    wait(books.house, 62)
    sale.close()
    first, second = sale.invoices()
    assert first.span is not None
    assert second.span is not None
    assert (first.net, first.span.zone) == (12, "Asia/Shanghai")
    assert (second.net, second.span.zone) == (16, "America/New_York")
    assert first.span.ends_at == second.span.starts_at
    assert books.faults() == []


def test_a_choice_that_had_not_begun_is_forgotten(books: Books) -> None:
    sale = Sale(books)
    for zone in ("America/New_York", "Europe/Berlin", "Asia/Shanghai"):
        choose(books, sale.buyer, zone)
    months = books.house.db.read(lambda uow: identity.months_of(uow, sale.buyer_id))
    later = months.period_of(books.house.clock.now() + timedelta(days=60))
    assert later.zone == "Asia/Shanghai"


def test_only_an_owner_chooses_and_only_a_zone_there_is(client: ApiClient, books: Books) -> None:
    owner, other = build.organisation(books.house), build.organisation(books.house)
    path = f"/organisations/{owner.organisation_id}/timezone"
    mine, stranger = (ApiClient(client.app, who.token) for who in (owner, other))
    before = mine.get(f"/organisations/{owner.organisation_id}").expect(200).json
    assert before["timezone"] == "Asia/Shanghai"
    etag = f'"{before["version"]}"'
    assert mine.patch(path, {"timezone": "Asia/Peking"}, etag=etag).expect(422).code == "timezone_unknown"
    assert stranger.patch(path, {"timezone": "UTC"}, etag=etag).expect(404).code == "organisation_not_found"
    mine.patch(path, {"timezone": "UTC"}).expect(428)
    assert mine.get(f"/organisations/{owner.organisation_id}").json == before
    assert mine.patch(path, {"timezone": "UTC"}, etag=etag).expect(200).json["timezone"] == "UTC"
    assert mine.patch(path, {"timezone": "UTC"}, etag=etag).expect(412).code == "stale_version"


def test_what_the_service_refuses(books: Books) -> None:
    owner = build.organisation(books.house)
    with pytest.raises(StaleVersion):
        choose(books, owner, "UTC", version=99)
    with pytest.raises(TimezoneUnknown):
        choose(books, owner, "Mars/Olympus")
    buyer = replace(owner, actor=replace(owner.actor, roles=frozenset({"buyer"})))
    with pytest.raises(Forbidden):
        choose(books, buyer, "UTC")
