"""Searches that an organisation keeps, and telling its buyers what they find; each hit once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select

from catalog.search import queries as search
from catalog.search.asked import service as keeping
from catalog.search.asked.types import Unfit
from catalog.search.confirming import confirmed
from catalog.search.saved.errors import SavedAlready, SavedSearchInvalid, SavedSearchNotFound, TooManySavedSearches
from catalog.search.saved.events import SavedSearchFound
from catalog.search.saved.matching import answers
from catalog.search.saved.models import SavedSearch, SavedSearchTold
from catalog.search.saved.types import SavedSearchSnapshot
from catalog.search.service import documents_of
from catalog.search.synonyms import service as synonyms
from catalog.search.types import FACETS, SearchHit, SearchParams, Sort
from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Sentence
from core.rows import insert_missing

MOST = 30
MOST_VALUES = 50
LONGEST_TEXT = 300
"""As it is typed, with all that searching leaves out of it."""
_EVERY = timedelta(minutes=10)
_AT_ONCE = 50
_LOOKED_AT = 100
_TOLD_AT_ONCE = 50


def save(
    uow: Uow, actor: Actor, *, text: str = "", filters: Mapping[str, Sequence[str]] | None = None, name: str = ""
) -> SavedSearchSnapshot:
    """Keep a search for the own organisation: its buyers are told of what it finds from now on.

    Raises PolicyRefused, SavedSearchInvalid, SavedAlready, TooManySavedSearches.
    """
    own = actor.organisation_id
    decision = require(actor, "search:save", Resource("search", "new", {"owner": own}))
    assert own is not None
    kept = _checked(text, filters or {})
    identity.hold(uow, own)
    present = uow.session.execute(select(SavedSearch).where(SavedSearch.organisation_id == own)).scalars().all()
    if any((row.text, row.filters) == (text.strip(), kept) for row in present):
        raise SavedAlready()
    if len(present) >= MOST:
        raise TooManySavedSearches(Sentence("An organisation keeps at most %(most)s.", most=MOST))
    row = SavedSearch(
        id=new_id("svs"), organisation_id=own, name=(name.strip() or text.strip() or _of_filters(kept))[:100],
        text=text.strip(), filters=kept, created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(uow, actor, action="search:save", object_id=row.id, decision=decision, concerns=[own])
    return row.snapshot()


def drop(uow: Uow, actor: Actor, search_id: str) -> None:
    """Forget a saved search, and what it told. Raises SavedSearchNotFound, PolicyRefused."""
    row = _load(uow, actor, search_id)
    decision = require(actor, "search:save", Resource("search", row.id, {"owner": row.organisation_id}))
    uow.session.execute(delete(SavedSearchTold).where(SavedSearchTold.search_id == row.id))
    uow.session.delete(row)
    uow.session.flush()
    record(uow, actor, action="search:drop", object_id=search_id, decision=decision, concerns=[row.organisation_id])


def own(uow: Uow, actor: Actor) -> list[SavedSearchSnapshot]:
    """Those of the own organisation, newest first."""
    statement = select(SavedSearch).where(SavedSearch.organisation_id == (actor.organisation_id or ""))
    return [row.snapshot() for row in uow.session.execute(statement.order_by(SavedSearch.id.desc())).scalars()]


def get(uow: Uow, actor: Actor, search_id: str) -> SavedSearchSnapshot:
    """Raises SavedSearchNotFound, also for another organisation's."""
    return _load(uow, actor, search_id).snapshot()


def as_it_is(uow: Uow, search_id: str) -> SavedSearchSnapshot | None:
    """Asks no policy: for those who tell people."""
    row = uow.session.get(SavedSearch, search_id)
    return row.snapshot() if row else None


def titles(uow: Uow, saved: SavedSearchSnapshot, ids: Sequence[str]) -> list[str]:
    """What those of ``ids`` are called that the organisation's buyers may see now. For those who tell them."""
    who = identity.actor_in_role(uow, saved.organisation_id, "buyer")
    return [next(iter(hit.title.values()), hit.id) for hit in confirmed(uow, who, ids)]


def tend(house: House) -> int:
    """Look at those searches that were not looked at for a while; answers how many found something to tell.

    One that fails stops no other, and is looked at again.
    """
    told, failed = 0, list[Exception]()
    for saved in house.db.read(_due):
        try:
            told += check(house, saved)
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("some searches could not be looked at", failed)
    return told


