"""A few of the random walks of ``python -m bench.walks``; and that its judge sees what must never be."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from billing.ledger import queries as ledger
from core.house import House
from tests.journeys.walked import faults, reached
from tests.journeys.walks import assemble, walk

_FORGED = [
    ("UPDATE order_requirement SET met_by = not_by WHERE kind = 'acceptance' AND not_by <> ''", "second person"),
    ("UPDATE order_requirement SET met_at = NULL", "open requirement"),
    ("UPDATE trade_order SET agreement_hash = 'x'", "other terms"),
    ("UPDATE trade_order SET state = 'accepted' WHERE state = 'declined'", "another state"),
    ("UPDATE review_item SET answer = 'fail'", "open item"),
]


def test_walks_leave_nothing_that_must_never_be(house: House) -> None:
    stage = assemble(house)
    unseen = set(_FORGED)
    # Two threads take turns as they like: walks go on until there is something for every forgery to spoil.
    for number in range(80):
        walk(stage, 3_000_000 + number)
        if number >= 19 and len(reached(house)["orders"]) >= 4:
            unseen = {forgery for forgery in unseen if not _seen(house, *forgery)}
            if not unseen:
                break
    stage.pool.shutdown()
    assert unseen == set()
    assert stage.tally.faults == []
    assert faults(house) == {}
    assert set(house.db.read(ledger.trial_balance).values()) <= {0}


def _seen(house: House, statement: str, fault: str) -> bool:
    return any(fault in found for found in _after(house, statement))


def _after(house: House, statement: str) -> Any:
    """What the judge finds in a database that somebody wrote to; it is as before afterwards."""

    class Undone(Exception):
        pass

    found: list[str] = []

    def work(uow: Any) -> None:
        from tests.journeys.walked import _all

        uow.session.execute(text(statement))
        found.extend(_all(uow))
        raise Undone

    with pytest.raises(Undone):
        house.db.write(work)
    return found
