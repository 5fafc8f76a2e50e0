"""Units of work: all or nothing, one at a time, refusals recorded although the command is undone."""

import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from core.db import Database, Uow, UtcDateTime
from core.house import House
from core.jobs import Job
from core.problems import Conflict, Refused, Unavailable


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

    house.registry.on_refusal[:] = [recorder]

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


def test_a_writer_whose_turn_does_not_come_is_told_so_and_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not house.db.sqlite:
        pytest.skip("on PostgreSQL the rows decide, not a queue")
    monkeypatch.setattr("core.db._LONGEST_WAIT_S", 0.05)
    inside, done = threading.Event(), threading.Event()

    def hold(_uow: Uow) -> None:
        inside.set()
        done.wait(10)

    holder = threading.Thread(target=lambda: house.db.write(hold))
    holder.start()
    inside.wait(10)
    with pytest.raises(Unavailable):
        house.db.write(lambda uow: _job(uow, "job"))
    assert _names(house) == []  # and reads never wait
    done.set()
    holder.join()
    house.db.write(lambda uow: _job(uow, "job"))
    assert _names(house) == ["job"]


def test_on_postgresql_units_of_one_process_write_side_by_side(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("SQLite lets one unit write at a time")
    both = threading.Barrier(2, timeout=30)

    def work(name: str) -> None:
        def write(uow: Uow) -> None:
            _job(uow, name)
            uow.session.flush()
            both.wait()

        house.db.write(write)

    writers = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(_names(house)) == ["a", "b"]


def test_writers_of_several_processes_take_turns(house: House) -> None:
    """Each reads, thinks, writes: were two inside at once, one of the sums would be lost or retried."""
    if not house.db.sqlite:
        pytest.skip("on PostgreSQL the rows decide, not a queue")
    others = [Database(house.settings.database) for _ in range(3)]
    runs = []

    def append(uow: Uow) -> None:
        runs.append(1)
        before = len(uow.session.execute(select(Job.id)).all())
        time.sleep(0.002)
        _job(uow, f"number{before}")

    def act(database: Database) -> None:
        for _ in range(5):
            database.write(append)

    for each in others:
        each.attach(house)
    threads = [threading.Thread(target=act, args=(each,)) for each in (house.db, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.engine.dispose()
    assert set(_names(house)) == {f"number{n}" for n in range(20)}
    assert len(runs) == 20


def test_a_server_that_ended_our_connections_is_asked_again(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("SQLite has no server")
    _names(house)
    ended = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other = Database(house.settings.database)
    with other.engine.connect() as connection:
        assert connection.exec_driver_sql(ended).scalar_one() >= 1
    other.engine.dispose()
    house.db.write(lambda uow: _job(uow, "job"))
    assert _names(house) == ["job"]


def test_two_units_that_insert_the_same_row_at_once_both_end(house: House) -> None:
    """As whoever looks first and then inserts: on PostgreSQL neither sees the other's row while it looks."""
    together = threading.Barrier(2, timeout=10)
    met: list[str] = []

    def work(uow: Uow) -> str:
        if uow.session.get(Job, "same") is not None:
            return "found"
        if not house.db.sqlite and len(met) < 2:
            met.append("looked")
            together.wait()
        _job(uow, "same")
        return "made"

    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(house.db.write(work))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["found", "made"]


def test_a_row_that_cannot_be_inserted_is_no_endless_work(house: House) -> None:
    tries: list[int] = []

    def work(uow: Uow) -> None:
        tries.append(1)
        for _ in range(2):
            uow.connection.execute(
                insert(Job), {"id": "twice", "kind": "test", "payload": "{}", "created_at": uow.now()}
            )

    with pytest.raises(IntegrityError):
        house.db.write(work)
    assert len(tries) <= 6
