"""What must be kept, and legal holds of two people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compliance.audit import queries as audit
from compliance.audit import sequencer
from compliance.retention import queries, service
from compliance.retention.errors import MustBeKept
from core.actor import SYSTEM
from core.house import House
from core.ids import new_id
from tests import build
from tests.client import ApiClient


def test_the_longest_term_counts_and_never_shrinks(house: House) -> None:
    thing, now = new_id("ord"), house.clock.now()
    for basis, days in (("records", 10), ("tax", 30), ("records", 5)):
        house.db.write(lambda uow, b=basis, d=days: service.keep(uow, thing, now + timedelta(days=d), b))  # type: ignore[misc]
    kept = house.db.read(lambda uow: service.must_keep(uow, thing))
    assert kept is not None
    assert (kept.basis, kept.until) == ("tax", now + timedelta(days=30))
    assert [each.basis for each in house.db.read(lambda uow: queries.keepings(uow, thing))] == ["tax", "records"]
    house.clock.advance(timedelta(days=31))
    assert house.db.read(lambda uow: service.must_keep(uow, thing)) is None


@pytest.mark.parametrize(("tier", "years"), [(0, 3), (3, 3), (4, 5), (5, 10)])
def test_records_are_kept_as_long_as_the_tier_says(house: House, tier: int, years: int) -> None:
    thing, ended = new_id("ord"), house.clock.now()
    house.db.write(lambda uow: service.keep_records(uow, [thing], tier=tier, ended_at=ended))
    kept = house.db.read(lambda uow: service.must_keep(uow, thing))
    assert kept is not None
    assert kept.until == service.years_after(ended, years)


def test_a_leap_day_has_an_anniversary() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert service.years_after(leap, 3) == datetime(2031, 2, 28, 12, tzinfo=UTC)
    assert service.years_after(leap, 4) == datetime(2032, 2, 29, 12, tzinfo=UTC)


def test_a_hold_is_let_go_by_another_officer_and_both_acts_are_logged(house: House, client: ApiClient) -> None:
    first, second = (build.platform_person(house, "officer") for _ in range(2))
    one, two = ApiClient(client.app, first.token), ApiClient(client.app, second.token)
    thing = new_id("org")
    made = one.post("/holds", {"object_id": thing, "reason": "court order 7"}).expect(201).json
    assert two.post("/holds", {"object_id": thing, "reason": "again"}).expect(201).json["id"] == made["id"]
    with pytest.raises(MustBeKept):
        house.db.read(lambda uow: service.refuse_erasure(uow, SYSTEM, [new_id("org"), thing]))
    path = f"/holds/{made['id']}/release"
    assert one.post(path, {"reason": "done"}).expect(403).code == "same_person"
    assert two.post(path, {"reason": "case closed"}).expect(200).json["release_reason"] == "case closed"
    assert two.post(path, {"reason": "again"}).expect(409).code == "hold_ended"
    house.db.read(lambda uow: service.refuse_erasure(uow, SYSTEM, [thing]))
    while sequencer.run(house):
        pass
    logged = house.db.read(lambda uow: audit.entries(uow, second.actor, object_id=thing)).items
    assert [entry.action for entry in logged] == ["hold:release", "hold:place"]


def test_nobody_else_places_or_sees_holds(house: House, client: ApiClient) -> None:
    thing = new_id("ord")
    for who in (build.organisation(house), build.platform_person(house, "reviewer", "finance", "operator")):
        other = ApiClient(client.app, who.token)
        other.post("/holds", {"object_id": thing, "reason": "x"}).expect(403)
        other.get("/holds").expect(403)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    assert officer.get("/holds").expect(200).json["items"] == []
    assert officer.post("/holds", {"object_id": "everything", "reason": "x"}).expect(422).code == "nothing_to_hold"
