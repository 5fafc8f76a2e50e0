"""Leases: what is granted is never more than there is, and comes back exactly when it was not used."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bench.client import at_once
from billing.ledger import queries as ledger
from billing.usage.models import UsageHold, UsageQuota
from core.db import Uow
from core.house import House
from core.ids import new_id
from exchange.app import build_house
from exchange.gateway import segments
from exchange.gateway.record import Outcome
from exchange.sidecar import changes, closing, leases
from exchange.sidecar.lessor import Lessor
from exchange.sidecar.loader import Loader, segments_folder
from exchange.sidecar.models import Lease
from exchange.sidecar.switchboard import Peer
from exchange.sidecar.types import Calls, Granted, Meter, recall
from exchange.trading.types import CompiledEntitlement
from tests import metered
from tests.billing.books import Books
from tests.exchange.sidecar.gateways import FREE, Process, entitlement, load_all
from tests.servers.fast_upstream import FastUpstream

QUOTA, BALANCE = 60, 4_000  # 37 hits at ¥1.00 and 6 % tax


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)


def _taken(house: House, right: CompiledEntitlement) -> int:
    def work(uow: Uow) -> int:
        chosen = select(UsageQuota.taken).where(UsageQuota.entitlement_id == right.id, UsageQuota.label != "trial")
        return sum(uow.session.execute(chosen).scalars())

    return house.db.read(work)


def _leased(house: House, right: CompiledEntitlement) -> int:
    def work(uow: Uow) -> int:
        hold = uow.session.get(UsageHold, right.id)
        return hold.leased if hold else 0

    return house.db.read(work)


def _elsewhere(house: House, process: Process, right: CompiledEntitlement) -> list[str]:
    return house.db.read(lambda uow: leases.out_elsewhere(uow, process.epoch, right, Meter.QUOTA))


def _held(house: House, right: CompiledEntitlement) -> int:
    return house.db.read(lambda uow: ledger.balance(uow, right.organisation_id).held)


def test_a_quota_is_granted_until_it_is_empty_and_then_named(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=10, quota_period="day")
    first, second = Process(books.house, right), Process(books.house, right)
    assert first.ask(quota=7) == Granted(Calls(quota=7))
    assert second.ask(quota=7) == Granted(Calls(quota=3))
    assert second.ask(quota=7) == Granted(Calls(), Meter.QUOTA)
    first.give()
    assert second.ask(quota=7) == Granted(Calls(quota=7))


def test_near_the_end_a_share_is_left_for_the_others(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=10, quota_period="day")
    first = Process(books.house, right)
    assert first.ask(2, quota=100).calls.quota == 5
    assert first.ask(2, quota=100).calls.quota == 2
    assert first.ask(2, quota=100).calls.quota == 1


def test_money_that_is_not_there_is_not_lent(books: Books) -> None:
    right = entitlement(books, balance=BALANCE)
    process = Process(books.house, right)
    assert process.ask(funded=100).calls.funded == 37
    assert process.ask(funded=1) == Granted(Calls(), Meter.FUNDED)
    assert _held(books.house, right) == 37 * 106


def test_a_right_that_is_not_in_force_gets_nothing(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=10, quota_period="day")
    for changed in ({"state": "revoked"}, {"frozen": True}, {"permitted": False}):
        assert Process(books.house, replace(right, **changed)).ask(quota=5) == Granted(Calls())
    assert _taken(books.house, right) == 0


def test_what_was_given_back_counts_once_however_often_it_is_heard(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=10, quota_period="day")
    process = Process(books.house, right)
    process.ask(quota=6)
    process.give()
    process.ask(quota=4)
    process.ask(quota=2, arrives=False)
    process.tell()
    assert _taken(books.house, right) == 6
    process.reconnect()
    process.tell()
    assert _taken(books.house, right) == 4


def test_nobody_gives_back_more_than_it_has(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=10, quota_period="day")
    process, other = Process(books.house, right), Process(books.house, right)
    other.ask(quota=4)
    process.ask(quota=2)
    books.house.db.write(lambda uow: leases.give_back(uow, process.epoch, right.id, Calls(quota=100, funded=5)))
    assert _taken(books.house, right) == 4


def test_who_holds_the_rest_of_an_old_window_is_not_waited_for(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=2, quota_period="day")
    idle, busy = Process(books.house, right), Process(books.house, right)
    idle.ask(quota=2)
    assert _elsewhere(books.house, busy, right) == [idle.epoch]
    books.house.clock.advance(timedelta(days=1))
    busy.ask(quota=2)
    assert busy.ask(quota=1) == Granted(Calls(), Meter.QUOTA)
    assert _elsewhere(books.house, busy, right) == []


def test_messages_that_got_lost_are_made_good_when_it_connects_again(books: Books) -> None:
    right = entitlement(books, balance=BALANCE, quota=10, quota_period="day")
    process = Process(books.house, right)
    process.ask(quota=4, funded=4)
    process.ask(quota=3, funded=3, arrives=False)
    process.call()
    process.give(arrives=False)
    process.reconnect()
    assert (_taken(books.house, right), _leased(books.house, right)) == (1, 1)
    process.reconnect()
    assert (_taken(books.house, right), _leased(books.house, right)) == (1, 1)


def test_what_a_killed_process_held_comes_back_when_all_it_recorded_is_loaded(books: Books) -> None:
    right = entitlement(books, balance=BALANCE, quota=20, quota_period="day")
    process, loader = Process(books.house, right), Loader(books.house)
    process.ask(quota=10, funded=10)
    for _ in range(6):
        assert process.call()
    for _ in range(4):
        process.finish()
    assert _taken(books.house, right) == 10
    process.kill()
    load_all(loader)
    assert _taken(books.house, right) == 6, "what was recorded is used, also what was not delivered"
    assert _leased(books.house, right) == 0
    assert _held(books.house, right) == 4 * 106, "what was not delivered costs nothing"
    assert books.house.db.read(lambda uow: uow.session.execute(select(Lease)).all()) == []
    assert not process.folder.exists()


def test_calls_that_were_not_delivered_are_used_up_and_cost_nothing(books: Books) -> None:
    right = entitlement(books, balance=BALANCE)
    process, loader = Process(books.house, right), Loader(books.house)
    process.ask(funded=23)
    for _ in range(5):
        assert process.call()
    process.give(arrives=False)
    process.finish(delivered=False)
    process.finish(delivered=False)
    process.give()
    for _ in range(3):
        process.finish()
    loader.load_some()
    assert (_leased(books.house, right), _held(books.house, right)) == (0, 3 * 106)
    process.ask(funded=2, arrives=False)
    assert _leased(books.house, right) == 2
    process.kill()
    load_all(loader)
    assert (_leased(books.house, right), _held(books.house, right)) == (0, 3 * 106)


def test_a_process_whose_end_was_noted_is_lent_nothing(books: Books) -> None:
    house, asked = books.house, Calls(quota=5, funded=5)
    right = entitlement(books, balance=BALANCE, quota=20, quota_period="day")
    heard, unheard = Process(house, right).epoch, segments.new_epoch()
    for epoch in (heard, unheard):
        closing.finish(house, segments_folder(house), epoch)
        house.db.write(lambda uow, epoch=epoch: leases.register(uow, epoch))  # type: ignore[misc]
        assert house.db.write(lambda uow, epoch=epoch: leases.grant(uow, epoch, right, asked)) == Granted(Calls())  # type: ignore[misc]
    assert (_taken(house, right), _leased(house, right)) == (0, 0)


def test_who_lends_while_the_end_is_noted_is_waited_for(books: Books) -> None:
    right = entitlement(books, balance=BALANCE, quota=20, quota_period="day")
    process, lent, goes_on = Process(books.house, right), threading.Event(), threading.Event()

    def lend(uow: Uow) -> None:
        leases.grant(uow, process.epoch, right, Calls(quota=5, funded=5))
        lent.set()
        goes_on.wait(0.2)

    def finish() -> None:
        lent.wait()
        closing.finish(beside, segments_folder(beside), process.epoch)
        goes_on.set()

    beside = build_house(books.house.settings)
    at_once([lambda: books.house.db.write(lend), finish])
    beside.db.engine.dispose()
    assert (_taken(books.house, right), _leased(books.house, right)) == (0, 0)


def test_what_was_asked_over_a_line_before_the_last_is_not_lent(house: House) -> None:
    before, now = Peer("ab" * 8, 1), Peer("ab" * 8, 2)
    answered: list[Peer] = []
    lessor = Lessor(house, lambda peer, _: answered.append(peer), lambda: {before.epoch: before})
    want = {"t": "want", "e": new_id("ent"), "quota": 1}
    lessor.attend([(before, want), (now, {"t": "hello", "totals": {}})])
    assert answered == []
    lessor.attend([(before, want)])
    assert answered == [before]


def test_processes_of_another_machine_are_left_alone(books: Books, tmp_path: Path) -> None:
    right = entitlement(books, balance=BALANCE, quota=20, quota_period="day")
    process, ours = Process(books.house, right), books.house.settings
    process.ask(quota=10, funded=10)
    (tmp_path / "other").mkdir()
    other = build_house(replace(ours, data=tmp_path / "other", database_url=ours.database))
    theirs = Process(other, right)
    theirs.ask(quota=3)
    theirs.kill()
    load_all(Loader(other))
    other.db.engine.dispose()
    assert _taken(books.house, right) == 10
    assert process.call()


def test_what_a_process_of_another_machine_holds_is_asked_for_and_comes(house: House, tmp_path: Path) -> None:
    with FastUpstream() as upstream:
        allowed = replace(house.settings, upstream_allow=upstream.address)
        trade = metered.trade(build_house(allowed), upstream, balance="0.08")
    (tmp_path / "other").mkdir()
    other = build_house(replace(allowed, data=tmp_path / "other", database_url=allowed.database))
    here, there = Peer("ab" * 8, 1), Peer("cd" * 8, 2)
    told: list[dict[str, Any]] = []
    lessors = [
        Lessor(each, lambda _peer, message: told.append(message), lambda peer=peer: {peer.epoch: peer})  # type: ignore[misc]
        for each, peer in ((house, here), (other, there))
    ]
    want = {"t": "want", "e": trade.entitlement_id, "funded": 8}
    lessors[0].attend([(here, want)])
    mark = house.db.read(changes.present)
    lessors[1].attend([(there, want)])
    assert [message["funded"] for message in told] == [2, 0]
    assert (told[1]["more"], told[1]["refused"]) == (True, None)
    wanted_back = recall(here.epoch, trade.entitlement_id)
    assert wanted_back in house.db.read(lambda uow: changes.since(uow, mark))[0]
    lessors[1].look_again()
    assert len(told) == 2, "nothing is there yet"
    lessors[0].attend([(here, {"t": "give", "e": trade.entitlement_id, "funded": 2})])
    lessors[1].look_again()
    assert told[2]["funded"] == 1, "a share; the other machine's process lives"
    other.db.engine.dispose()


def test_a_process_that_left_no_segment_is_settled_too(books: Books) -> None:
    right = entitlement(books, plan=FREE, quota=20, quota_period="day")
    process = Process(books.house, right)
    process.ask(quota=10)
    process.kill()
    shutil.rmtree(process.folder)
    load_all(Loader(books.house))
    assert _taken(books.house, right) == 0
    assert list(segments_folder(books.house).iterdir()) == []


class Gateways(RuleBasedStateMachine):
    """Processes ask, call, give back, lose messages and die; the loader loads when it likes, also twice."""

    books: Books

    def __init__(self) -> None:
        super().__init__()
        self.house = self.books.house
        self.right = entitlement(self.books, balance=BALANCE, quota=QUOTA, quota_period="month", trial_calls=5)
        self.loader = Loader(self.house)
        self.living: list[Process] = []
        self.all: list[Process] = []

    @initialize()
    def begin(self) -> None:
        self.start()

    @precondition(lambda self: len(self.living) < 3)
    @rule()
    def start(self) -> None:
        self.living.append(Process(self.house, self.right, largest_bytes=1_500))
        self.all.append(self.living[-1])

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2), calls=st.integers(1, 30), arrives=st.booleans())
    def ask(self, who: int, calls: int, arrives: bool) -> None:
        self._one(who).ask(len(self.living), quota=calls, funded=calls, trial=calls // 10, arrives=arrives)

    @precondition(lambda self: self.living)
    @rule(
        who=st.integers(0, 2), outcome=st.sampled_from([Outcome.HIT, Outcome.HIT, Outcome.MISS]), many=st.integers(1, 8)
    )
    def call(self, who: int, outcome: Outcome, many: int) -> None:
        for _ in range(many):
            self._one(who).call(outcome)

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2))
    def try_out(self, who: int) -> None:
        self._one(who).call(live=False)

    @precondition(lambda self: any(each.open for each in self.living))
    @rule(who=st.integers(0, 2), delivered=st.booleans(), many=st.integers(1, 5))
    def finish(self, who: int, delivered: bool, many: int) -> None:
        process = self._one(who)
        for _ in range(min(many, len(process.open))):
            process.finish(delivered=delivered)

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2), arrives=st.booleans())
    def give(self, who: int, arrives: bool) -> None:
        self._one(who).give(arrives=arrives)

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2))
    def tell_again(self, who: int) -> None:
        self._one(who).tell()

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2))
    def reconnect(self, who: int) -> None:
        self._one(who).reconnect()

    @precondition(lambda self: self.living)
    @rule(who=st.integers(0, 2))
    def kill(self, who: int) -> None:
        process = self._one(who)
        self.living.remove(process)
        process.kill()

    @rule()
    def load(self) -> None:
        self.loader.load_some()

    @rule()
    def load_by_another_sidecar(self) -> None:
        self.loader = Loader(self.house)
        self.loader.load_some()

    @invariant()
    def never_more_than_allowed(self) -> None:
        assert sum(each.recorded for each in self.all) <= QUOTA + 5
        assert sum(each.billed for each in self.all) * 106 <= BALANCE

    def teardown(self) -> None:
        for process in self.living:
            process.kill()
        load_all(self.loader)
        recorded, billed = sum(each.recorded for each in self.all), sum(each.billed for each in self.all)
        trials = self._trials()
        assert _taken(self.house, self.right) == recorded - trials
        assert _leased(self.house, self.right) == 0
        assert _held(self.house, self.right) == billed * 106

    def _trials(self) -> int:
        def work(uow: Uow) -> int:
            found = uow.session.get(UsageQuota, (self.right.id, "trial"))
            return found.taken if found else 0

        return self.house.db.read(work)

    def _one(self, who: int) -> Process:
        return self.living[who % len(self.living)]


def test_whatever_happens_nothing_is_lent_twice_and_all_of_it_comes_back(books: Books) -> None:
    Gateways.books = books
    run_state_machine_as_test(
        Gateways,
        settings=settings(
            max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
