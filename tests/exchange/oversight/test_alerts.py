"""Alerts: raised once, with figures that an independent count confirms, and acknowledged by officers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from statistics import median_low

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from billing.usage.models import UsageRow
from compliance.audit.models import AuditEntry
from compliance.policy.types import PolicyRefused
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.outbox import relay
from exchange.delivery.models import Receipt, TraceCase
from exchange.notices import queries as notices
from exchange.oversight import queries, service
from exchange.oversight.errors import AlertAcknowledged, AlertNotFound
from exchange.oversight.models import Alert, OversightMark, RefusedDeed
from exchange.oversight.thresholds import thresholds
from exchange.sidecar.models import RefusedCalls
from tests import build
from tests.exchange.oversight.watched import ZONE, Watched, local, watched


def _codes(house: House, actor: build.Built) -> list[str]:
    while relay(house, 50):
        pass
    return [each.code for each in house.db.read(lambda uow: notices.notices(uow, actor.actor, limit=50)).items]


def _quiet(watch: Watched, days: int = 8) -> None:
    """Some days on which it is called now and then, by day."""
    today = watch.today()
    for back in range(days, 0, -1):
        watch.called(local(today - timedelta(days=back), 10), 5)


def test_a_night_far_above_the_habit_is_raised_once_and_told_once(house: House) -> None:
    watch = watched(house)
    _quiet(watch)
    night = watch.today() - timedelta(days=1)
    watch.called(local(night, 23), 120)
    watch.called(local(watch.today(), 6, 45), 79)
    assert watch.look() == []  # one fewer than is unusual
    watch.called(local(watch.today(), 7), 300)  # morning: this is no night any more
    assert [each.rule for each in watch.look()] == []
    watch.called(local(watch.today(), 6, 59), 1)
    (alert,) = watch.look()
    assert (alert.rule, alert.organisation_id, alert.subject_id) == (
        "off_hours", watch.buyer.organisation_id, watch.right.order_id,
    )  # fmt: skip
    assert alert.figures == {"measure": "calls", "count": 200, "usual": 0, "known": 7, "limit": 200}
    assert (alert.starts_at, alert.ends_at) == (local(night, 22), local(watch.today(), 7))
    assert alert.evidence["entitlements"] == [watch.right.id]
    watch.called(local(watch.today(), 3), 10)
    (grown,) = watch.look()
    assert (grown.id, grown.figures["count"]) == (alert.id, 210)
    assert _codes(house, watch.officer) == ["alert:off_hours"]


def test_a_program_that_always_runs_at_night_stays_quiet(house: House) -> None:
    watch = watched(house)
    for back in range(9, 0, -1):
        watch.called(local(watch.today() - timedelta(days=back), 2), 100)
    watch.called(local(watch.today(), 2), 300)
    assert watch.look() == []


def test_a_day_far_above_the_own_median_by_what_was_returned(house: House) -> None:
    watch = watched(house)
    _quiet(watch, days=6)
    watch.called(local(watch.today(), 9), 10, records=1000)
    (alert,) = watch.look()
    assert alert.rule == "volume"
    assert alert.figures == {"measure": "records", "count": 10_000, "usual": 5, "known": 6, "limit": 10_000}


def test_refused_calls_in_a_short_time(house: House) -> None:
    watch = watched(house)
    at = local(watch.today(), 10, 50)
    watch.declined(at, {"no_entitlement": 200})
    watch.declined(at + timedelta(minutes=30), {"rate_limited": 99})
    assert watch.look() == []
    watch.declined(at + timedelta(minutes=30), {"rate_limited": 99})  # heard twice
    watch.declined(at + timedelta(minutes=30), {"rate_limited": 98})  # heard late
    assert watch.look() == []
    watch.declined(at + timedelta(minutes=30), {"rate_limited": 1}, epoch="f" * 16)  # of another process
    (alert,) = watch.look()
    assert alert.rule == "refusals"
    assert alert.figures == {
        "measure": "calls", "count": 300, "limit": 300, "codes": {"no_entitlement": 200, "rate_limited": 100},
    }  # fmt: skip
    assert alert.evidence["listings"] == [watch.right.listing_id]


def test_refused_links_are_unusual_long_before_refused_calls(house: House) -> None:
    watch = watched(house)
    at = local(watch.today(), 10, 50)
    watch.declined(at, {"link_of_another": 6, "link_used_up": 3, "rate_limited": 200})
    assert watch.look() == []
    watch.declined(at, {"ticket_expired": 1})
    (alert,) = watch.look()
    assert alert.figures["measure"] == "links"
    assert alert.figures["codes"] == {"link_of_another": 6, "link_used_up": 3, "ticket_expired": 1}


def _fetched(watch: Watched, order_id: str, at: datetime, times: int, rows: int | None = None) -> None:
    """Answers with the order's file, or with so many of its rows."""
    receipts = [
        Receipt(
            id=new_id("rcp"), order_id=order_id, file_id="fil_1", sha256="0" * 64, start=0, stop=9, size=9, rows=rows,
            account="acc_1", call_id=None, at=at,
        )
        for _ in range(times)
    ]  # fmt: skip
    watch.house.db.write(lambda uow: uow.session.add_all(receipts))


