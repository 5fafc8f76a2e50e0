"""The outbox: written with the change, carried out at least once, failures kept with their reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import select

from core import outbox
from core.db import Uow
from core.events import Event
from core.house import House
from core.outbox import OutboxRow
from core.problems import Unavailable


@dataclass(frozen=True)
class Happened(Event):
    name: ClassVar[str] = "test.happened"
    what: str


@pytest.fixture
def told(house: House) -> Iterator[list[str]]:
    seen: list[str] = []

    def subscriber(house: House, event: Happened) -> None:
        if event.what == "bad":
            raise RuntimeError("cannot")
        if event.what == "busy":
            raise Unavailable("Somebody reads.")
        seen.append(event.what)

    house.registry.later(Happened, "test.subscriber", subscriber)
    return seen  # type: ignore[return-value]


def _rows(house: House) -> list[OutboxRow]:
    def rows(uow: Uow) -> list[OutboxRow]:
        found = list(uow.session.execute(select(OutboxRow)).scalars())
        uow.session.expunge_all()
        return found

    return house.db.read(rows)


def test_an_event_is_carried_out_after_its_commit(house: House, told: list[str]) -> None:
    house.db.write(lambda uow: uow.emit(Happened("x")))
    assert told == []
    assert outbox.relay(house) == 1
    assert told == ["x"]
    assert _rows(house) == []
    assert outbox.relay(house) == 0


def test_an_event_of_an_undone_unit_never_happened(house: House, told: list[str]) -> None:
    def work(uow: Uow) -> None:
        uow.emit(Happened("x"))
        raise ValueError

    with pytest.raises(ValueError):
        house.db.write(work)
    assert outbox.relay(house) == 0
    assert told == []


def test_a_failure_keeps_the_row_its_reason_and_does_not_hold_up_others(house: House, told: list[str]) -> None:
    for what in ("bad", "good"):
        house.db.write(lambda uow, what=what: uow.emit(Happened(what)))  # type: ignore[misc]
    outbox.relay(house)
    assert told == ["good"]
    (row,) = _rows(house)
    assert row.last_error == "RuntimeError: cannot"
    assert outbox.relay(house) == 0, "it waits before the next try"
    house.clock.advance(timedelta(minutes=1))
    outbox.relay(house)
    assert _rows(house)[0].attempts == 2


def test_what_is_not_possible_now_is_put_off_without_an_alarm(
    house: House, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.db.write(lambda uow: uow.emit(Happened("busy")))
    outbox.relay(house)
    (row,) = _rows(house)
    assert (row.attempts, row.last_error) == (1, "Unavailable: Somebody reads.")
    assert [(each.levelname, each.exc_info) for each in caplog.records] == [("WARNING", None)]


def test_a_claim_whose_relay_died_is_taken_again(house: House, told: list[str]) -> None:
    house.db.write(lambda uow: uow.emit(Happened("x")))
    house.db.write(lambda uow: outbox._claim(uow, 10))
    assert outbox.relay(house) == 0, "the lease still holds"
    house.clock.advance(timedelta(minutes=2))
    assert outbox.relay(house) == 1
    assert told == ["x"]
