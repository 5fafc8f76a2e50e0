"""What was kept for repeated requests and against guessing is forgotten when it means nothing any more, not before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from compliance.identity.models import SignInThrottle
from core import idempotency
from core.db import Base
from core.house import House
from core.idempotency import StoredAnswer
from exchange.worker import chores
from tests.client import ApiClient
from tests.compliance.identity.test_identity import REGISTRATION


def rows(house: House, table: type[Base]) -> int:
    return house.db.read(lambda uow: uow.session.execute(select(func.count()).select_from(table)).scalar_one())


def forget(house: House) -> None:
    """The worker's daily chore, until nothing is left to do."""
    (chore,) = (each for each in chores() if each.name == "forgetting")
    while chore.attend(house):
        pass
    assert chore.failed == 0


def fail(client: ApiClient, times: int) -> int:
    """Sign in with a wrong password so often; answers the last status."""
    wrong = {"email": "nobody@example.org", "password": "not the right one"}
    return [client.post("/sessions", wrong).status for _ in range(times)][-1]


def test_failures_block_as_before_and_are_forgotten_a_day_later(client: ApiClient, house: House) -> None:
    assert fail(client, 12) == 429
    kept = rows(house, SignInThrottle)
    assert kept > 0
    forget(house)
    assert rows(house, SignInThrottle) == kept
    house.clock.advance(timedelta(days=1, minutes=1))
    forget(house)
    assert rows(house, SignInThrottle) == 0
    assert fail(client, 1) == 401


def test_answers_are_repeated_for_thirty_days_and_then_forgotten(client: ApiClient, house: House) -> None:
    first = client.post("/registrations", REGISTRATION, key="k").expect(201)
    assert rows(house, StoredAnswer) == 1
    house.clock.advance(idempotency.KEPT - timedelta(minutes=1))
    forget(house)
    assert client.post("/registrations", REGISTRATION, key="k").expect(201).json == first.json
    house.clock.advance(timedelta(minutes=2))
    forget(house)
    assert rows(house, StoredAnswer) == 0
    assert client.post("/registrations", REGISTRATION, key="k").status in (409, 422), "it is a new request now"