def test_files_and_rows_fetched_far_beyond_the_habit(house: House) -> None:
    watch = watched(house)
    order_id = build.placed(house, watch.buyer, build.listed(house, watch.supplier)).id
    today = watch.today()
    for back in range(8, 0, -1):
        _fetched(watch, order_id, local(today - timedelta(days=back), 10), 1)
        _fetched(watch, order_id, local(today - timedelta(days=back), 11), 1, rows=10)
    _fetched(watch, order_id, local(today - timedelta(days=1), 23), 19)
    assert watch.look() == []
    _fetched(watch, order_id, local(today, 2), 1)
    (alert,) = watch.look()
    assert (alert.rule, alert.organisation_id, alert.subject_id) == (
        "off_hours", watch.buyer.organisation_id, order_id
    )  # fmt: skip
    assert alert.figures == {"measure": "downloads", "count": 20, "usual": 0, "known": 7, "limit": 20}
    _fetched(watch, order_id, local(today, 10), 10, rows=1000)
    found = {(each.rule, each.figures["measure"]): each.figures["count"] for each in watch.look()}
    assert found["volume", "rows"] == 10_000


def test_refusals_of_policy_in_a_short_time_lead_to_their_entries(house: House) -> None:
    watch = watched(house)
    for _ in range(thresholds().burst_deeds - 1):
        watch.refused()
    assert watch.look() == []
    watch.refused()
    (alert,) = watch.look()
    assert alert.figures["count"] == thresholds().burst_deeds
    assert alert.figures["codes"] == {"officer_role_needed": 20}
    chosen = select(AuditEntry.action).where(AuditEntry.id.in_(alert.evidence["entries"]))
    found = house.db.read(lambda uow: list(uow.session.execute(chosen).scalars()))
    assert found == ["refused:freeze:see"] * 20


def test_uses_that_the_licence_does_not_cover(house: House) -> None:
    watch = watched(house)
    at = local(watch.today(), 9)
    watch.declined(at, {"purpose_not_declared": 3, "rate_limited": 100})
    watch.declined(at + timedelta(hours=2), {"territory_not_permitted": 1})
    assert watch.look() == []
    watch.declined(at + timedelta(hours=2), {"territory_not_permitted": 2})
    (alert,) = watch.look()
    assert (alert.rule, alert.subject_id) == ("drift", watch.right.listing_id)
    assert alert.figures == {
        "count": 5, "limit": 5, "codes": {"purpose_not_declared": 3, "territory_not_permitted": 2},
    }  # fmt: skip


def test_each_further_leak_of_one_buyer_is_a_thing_of_its_own(house: House) -> None:
    watch = watched(house)

    def leaked(number: int, accused: bool) -> None:
        suspicion = {"order_id": f"ord_{number}", "buyer_id": watch.buyer.organisation_id, "accused": accused}
        row = TraceCase(
            id=f"trc_{number}", name="leak.csv", size=1, sha256="0" * 64, asked_by="acc_1", asked_at=house.clock.now(),
            done_at=house.clock.now(), result=json.dumps([{"suspicions": [suspicion]}]),
        )  # fmt: skip
        house.db.write(lambda uow: uow.session.add(row))

    leaked(1, True)
    leaked(2, False)
    assert watch.look() == []
    leaked(3, True)
    assert [each.figures["count"] for each in watch.look()] == [2]
    assert len(watch.look()) == 1
    leaked(4, True)
    newest, _ = watch.look()
    assert (newest.figures["count"], newest.evidence["traces"]) == (3, ["trc_1", "trc_3", "trc_4"])


