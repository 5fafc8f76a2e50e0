"""Jobs: each lane has runners of its own, and a lease lapses only when nobody renews it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import jobs
from core.house import House
from core.jobs import Job, JobRun, Lane

_PATIENCE_S = 20.0


@pytest.fixture
def done(house: House) -> list[str]:
    """What the jobs of this test have done."""
    seen: list[str] = []
    house.registry.job("test.tell", lambda _, run: seen.append(run.payload["name"]))
    return seen


def _queue(house: House, name: str, lane: Lane, kind: str = "test.tell") -> str:
    return house.db.write(lambda uow: jobs.enqueue(uow, kind, {"name": name}, lane=lane))


def test_a_short_job_does_not_wait_for_a_long_one(house: House, done: list[str]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def take_long(_: House, run: JobRun) -> None:
        begun.set()
        assert go_on.wait(_PATIENCE_S)
        done.append(run.payload["name"])

    house.registry.job("test.long", take_long)
    _queue(house, "scan", Lane.LONG, "test.long")
    _queue(house, "another scan", Lane.LONG)
    _queue(house, "copy", Lane.SHORT)
    runner = threading.Thread(target=jobs.run_one, args=(house, Lane.LONG))
    runner.start()
    try:
        assert begun.wait(_PATIENCE_S)
        assert jobs.run_one(house, Lane.SHORT)
        assert not jobs.run_one(house, Lane.SHORT)
        assert done == ["copy"]
    finally:
        go_on.set()
        runner.join()
    assert jobs.run_one(house, Lane.LONG)
    assert done == ["copy", "scan", "another scan"]
    assert not jobs.run_one(house)


def test_whoever_runs_no_lane_in_particular_runs_all(house: House, done: list[str]) -> None:
    for name, lane in (("first", Lane.LONG), ("second", Lane.SHORT)):
        _queue(house, name, lane)
        house.clock.advance(timedelta(seconds=1))
    while jobs.run_one(house):
        pass
    assert done == ["first", "second"]


def test_a_job_is_claimed_again_only_when_its_lease_has_lapsed(house: House, done: list[str]) -> None:
    job_id = _queue(house, "twice", Lane.LONG)

    def fail_to_report(_: House, run: JobRun) -> None:
        house.clock.advance(timedelta(seconds=59))
        assert not jobs.run_one(house, Lane.LONG)
        run.progress(1, 2, resume_mark="half")
        house.clock.advance(timedelta(seconds=59))
        assert not jobs.run_one(house, Lane.LONG)
        raise _Killed

    house.registry.job_handlers["test.tell"] = fail_to_report
    with pytest.raises(_Killed):
        jobs.run_one(house, Lane.LONG)
    house.registry.job_handlers["test.tell"] = lambda _, run: done.append(run.resume_mark)
    house.clock.advance(timedelta(seconds=2))
    assert jobs.run_one(house, Lane.LONG)
    assert done == ["half"]
    assert (
        house.db.read(lambda uow: uow.session.execute(select(Job.state).where(Job.id == job_id)).scalar_one()) == "done"
    )


class _Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize(("size", "lane"), [(0, Lane.SHORT), (32 << 20, Lane.SHORT), ((32 << 20) + 1, Lane.LONG)])
def test_the_lane_follows_the_volume(size: int, lane: Lane) -> None:
    assert jobs.lane_for(size) == lane
