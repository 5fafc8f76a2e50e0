"""The change table: every change is seen exactly once, also one whose unit commits late, and only if it commits."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import pytest

from core.db import Uow
from core.house import House
from exchange.app import build_house
from exchange.sidecar import changes
from exchange.sidecar.bell import Bell
from exchange.sidecar.switchboard import Encoded
from exchange.sidecar.types import Kind, Ref
from exchange.sidecar.watcher import Watcher


def _ref(name: object) -> Ref:
    return Ref(Kind.KEY, f"key_{name}")


def _note(house: House, *refs: Ref, wait: threading.Event | None = None, noted: threading.Event | None = None) -> None:
    def work(uow: Uow) -> None:
        changes.note(uow, *refs)
        if noted is not None:
            noted.set()
        if wait is not None:
            wait.wait(10)

    house.db.write(work)


def another_process(house: House) -> House:
    """A house on the same database, whose units do not wait for those of the first."""
    return build_house(house.settings)


def settled(house: House, mark: changes.Mark) -> changes.Mark:
    """The mark when nothing above its floor is remembered; units of other databases of the server count as running."""
    until = time.monotonic() + 60
    while mark.seen:
        found, mark = house.db.read(lambda uow, mark=mark: changes.since(uow, mark))  # type: ignore[misc]
        assert found == []
        assert time.monotonic() < until, "a unit of this server has been running for a minute"
        time.sleep(0.01)
    return mark


def test_what_was_there_before_the_mark_is_not_told_again(house: House) -> None:
    _note(house, _ref("before"))
    mark = house.db.read(changes.present)
    _note(house, _ref(1), _ref(2))
    found, mark = house.db.read(lambda uow: changes.since(uow, mark))
    assert found == [_ref(1), _ref(2)]
    assert house.db.read(lambda uow: changes.since(uow, mark))[0] == []


def test_a_change_that_is_rolled_back_is_never_told(house: House) -> None:
    mark = house.db.read(changes.present)

    def work(uow: Uow) -> None:
        changes.note(uow, _ref(1))
        raise RuntimeError("not today")

    with pytest.raises(RuntimeError):
        house.db.write(work)
    _note(house, _ref(2))
    assert house.db.read(lambda uow: changes.since(uow, mark))[0] == [_ref(2)]


def test_a_unit_that_commits_late_is_seen_late_and_once(house: House) -> None:
    """Its row has a lower number than one that was seen long before."""
    if house.db.sqlite:
        pytest.skip("SQLite lets one unit write at a time")
    mark = house.db.read(changes.present)
    may_commit, noted = threading.Event(), threading.Event()
    other = another_process(house)
    late = threading.Thread(target=_note, args=(other, _ref("late")), kwargs={"wait": may_commit, "noted": noted})
    late.start()
    assert noted.wait(10)
    seen = []
    for number in range(5):
        _note(house, _ref(number))
        found, mark = house.db.read(lambda uow, mark=mark: changes.since(uow, mark))  # type: ignore[misc]
        seen += found
    may_commit.set()
    late.join()
    found, mark = house.db.read(lambda uow: changes.since(uow, mark))
    assert [*seen, *found] == [*map(_ref, range(5)), _ref("late")]
    settled(house, mark)
    other.db.engine.dispose()


def test_many_writers_at_once_lose_nothing_and_double_nothing(house: House) -> None:
    mark = house.db.read(changes.present)

    def write(writer: int) -> None:
        own = another_process(house)
        for number in range(15):
            pause = threading.Event()
            timer = threading.Timer(0.002 * ((writer * number) % 4), pause.set)
            timer.start()
            _note(own, _ref(f"{writer}.{number}"), wait=pause)
        own.db.engine.dispose()

    writers = [threading.Thread(target=write, args=(each,)) for each in range(4)]
    for writer in writers:
        writer.start()
    seen: list[Ref] = []
    running = True
    while running:
        running = any(writer.is_alive() for writer in writers)
        found, mark = house.db.read(lambda uow, mark=mark: changes.since(uow, mark))  # type: ignore[misc]
        seen += found
        time.sleep(0.003)
    assert sorted(ref.id for ref in seen) == sorted(f"key_{w}.{n}" for w in range(4) for n in range(15))


def test_old_changes_that_were_seen_are_forgotten(house: House) -> None:
    _note(house, _ref(1))
    found, mark = house.db.read(lambda uow: changes.since(uow, changes.Mark()))
    assert found == [_ref(1)]
    mark = settled(house, mark)
    house.clock.advance(timedelta(hours=2))
    _note(house, _ref(2))
    assert house.db.write(lambda uow: changes.forget(uow, mark)) == 1
    assert house.db.read(lambda uow: changes.since(uow, mark))[0] == [_ref(2)]


def test_the_bell_rings_at_the_commit_long_before_the_time_is_up(house: House) -> None:
    mark = house.db.read(changes.present)
    with Bell(house) as bell:
        bell.wait(mark, 0.01)
        timer = threading.Timer(0.1, _note, args=(house, _ref(1)))
        timer.start()
        began = time.monotonic()
        bell.wait(mark, 30)
        assert time.monotonic() - began < 15
        timer.join()
    assert house.db.read(lambda uow: changes.since(uow, mark))[0] == [_ref(1)]


def test_without_a_change_the_bell_waits_no_longer_than_it_was_told(house: House) -> None:
    _note(house, _ref("before"))
    mark = house.db.read(changes.present)
    with Bell(house) as bell:
        began = time.monotonic()
        bell.wait(mark, 0.3)
        assert 0.2 < time.monotonic() - began < 5


def test_a_rotated_secret_of_tickets_is_told_at_the_next_look(house: House) -> None:
    told: list[Encoded] = []
    watcher = Watcher(house, told.append, lambda _process, _right: None)
    watcher.start()
    watcher.look()
    watcher.look()
    assert told[-1] == {}
    house.keyring.rotate("delivery-tickets")
    watcher.look()
    (settings,) = told[-1].values()
    assert [each.hex() for each in house.keyring.secrets("delivery-tickets")] == json.loads(settings or b"")[
        "ticket_keys"
    ]
