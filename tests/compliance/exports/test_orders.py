"""An order's export from reservation to settlement, and through the API."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import delete, update

from compliance.exports import proof, queries, service
from compliance.exports.errors import ExportBlocked, ExportNotCountable, ExportThresholdReached, PersonsLost
from compliance.exports.sets import PersonSets
from compliance.exports.types import Count, ExportSnapshot
from core.db import Base
from core.house import House
from core.ids import new_id
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient
from tests.compliance.exports.campaign import TIER, Bundle, bundle, limits, reserve, table


@pytest.fixture(autouse=True)
def _small() -> object:
    with patch.object(queries, "thresholds", lambda _uow: limits(1000)):
        yield


def _sent(house: House, supplier: build.Built) -> Count:
    owner = supplier.organisation_id or ""
    return house.db.read(lambda uow: queries.counter(uow, supplier.actor, owner)).count


def _export(house: House, order: str) -> ExportSnapshot:
    found = house.db.read(lambda uow: queries.export_of(uow, order))
    assert found is not None
    return found


def test_the_same_people_are_counted_once_and_let_go_when_their_order_ends(house: House) -> None:
    supplier = build.organisation(house)
    sold = bundle(house, supplier, table(range(60)))
    orders = [new_id("ord") for _ in range(3)]
    for order in orders:
        reserve(house, supplier, sold, order)
    other = bundle(house, supplier, table(range(50, 99)))
    reserve(house, supplier, other)
    assert _sent(house, supplier) == Count(99)
    for order in orders:
        house.db.write(lambda uow, order=order: service.release(uow, order))  # type: ignore[misc]
    assert _sent(house, supplier) == Count(49)


def test_what_is_paid_stays_counted_and_goes_to_the_year_it_was_paid_in(house: House) -> None:
    supplier, order = build.organisation(house), new_id("ord")
    reserve(house, supplier, bundle(house, supplier, table(range(60))), order)
    first = _export(house, order).year
    house.clock.advance(timedelta(days=366))
    house.db.write(lambda uow: service.settle(uow, order))
    house.db.write(lambda uow: service.settle(uow, order))
    house.db.write(lambda uow: service.release(uow, order))
    assert (_export(house, order).year, _export(house, order).state) == (first + 1, "settled")
    assert _sent(house, supplier) == Count(60)


def test_what_is_reserved_in_december_is_refused_in_january_when_the_year_is_full(house: House) -> None:
    supplier, order = build.organisation(house), new_id("ord")
    reserve(house, supplier, bundle(house, supplier, table(range(60))), order)
    house.clock.advance(timedelta(days=366))
    reserve(house, supplier, bundle(house, supplier, table(range(100, 160))))
    with pytest.raises(ExportThresholdReached):
        house.db.write(lambda uow: service.settle(uow, order))
    assert _export(house, order).state == "reserved"


def test_at_home_nothing_is_counted(house: House) -> None:
    supplier, order = build.organisation(house), new_id("ord")
    sold = bundle(house, supplier, table(range(500)))
    assert not reserve(house, supplier, sold, order, country="CN").abroad
    house.db.write(lambda uow: service.settle(uow, order))
    assert _sent(house, supplier) == Count()


def test_terms_that_stay_at_home_after_all_let_the_reservation_go(house: House) -> None:
    supplier, order = build.organisation(house), new_id("ord")
    sold = bundle(house, supplier, table(range(60)))
    reserve(house, supplier, sold, order)
    reserve(house, supplier, sold, order, country="CN")
    assert (_sent(house, supplier), _export(house, order).state) == (Count(), "released")


def test_what_nobody_counted_does_not_leave(house: House) -> None:
    supplier = build.organisation(house)
    sound = build.file(house, supplier, b"RIFF....WAVE", "a.wav")
    for revision in (Bundle(new_id("rev"), [sound]), Bundle(new_id("rev"), [], interface=object())):
        with pytest.raises(ExportNotCountable):
            reserve(house, supplier, revision)


def test_a_clearance_lets_it_go_and_ends_before_it_is_paid(house: House, client: ApiClient) -> None:
    supplier, officer = build.organisation(house), build.platform_person(house, "officer")
    owner, sold = supplier.organisation_id or "", bundle(house, supplier, table(range(100)))
    with pytest.raises(ExportThresholdReached):
        reserve(house, supplier, sold)
    now = house.clock.now()
    given = {
        "organisation_id": owner, "mechanism": "standard_contract", "number": "沪-2026-0007", "countries": ["SG"],
        "valid_from": now.isoformat(), "valid_until": (now + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    officers, mine = ApiClient(client.app, officer.token), ApiClient(client.app, supplier.token)
    made = officers.post("/clearances", given).expect(201).json
    assert mine.post("/clearances", given).expect(403).code == "officer_role_needed"
    listed = mine.get(f"/clearances?organisation_id={owner}").expect(200).json
    assert [each["number"] for each in listed["items"]] == ["沪-2026-0007"]
    order = new_id("ord")
    assert reserve(house, supplier, sold, order).clearance_id == made["id"]
    with pytest.raises(ExportThresholdReached):
        reserve(house, supplier, sold, country="US")
    officers.post(f"/clearances/{made['id']}/withdraw", {"reason": "fault"}).expect(200)
    assert officers.post(f"/clearances/{made['id']}/withdraw", {"reason": "x"}).code == "clearance_ended"
    house.clock.advance(timedelta(days=31))
    with pytest.raises(ExportThresholdReached):
        house.db.write(lambda uow: service.settle(uow, order))


def test_a_clearance_of_a_word_nobody_knows_or_of_ten_years_is_refused(house: House, client: ApiClient) -> None:
    supplier, officer = build.organisation(house), build.platform_person(house, "officer")
    now = house.clock.now()
    given = {
        "organisation_id": supplier.organisation_id, "mechanism": "handshake", "number": "1",
        "valid_from": now.isoformat(), "valid_until": (now + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    officers = ApiClient(client.app, officer.token)
    assert officers.post("/clearances", given).expect(422).code == "clearance_invalid"
    given |= {"mechanism": "certification", "valid_until": (now + timedelta(days=3650)).isoformat()}
    assert officers.post("/clearances", given).expect(422).json["field"] == "valid_until"
    for start, end in (("9999-06-01", "9999-12-31"), ("9999-12-31T23:59:59-12:00", "9999-12-31")):
        given |= {"valid_from": start if "T" in start else f"{start}T00:00:00Z", "valid_until": f"{end}T00:00:00Z"}
        assert officers.post("/clearances", given).expect(422).json["field"] == "valid_from"


def test_an_exporter_sees_its_own_counter_only(house: House, client: ApiClient) -> None:
    supplier, other = build.organisation(house), build.organisation(house)
    reserve(house, supplier, bundle(house, supplier, table(range(60))))
    mine, theirs = ApiClient(client.app, supplier.token), ApiClient(client.app, other.token)
    path = f"/organisations/{supplier.organisation_id}/exports"
    seen = mine.get(path).expect(200).json
    assert (seen["persons"], seen["next_persons"], seen["next_sensitive"], seen["orders"]) == (60, 100, 1, 1)
    theirs.get(path).expect(403)
    client.get(path).expect(401)
    theirs.get("/exports").expect(403)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    assert [each["persons"] for each in officer.get("/exports").expect(200).json["items"]] == [60]


def test_tiers_that_never_leave(house: House) -> None:
    supplier = build.organisation(house)
    sold, owner = bundle(house, supplier, table([])), supplier.organisation_id or ""
    for tier in (TIER + 1, TIER + 2):
        with pytest.raises(ExportBlocked):
            house.db.write(
                lambda uow, tier=tier: service.reserve(  # type: ignore[misc]
                    uow, new_id("ord"), supplier_id=owner, buyer_country="SG", territories=[], revision=sold, tier=tier
                )
            )


def _low(house: House, supplier: build.Built, sold: Bundle, tier: int = 1) -> str:
    """An order abroad of a tier whose data may leave."""
    order, owner = new_id("ord"), supplier.organisation_id or ""
    house.db.write(
        lambda uow: service.reserve(
            uow, order, supplier_id=owner, buyer_country="SG", territories=[], revision=sold, tier=tier
        )
    )
    return order


@pytest.mark.parametrize("tier", [0, 1])
def test_open_data_that_went_abroad_is_counted_with_what_follows(house: House, tier: int) -> None:
    supplier = build.organisation(house)
    order = _low(house, supplier, bundle(house, supplier, table(range(60))), tier)
    house.db.write(lambda uow: service.settle(uow, order))
    assert _sent(house, supplier) == Count(60)
    with pytest.raises(ExportThresholdReached):
        reserve(house, supplier, bundle(house, supplier, table(range(100, 140))))


def test_an_order_whose_tier_rose_before_it_was_paid_is_judged_by_the_new_one(house: House) -> None:
    supplier = build.organisation(house)
    many, few = bundle(house, supplier, table(range(100))), bundle(house, supplier, table(range(9)))
    refused, allowed = _low(house, supplier, many), new_id("ord")
    with pytest.raises(ExportThresholdReached):
        house.db.write(lambda uow: service.follow_tier(uow, refused, TIER))
    with pytest.raises(ExportBlocked):
        house.db.write(lambda uow: service.follow_tier(uow, refused, TIER + 1))
    house.db.write(lambda uow: service.release(uow, refused))
    allowed = _low(house, supplier, few)
    house.db.write(lambda uow: service.follow_tier(uow, allowed, TIER))
    house.db.write(lambda uow: service.settle(uow, allowed))
    assert (_export(house, allowed).tier, _sent(house, supplier)) == (TIER, Count(9))


def test_what_went_abroad_before_its_tier_rose_rests_until_it_is_cleared_or_falls(house: House) -> None:
    supplier = build.organisation(house)
    order = _low(house, supplier, bundle(house, supplier, table(range(100))))
    house.db.write(lambda uow: service.settle(uow, order))
    assert house.db.write(lambda uow: service.judge_again(uow, order, TIER)) == "export_threshold_reached"
    assert house.db.read(lambda uow: queries.lacking(uow, [order])) == {order: "export_threshold_reached"}
    assert house.db.write(lambda uow: service.judge_again(uow, order, 1)) == ""
    house.db.write(lambda uow: service.judge_again(uow, order, TIER))
    _clear(house, supplier)
    assert house.db.write(lambda uow: service.judge_again(uow, order, TIER)) == ""
    assert _sent(house, supplier) == Count(100), "it is counted all the time"


def _clear(house: House, supplier: build.Built, mechanism: str = "standard_contract") -> None:
    now, officer = house.clock.now(), build.platform_person(house, "officer")
    house.db.write(
        lambda uow: service.record_clearance(
            uow, officer.actor, organisation_id=supplier.organisation_id or "", mechanism=mechanism, number="1",
            countries=[], valid_from=now, valid_until=now + timedelta(days=30),
        )
    )  # fmt: skip


def _damage(house: House, sold: Bundle, how: str) -> None:
    sha256 = house.db.read(lambda uow: queries.person_sets(uow, [sold.files[0].id]))[sold.files[0].id].sha256
    path = house.settings.data / "files" / "persons" / sha256[:2] / sha256
    whole = path.read_bytes()
    damaged = {"empty": b"", "cut": whole[:-1], "headless": whole[:9], "flipped": whole[:-1] + bytes([whole[-1] ^ 1])}
    path.unlink()
    if how in damaged:
        path.write_bytes(damaged[how])


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "headless", "flipped"])
def test_a_lost_set_of_persons_refuses_by_name_and_is_made_again(house: House, client: ApiClient, how: str) -> None:
    supplier = build.organisation(house)
    first, second = bundle(house, supplier, table(range(9))), bundle(house, supplier, table(range(50, 60)))
    order = new_id("ord")
    reserve(house, supplier, first, order)
    _damage(house, first, how)
    with pytest.raises(PersonsLost):
        reserve(house, supplier, second)
    mine = ApiClient(client.app, supplier.token)
    seen = mine.get(f"/organisations/{supplier.organisation_id}/exports").expect(200).json
    assert (seen["persons"], seen["lost"]) == (9, False), "one set alone needs no counting"
    assert len(house.db.read(proof.faults)) == 1
    mine.post(f"/files/{first.files[0].id}/scan").expect(202)
    attend_once(house)
    assert house.db.read(proof.faults) == []
    reserve(house, supplier, second)
    assert _sent(house, supplier) == Count(19)


def test_a_counter_whose_sets_are_lost_says_so_and_counts_rather_too_many(house: House, client: ApiClient) -> None:
    supplier = build.organisation(house)
    sold = [bundle(house, supplier, table(range(9))), bundle(house, supplier, table(range(10)))]
    for each in sold:
        reserve(house, supplier, each)
    _forget_counts(house)
    _damage(house, sold[0], "gone")
    officers = ApiClient(client.app, build.platform_person(house, "officer").token)
    assert [(each["persons"], each["lost"]) for each in officers.get("/exports").json["items"]] == [(19, True)]
    assert proof.keep_counts(house) == 0
    _clear(house, supplier, "security_assessment")
    assert reserve(house, supplier, bundle(house, supplier, table(range(70, 80)))).permitted, "it covers any number"


def _forget_counts(house: House) -> None:
    kept = Base.metadata.tables["export_count"]
    house.db.write(lambda uow: uow.session.execute(delete(kept)))


def test_counters_are_read_and_proven(house: House) -> None:
    supplier, owner = build.organisation(house), ""
    orders = [new_id("ord") for _ in range(3)]
    for start, order in enumerate(orders):
        reserve(house, supplier, bundle(house, supplier, table(range(start, start + 20))), order)
    owner = supplier.organisation_id or ""

    def read() -> Count:
        with patch.object(PersonSets, "open", side_effect=AssertionError("a reader counts nothing")):
            return house.db.read(lambda uow: queries.counter(uow, supplier.actor, owner)).count

    assert read() == Count(22)
    house.db.write(lambda uow: service.release(uow, orders[0]))
    assert _sent(house, supplier) == Count(21)
    attend_once(house)
    assert read() == Count(21)
    assert house.db.read(proof.faults) == []
    kept = Base.metadata.tables["export_count"]
    house.db.write(lambda uow: uow.session.execute(update(kept).values(persons=kept.c.persons + 1)))
    assert len(house.db.read(proof.faults)) == 1
