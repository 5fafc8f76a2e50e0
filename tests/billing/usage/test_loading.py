"""Records are taken once, whatever order and time they come in, and everything is their sum."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from billing.ledger import queries as ledger
from billing.usage import checking, queries, service
from billing.usage.models import UsageBatch, UsageConflict, UsageRollup, UsageRow
from billing.usage.types import LoadReport, Sum
from compliance.audit.queries import bodies
from core.db import Uow
from core.house import House
from core.months import Period
from tests.billing.books import Books
from tests.billing.usage.metering import PER_HIT, Meter, meter, record_of

START = datetime(2026, 11, 1, tzinfo=UTC)
EVER = Period(START - timedelta(days=3650), START + timedelta(days=3650), "UTC", "2026-11")


def counted(house: House, model: Any) -> int:
    return house.db.read(lambda uow: uow.session.execute(select(func.count()).select_from(model)).scalar_one())


def sums(one: Meter) -> dict[tuple[str, str, bool], int]:
    found: list[Sum] = one.house.db.read(lambda uow: queries.sums_of(uow, one.right.id, EVER))
    return {(each.outcome, each.mode, each.credited): each.calls for each in found}


def held(one: Meter) -> int:
    return one.house.db.read(lambda uow: ledger.balance(uow, one.right.organisation_id).held)


def faults(one: Meter) -> list[str]:
    return [f"{fault.where}: {fault.what}" for fault in one.house.db.read(checking.check)]


def test_a_record_is_taken_once(books: Books) -> None:
    one = meter(books)
    records = [*one.records(3), *one.records(2, "miss"), one.record("upstream_error", status=502)]
    assert one.load(records) == LoadReport(6, 0, 0, _batch(books.house))
    assert one.load(records[::-1]) == LoadReport(0, 6, 0)
    more = one.record()
    again = one.load([records[0], more, more])
    assert (again.loaded, again.known, again.conflicts) == (1, 2, 0)
    assert sums(one) == {("hit", "live", False): 4, ("miss", "live", False): 2, ("upstream_error", "live", False): 1}
    assert (counted(books.house, UsageRow), counted(books.house, UsageBatch)) == (7, 2)
    assert faults(one) == []


def _batch(house: House) -> str:
    return house.db.read(lambda uow: uow.session.execute(select(UsageBatch.id)).scalar_one())


def test_other_content_under_a_known_call_id_is_refused_and_kept_apart(books: Books) -> None:
    one = meter(books)
    first = one.record()
    one.load([first])
    before = sums(one), counted(books.house, UsageBatch)
    dearer = replace(record_of(one.right, 0, bytes_out=10**9), salt=first.salt)
    salted = replace(first, salt=bytes(16))
    for forged in (dearer, salted):
        for _ in range(2):
            report = one.load([forged])
            assert (report.loaded, report.known, report.conflicts) == (0, 0, 1)
    twins = one.record(), record_of(one.right, 1, bytes_out=7)
    report = one.load(twins)
    assert (report.loaded, report.conflicts) == (1, 1), "of two that come together the first stands"
    assert counted(books.house, UsageConflict) == 3
    assert before[0][("hit", "live", False)] + 1 == sums(one)[("hit", "live", False)]
    assert faults(one) == []


@pytest.mark.parametrize("name", ["bytes_in", "bytes_out", "records", "latency_us"])
def test_numbers_that_no_ledger_can_add_up_are_kept_apart(books: Books, name: str) -> None:
    one = meter(books)
    changed: dict[str, Any] = {name: 2**63}
    wrong = replace(one.record(), **changed)
    assert one.load([wrong, one.record()]).conflicts == 1
    assert sums(one) == {("hit", "live", False): 1}
    assert faults(one) == []


def test_late_records_count_in_their_own_quarter_of_an_hour(books: Books) -> None:
    one = meter(books)
    times = [START, START + timedelta(minutes=14, seconds=59.999999), START + timedelta(minutes=15)]
    one.load([one.record(at=times[2])])
    one.load([one.record(at=times[0]), one.record(at=START + timedelta(days=20))])
    one.load([one.record(at=times[1])])
    rows = books.house.db.read(
        lambda uow: list(uow.session.execute(select(UsageRollup.quarter, UsageRollup.calls).order_by("quarter")))
    )
    first = int(START.timestamp()) // 900
    assert rows == [(first, 2), (first + 1, 1), (first + 20 * 96, 1)]
    assert faults(one) == []


def test_calls_with_test_keys_are_metered_and_cost_nothing(books: Books) -> None:
    one = meter(books)
    one.load(one.records(5, mode="test"))
    assert sums(one) == {("hit", "test", False): 5}
    assert held(one) == 0
    assert faults(one) == []


def test_what_was_not_delivered_is_credited_when_that_is_known(books: Books) -> None:
    one = meter(books)
    one.fund(10)
    records = one.records(4)
    one.load(records)
    report = one.load([one.record(credited=True)])
    assert report.billed == {one.right.id: 1}, "it was given out and made, though nobody pays it"
    assert one.load([replace(records[0], credited=True)]).known == 1, "its segment ended without a confirmation"
    assert one.house.db.write(lambda uow: service.credit(uow, [r.call_id for r in records[:2]], reason="void")) == 1
    assert one.load([records[1]]).known == 1, "read again from an older place of the segment: it stays credited"
    assert sums(one) == {("hit", "live", False): 2, ("hit", "live", True): 3}
    assert one.unfund(10) == 5
    assert held(one) == 8
    assert faults(one) == []
    assert books.faults() == []


def test_the_audit_entry_of_a_batch_tells_nothing_of_its_buyers(books: Books) -> None:
    one, other = meter(books), meter(books)
    other.sequence = one.sequence
    report = one.load([one.record(), other.record(), record_of(other.right, 9, epoch="fedcba9876543210")])

    def entry(uow: Uow) -> tuple[str, str]:
        batch = uow.session.get_one(UsageBatch, report.batch_id)
        return bodies(uow, [batch.audit_entry_id])[0].decode(), batch.root.hex()

    said, root = books.house.db.read(entry)
    assert '"ranges":"0123456789abcdef:0-1 fedcba9876543210:9-9"' in said
    assert f'"root":"{root}"' in said
    for part in (one.right, other.right):
        for secret in (part.organisation_id, part.supplier_id, part.listing_id, part.id, part.order_id, "digits"):
            assert secret not in said


def test_records_of_an_unknown_entitlement_wait_for_its_plan(books: Books) -> None:
    one = meter(books)
    one.load([*one.records(25), one.record(credited=True)])
    assert held(one) == 0
    one.house.db.write(lambda uow: service.open_meter(uow, one.right))
    assert held(one) == 106
    assert faults(one) == []


def test_a_random_stream_in_any_cut_gives_the_same_sums(books: Books) -> None:
    chance = Random(11)
    meters = [meter(books, PER_HIT | {"free_quota": 20, "period": "month"}) for _ in range(3)]
    for each in meters:
        each.house.db.write(lambda uow, each=each: service.open_meter(uow, each.right))  # type: ignore[misc]
        each.sequence = meters[0].sequence
    records = [
        chance.choice(meters).record(
            chance.choice(["hit", "miss", "client_abort"]),
            at=START + timedelta(minutes=chance.randrange(60 * 24 * 50)),
            operation=chance.choice(["a", "b"]),
            mode=chance.choice(["live", "test"]),
            credited=chance.random() < 0.1,
        )
        for _ in range(400)
    ]  # fmt: skip
    sent = records + chance.sample(records, 150)
    chance.shuffle(sent)
    while sent:
        size = chance.choice([1, 2, 7, 60])
        meters[0].load(sent[:size])
        del sent[:size]
    assert counted(books.house, UsageRow) == 400
    assert faults(meters[0]) == []
    assert books.faults() == []


CHANGES = [
    ("UPDATE usage_rollup SET calls = calls + 1", "roll-up"),
    ("UPDATE usage_rollup SET latency_us = latency_us - 1", "roll-up"),
    ("UPDATE usage_rollup SET quarter = quarter + 1", "roll-up"),
    ("UPDATE usage_window SET quantity = quantity + 1", "window"),
    ("UPDATE usage_window SET rated = rated - 1", "window"),
    ("UPDATE usage_window SET billed = 1", "window"),
    ("UPDATE usage_hold SET held = held - 1", "buyer_prepaid"),
    ("UPDATE ledger_balance SET held = held + 1", "buyer_prepaid"),
]


def test_whatever_does_not_add_up_is_found(books: Books) -> None:
    one = meter(books)
    one.fund(10)
    one.load(one.records(10))
    assert faults(one) == []
    for change, told in CHANGES:
        found: list[str] = []

        def work(uow: Uow, change: str = change, found: list[str] = found) -> None:
            uow.session.execute(text(change))
            found += [fault.where for fault in checking.check(uow)]
            raise Undone

        with pytest.raises(Undone):
            books.house.db.write(work)
        assert [where for where in found if where.startswith(told)], change


class Undone(Exception):
    """Takes a change back."""


APPEND_ONLY = ("usage_plan", "usage_batch", "usage_record", "usage_credit", "usage_conflict")
SUMS = ("usage_rollup", "usage_window", "usage_quota", "usage_hold")
REFUSED = [
    *(f"DELETE FROM {table}" for table in (*APPEND_ONLY, *SUMS)),
    "UPDATE usage_plan SET document = '{}'",
    "UPDATE usage_batch SET count = count + 1",
    "UPDATE usage_record SET credited = true",
    "UPDATE usage_record SET outcome = 'miss'",
    "UPDATE usage_credit SET reason = ''",
    "UPDATE usage_conflict SET sha256 = ''",
    "UPDATE usage_rollup SET calls = -1",
    "UPDATE usage_window SET quantity = -1",
    "UPDATE usage_quota SET taken = -1",
    "UPDATE usage_hold SET held = -1",
    "UPDATE usage_hold SET leased = -1",
    "UPDATE usage_hold SET organisation_id = 'org_other'",
    "UPDATE usage_hold SET supplier_id = 'org_other'",
]


def test_the_database_keeps_the_usage_ledger_whatever_program_writes(books: Books) -> None:
    one = meter(books, limits={"quota": 5, "quota_period": "day", "trial_calls": 1})
    one.fund(10)
    one.house.db.write(lambda uow: service.take_trial(uow, one.right, 1))
    first = one.record()
    one.load([first, one.record(), record_of(one.right, 0, bytes_out=3)])
    one.house.db.write(lambda uow: service.credit(uow, [first.call_id], reason="void"))
    before = sums(one)
    for statement in REFUSED:
        with pytest.raises(DBAPIError):
            books.house.db.write(lambda uow, statement=statement: uow.session.execute(text(statement)))  # type: ignore[misc]
        assert sums(one) == before, statement
    assert faults(one) == []


def test_two_loaders_of_the_same_records_load_each_once(books: Books) -> None:
    one = meter(books)
    records = one.records(60)
    reports: list[LoadReport] = []

    def load(start: int) -> None:
        for place in range(start, 60, 20):
            reports.append(one.load(records[place : place + 20]))
        reports.append(one.load(records))

    threads = [threading.Thread(target=load, args=(start,)) for start in (0, 0, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 3 * 4
    assert sum(report.loaded for report in reports) == 60
    assert sum(report.conflicts for report in reports) == 0
    assert sums(one) == {("hit", "live", False): 60}
    assert faults(one) == []