def check(house: House, saved: SavedSearchSnapshot) -> bool:
    """Tell what this search finds now and had not found; at the first time, only what came after it was saved."""
    who = house.db.read(lambda uow: identity.actor_in_role(uow, saved.organisation_id, "buyer"))
    hits = _hits(house, who, saved)
    return house.db.write(lambda uow: _tell(uow, saved, hits))


def _hits(house: House, who: Actor, saved: SavedSearchSnapshot) -> list[SearchHit]:
    """What the organisation's buyers may see that answers most of what is asked: of the newest, and of the best."""
    filters = {name: frozenset(values) for name, values in saved.filters.items()}
    asked = SearchParams(text=saved.text, filters=filters, facets=(), limit=_LOOKED_AT)
    found: dict[str, SearchHit] = {}
    for sort in dict.fromkeys((Sort.NEWEST, Sort.RELEVANCE if saved.text else Sort.NEWEST)):
        params = SearchParams(asked.text, asked.filters, asked.facets, sort, 0, asked.limit)
        found |= {hit.id: hit for hit in search.look(house, who, params).hits}
    if not saved.text or not found:
        return list(found.values())
    documents, also = house.db.read(lambda uow: (documents_of(uow, list(found)), synonyms.present(uow)))
    return [found[each.id] for each in documents if answers(each, saved.text, also)]


def _tell(uow: Uow, saved: SavedSearchSnapshot, hits: Sequence[SearchHit]) -> bool:
    statement = select(SavedSearch).where(SavedSearch.id == saved.id).with_for_update()
    row = uow.session.execute(statement).scalar_one_or_none()
    if row is None:
        return False
    first, row.checked_at = row.checked_at is None, uow.now()
    new = [hit for hit in hits if insert_missing(uow, SavedSearchTold, [{"search_id": row.id, "object_id": hit.id}])]
    ids = [hit.id for hit in new if not first or hit.updated_at > row.created_at]
    if ids:
        uow.emit(SavedSearchFound(search_id=row.id, ids=tuple(ids[:_TOLD_AT_ONCE])))
    return bool(ids)


def _due(uow: Uow) -> list[SavedSearchSnapshot]:
    when = or_(SavedSearch.checked_at.is_(None), SavedSearch.checked_at <= uow.now() - _EVERY)
    statement = select(SavedSearch).where(when).order_by(SavedSearch.checked_at.nulls_first()).limit(_AT_ONCE)
    return [row.snapshot() for row in uow.session.execute(statement).scalars()]


def _load(uow: Uow, actor: Actor, search_id: str) -> SavedSearch:
    row = uow.session.get(SavedSearch, search_id)
    if row is None or row.organisation_id != actor.organisation_id:
        raise SavedSearchNotFound()
    return row


def _checked(text: str, filters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    kept = {name: sorted(set(values)) for name, values in filters.items() if values}
    if not text.strip() and not kept:
        raise SavedSearchInvalid("Ask for something: words, or filters.", field="text")
    if text.strip():
        _check_text(text)
    unknown = set(kept) - set(FACETS)
    if unknown or any(len(value) > 60 for values in kept.values() for value in values):
        raise SavedSearchInvalid("One cannot filter like this.", field="filters")
    if sum(map(len, kept.values())) > MOST_VALUES:
        raise SavedSearchInvalid(Sentence("At most %(most)s values to filter by.", most=MOST_VALUES), field="filters")
    return kept


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise SavedSearchInvalid("A text may not hold NUL characters.", field="text")
    why = Unfit.TOO_LONG if len(text) > LONGEST_TEXT else keeping.unfit(text)
    if why == Unfit.TOO_LONG:
        said = Sentence("A search that is kept has at most %(longest)s characters.", longest=keeping.LONGEST)
        raise SavedSearchInvalid(said, field="text")
    if why == Unfit.TOO_MANY_DIGITS:
        most = keeping.MOST_DIGITS
        said = Sentence("A search that is kept has at most %(most)s digits; years are not counted.", most=most)
        raise SavedSearchInvalid(said, field="text")
    if why == Unfit.NO_WORDS:
        raise SavedSearchInvalid("There are no words in it to search for.", field="text")
    if why == Unfit.NAMES_SOMEBODY:
        raise SavedSearchInvalid("A search that is kept names no person, and holds no number of one.", field="text")


def _of_filters(filters: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(value for values in filters.values() for value in values)