def test_an_officer_acknowledges_once_with_a_note_and_figures_rest(house: House) -> None:
    watch = watched(house)
    at = local(watch.today(), 9)
    watch.declined(at, {"purpose_not_declared": 7})
    (alert,) = watch.look()
    for who in (watch.buyer, build.platform_person(house, "reviewer"), build.platform_person(house, "operator")):
        with pytest.raises(PolicyRefused):
            house.db.write(lambda uow, who=who: service.acknowledge(uow, who.actor, alert.id, note="fine"))  # type: ignore[misc]
        with pytest.raises(PolicyRefused):
            house.db.read(lambda uow, who=who: queries.alerts(uow, who.actor))  # type: ignore[misc]
        with pytest.raises(PolicyRefused):
            house.db.read(lambda uow, who=who: queries.trade_map(uow, who.actor))  # type: ignore[misc]
    assert [each for each in watch.look() if not each.is_open] == []
    done = house.db.write(lambda uow: service.acknowledge(uow, watch.officer.actor, alert.id, note="A wrong header."))
    assert (done.note, done.acknowledged_by) == ("A wrong header.", watch.officer.actor.account_id)
    with pytest.raises(AlertAcknowledged):
        house.db.write(lambda uow: service.acknowledge(uow, watch.officer.actor, alert.id, note="again"))
    with pytest.raises(AlertNotFound):
        house.db.write(lambda uow: service.acknowledge(uow, watch.officer.actor, "alr_1", note="none"))
    watch.declined(at, {"purpose_not_declared": 9})
    (rested,) = [each for each in watch.look() if each.rule == "drift"]
    assert rested.figures["count"] == 7
    chosen = select(AuditEntry.action).where(AuditEntry.object_id == alert.id).order_by(AuditEntry.id)
    actions = house.db.read(lambda uow: list(uow.session.execute(chosen).scalars()))
    assert actions == ["alert:raise", "alert:acknowledge"]


def test_old_counts_are_forgotten_and_alerts_stay(house: House) -> None:
    watch = watched(house)
    watch.declined(local(watch.today(), 9), {"purpose_not_declared": 7})
    watch.refused()
    watch.look()
    house.clock.advance(timedelta(days=91))
    assert house.db.write(service.forget_old) == 2
    assert [each.rule for each in watch.look()] == ["drift"]


_CALLS = st.tuples(st.integers(0, 9), st.integers(0, 23), st.sampled_from([1, 4, 40, 210]), st.sampled_from([1, 60]))
_REFUSED = st.tuples(st.integers(0, 3), st.integers(1, 180))


@given(st.lists(_CALLS, min_size=10, max_size=20), st.lists(_REFUSED, max_size=6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_figures_are_those_of_an_independent_count(
    house: House, calls: list[tuple[int, int, int, int]], refused: list[tuple[int, int]]
) -> None:
    house.db.write(_emptied)
    watch = watched(house)
    today = watch.today()
    for back, hour, many, records in calls:
        at = min(local(today - timedelta(days=back), hour), house.clock.now() - timedelta(minutes=1))
        watch.called(at, many, records=records)
    told = Counter[int]()
    for quarter, many in refused:
        told[quarter] += many
        watch.declined(local(today, 8, 15 * quarter), {"rate_limited": told[quarter]})
    found = [each for each in watch.look() if each.organisation_id == watch.buyer.organisation_id]
    seen = {
        (each.rule, each.figures["measure"], each.starts_at.astimezone(ZONE).date()): each.figures["count"]
        for each in found
        if each.rule != "refusals"
    }
    assert seen == house.db.read(lambda uow: _expected(uow, watch.right.id, today))
    most = max(sum(told[n] for n in range(first, first + 4)) for first in range(4))
    bursts = [each.figures["count"] for each in found if each.rule == "refusals"]
    assert bursts == ([most] if most >= 300 else [])


def _expected(uow: Uow, entitlement_id: str, today: date) -> dict[tuple[str, str, date], int]:
    """Counted call by call, from the records themselves and the clock on the wall."""
    chosen = select(UsageRow.at, UsageRow.records).where(UsageRow.entitlement_id == entitlement_id)
    nights, by_day = Counter[date](), {"calls": Counter[date](), "records": Counter[date]()}
    rows = [(at.astimezone(ZONE), records) for at, records in uow.session.execute(chosen)]
    for at, records in rows:
        by_day["calls"][at.date()] += 1
        by_day["records"][at.date()] += records
        if at.hour >= 22 or at.hour < 7:
            nights[(at - timedelta(hours=12)).date()] += 1
    began = (min(at for at, _ in rows) - timedelta(hours=7)).date()
    expected = {}
    for day in (today - timedelta(days=back) for back in range(3)):
        before = [day - timedelta(days=back) for back in range(1, 29)]
        past = [nights[each] for each in before if each >= began]
        if len(past) >= 7 and nights[day] >= max(200, 5 * median_low(past)):
            expected["off_hours", "calls", day] = nights[day]
        for measure, least in (("calls", 1000), ("records", 10_000)):
            used = [by_day[measure][each] for each in before if by_day[measure][each]]
            if len(used) >= 5 and by_day[measure][day] >= max(least, 10 * median_low(used)):
                expected["volume", measure, day] = by_day[measure][day]
    return expected


def _emptied(uow: Uow) -> None:
    for model in (Alert, OversightMark, RefusedCalls, RefusedDeed):
        for row in uow.session.execute(select(model)).scalars():
            uow.session.delete(row)
