"""What the market asks for: to suppliers of their own listings and of what nobody offers, to operators all of it.

Only what was asked several times is told.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from catalog.listings import queries as listings
from catalog.search.asked.models import Asked, Shown
from catalog.search.asked.types import AskedWords
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow

LEAST = 3
_MOST = 100
_TIMES, _NOTHING = func.sum(Asked.times), func.sum(Asked.missed)


def showed_own(uow: Uow, actor: Actor) -> list[AskedWords]:
    """The words that showed listings of the own organisation among their first, and how often the one shown most.

    Raises PolicyRefused.
    """
    own = actor.organisation_id
    require(actor, "query:see", Resource("query", "own", {"owner": own}))
    each = (
        select(Shown.words, func.sum(Shown.times).label("times"))
        .where(Shown.listing_id.in_(listings.ids_of_supplier(own or "")))
        .group_by(Shown.words, Shown.listing_id)
        .subquery()
    )
    times = func.max(each.c.times)
    statement = (
        select(each.c.words, times, func.count())
        .group_by(each.c.words)
        .having(times >= LEAST)
        .order_by(times.desc(), each.c.words)
    )
    return [AskedWords(words, int(n), listings=int(many)) for words, n, many in _first(uow, statement)]


def found_nothing(uow: Uow, actor: Actor) -> list[AskedWords]:
    """The words that found nothing, most often first. Raises PolicyRefused."""
    require(actor, "query:see", Resource("query", "own", {"owner": actor.organisation_id}))
    statement = select(Asked.words, _TIMES, _NOTHING).group_by(Asked.words).having(_NOTHING >= LEAST)
    rows = _first(uow, statement.order_by(_NOTHING.desc(), Asked.words))
    return [AskedWords(words, int(times), int(nothing)) for words, times, nothing in rows]


def most(uow: Uow, actor: Actor) -> list[AskedWords]:
    """All words, most often first: for the platform's people. Raises PolicyRefused."""
    require(actor, "query:see", Resource("query", "all", {"owner": ""}))
    statement = select(Asked.words, _TIMES, _NOTHING).group_by(Asked.words).having(_TIMES >= LEAST)
    rows = _first(uow, statement.order_by(_TIMES.desc(), Asked.words))
    return [AskedWords(words, int(times), int(nothing)) for words, times, nothing in rows]


def _first(uow: Uow, statement: Select[*tuple[Any, ...]]) -> list[Any]:
    return list(uow.session.execute(statement.limit(_MOST)).all())
