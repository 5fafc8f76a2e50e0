"""Units of work: all or nothing, one at a time, refusals recorded although the command is undone."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core.db import Uow, UtcDateTime
from core.house import House
from core.jobs import Job
from core.problems import Conflict, Refused


def _job(uow: Uow, name: str) -> None:
    uow.session.add(Job(id=name, kind="test", payload="{}", created_at=uow.now()))
    uow.session.flush()


def _names(house: House) -> list[str]:
    return house.db.read(lambda uow: list(uow.session.execute(select(Job.id).order_by(Job.id)).scalars()))


def test_an_exception_undoes_all_of_a_unit(house: House) -> None:
    def work(uow: Uow) -> None:
        _job(uow, "a")
        raise Conflict("no")

    with pytest.raises(Conflict):
        house.db.write(work)
    assert _names(house) == []


def test_a_refusal_is_recorded_and_the_command_undone(house: House) -> None:
    seen: list[str] = []

    def recorder(uow: Uow, refusal: Refused) -> None:
        seen.append(refusal.object_id)
        _job(uow, "record")

    house.registry.on_refusal = recorder

    def work(uow: Uow) -> None:
        _job(uow, "change")
        raise Refused("no", object_id="lst_1")

    with pytest.raises(Refused):
        house.db.write(work)
    assert _names(house) == ["record"]
    assert seen == ["lst_1"]


def test_a_read_unit_changes_nothing(house: House) -> None:
    house.db.write(lambda uow: _job(uow, "kept"))

    def tries(uow: Uow) -> None:
        _job(uow, "lost")

    if house.db.sqlite:
        house.db.read(tries)
    assert _names(house) == ["kept"]


def test_units_do_not_nest(house: House) -> None:
    with pytest.raises(RuntimeError, match="already open"):
        house.db.read(lambda uow: house.db.write(lambda inner: None))
    house.db.read(lambda uow: None)


def test_a_time_without_zone_is_refused_and_one_with_comes_back_aware(house: House) -> None:
    column = UtcDateTime()
    with pytest.raises(ValueError, match="zone"):
        column.process_bind_param(datetime(2026, 1, 1), house.db.engine.dialect)  # noqa: DTZ001
    house.db.write(lambda uow: _job(uow, "timed"))
    stored = house.db.read(lambda uow: uow.session.get_one(Job, "timed").created_at)
    assert stored.tzinfo is UTC or stored.utcoffset() is not None
