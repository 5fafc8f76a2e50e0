"""Dead letters of the outbox: seen by operators, tried anew or given up with a reason, all of it in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from compliance.audit import queries as audit
from core import outbox
from core.db import Uow
from core.events import Event
from core.house import House
from tests import build
from tests.client import ApiClient
from tests.exchange.web.browser import Browser


@dataclass(frozen=True)
class Happened(Event):
    name: ClassVar[str] = "happened"
    thing: str


@pytest.fixture
def told(house: House) -> list[str]:
    """What the subscriber was told; it refuses until ``fails`` is taken out of the list."""
    seen = ["fails"]

    def listen(_house: House, event: Happened) -> None:
        if "fails" in seen:
            raise RuntimeError("the index is away")
        seen.append(event.thing)

    house.registry.later(Happened, "tests.listener", listen)
    return seen


def _dead(house: House, *things: str) -> None:
    for each in things:
        house.db.write(lambda uow, each=each: uow.emit(Happened(thing=each)))  # type: ignore[misc]
    for _ in range(outbox.MOST_ATTEMPTS):
        outbox.relay(house)
        house.clock.advance(timedelta(hours=1))
    assert outbox.relay(house) == 0
    assert house.db.read(outbox.dead_count) == len(things)


def _actions(house: House, number: int) -> list[str]:
    def work(uow: Uow) -> list[str]:
        ids = audit.entry_ids_of(uow, f"outbox:{number}")
        return [body.decode() for body in audit.bodies(uow, ids)]

    return house.db.read(work)


def test_operators_try_anew_or_give_up_and_nobody_else_sees(client: ApiClient, house: House, told: list[str]) -> None:
    _dead(house, "one", "two")
    operator = ApiClient(client.app, build.platform_person(house, "operator").token)
    first, second = operator.get("/undelivered").expect(200).json["items"]
    assert (first["subscriber"], first["payload"], first["attempts"]) == ("tests.listener", {"thing": "one"}, 12)
    assert "the index is away" in first["last_error"]
    for other in (ApiClient(client.app, build.platform_person(house, "officer").token), client):
        assert other.get("/undelivered").status in (401, 403)
        assert other.post(f"/undelivered/{first['id']}/retry").status in (401, 403)
    told.clear()
    operator.post(f"/undelivered/{first['id']}/retry").expect(200)
    operator.post(f"/undelivered/{first['id']}/retry").expect(404, "undelivered_not_found")
    outbox.relay(house)
    assert told == ["one"]
    operator.post(f"/undelivered/{second['id']}/drop", {"reason": "x"}).expect(422)
    operator.post(f"/undelivered/{second['id']}/drop", {"reason": "told by hand"}).expect(200)
    operator.post("/undelivered/999999999999/drop", {"reason": "told by hand"}).expect(404)
    assert operator.get("/undelivered").json["items"] == []
    assert house.db.read(outbox.waiting) == 0
    assert '"undelivered:retry"' in _actions(house, first["id"])[0]
    assert "told by hand" in _actions(house, second["id"])[0]


def test_the_page_shows_failures_and_acts(client: ApiClient, house: House, told: list[str]) -> None:
    browser = Browser(client.app).sign_in(build.platform_person(house, "operator"))
    assert "Nothing is undelivered" in browser.get("/undelivered")
    _dead(house, "one", "two")
    browser = Browser(client.app).sign_in(build.platform_person(house, "operator"))
    page = browser.get("/undelivered")
    assert "the index is away" in page
    first, second = (each.id for each in house.db.read(outbox.dead))
    browser.send(f"/undelivered/{first}/retry")
    browser.get("/undelivered")
    browser.send(f"/undelivered/{second}/drop", reason="not needed")
    assert house.db.read(outbox.dead_count) == 0
    browser.get("/undelivered")
    browser.send(f"/undelivered/{second}/drop", 404, reason="not needed")
    assert told == ["fails"]
