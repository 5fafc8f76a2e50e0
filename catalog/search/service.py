"""Keeping the index in line with the database, rebuilding and checking it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from catalog.references import queries as references
from catalog.search import documents, pending, popularity
from catalog.search.types import CheckReport, SearchDocument, SearchEngine
from compliance.identity import queries as identity
from core.db import Uow
from core.house import House

_PER_UNIT = 50
_PER_PAGE = 200
_PER_COMMIT = 1000
_at_it = Lock()


def catch_up(house: House) -> int:
    """Index what changed and was not indexed yet; answers how many things that were.

    Opens its own units; may be called at any time and again. While another thread is at it, there is nothing to do:
    each commit of the index costs, and what changed stays noted. Raises IndexBusy when another writer does not finish
    in time, SearchAway when the index cannot be reached: what changed stays noted then too.
    """
    if not _at_it.acquire(blocking=False):
        return 0
    try:
        return _catch_up(house)
    finally:
        _at_it.release()


def _catch_up(house: House) -> int:
    count = 0
    while ids := house.db.read(lambda uow: pending.oldest(uow, _PER_COMMIT)):
        if not count and not _engine(house).ready():
            return rebuild(house)
        bring(house, ids)
        count += len(ids)
    return count


def note_changed(uow: Uow, listing_ids: Sequence[str]) -> None:
    """What the index keeps of these changed, though nothing in the listings themselves did."""
    pending.note(uow, listing_ids)


def documents_of(uow: Uow, ids: Sequence[str]) -> list[SearchDocument]:
    """Search documents by id, whoever may see them: for those who confirmed that already."""
    return _documents(uow, ids)


def bring(house: House, ids: Sequence[str]) -> None:
    """Bring the index in line with these listings and references as they are now. Raises IndexBusy."""
    seen: dict[str, str] = {}

    def load(wanted: Sequence[str]) -> Iterator[SearchDocument]:
        for start in range(0, len(wanted), _PER_UNIT):
            part = wanted[start : start + _PER_UNIT]
            marks, found = house.db.read(lambda uow, part=part: (pending.marks(uow, part), _documents(uow, part)))  # type: ignore[misc]
            seen.update(marks)
            yield from found

    _engine(house).refresh(ids, load)
    _settle(house, seen)


def rebuild(house: House) -> int:
    """Build the index anew beside the present one and swap; answers how many documents it holds."""
    seen: dict[str, str] = {}

    def everything() -> Iterator[SearchDocument]:
        seen.update(house.db.read(pending.marks))
        yield from all_documents(house)

    count = _engine(house).rebuild(everything())
    _settle(house, seen)
    return count


def _settle(house: House, seen: dict[str, str]) -> None:
    items = list(seen.items())
    for start in range(0, len(items), _PER_UNIT):
        part = dict(items[start : start + _PER_UNIT])
        house.db.write(lambda uow, part=part: pending.settle(uow, part))  # type: ignore[misc]


def ensure(house: House) -> bool:
    """Build the index when there is none of the present format; answers whether it had to."""
    if _engine(house).ready():
        return False
    rebuild(house)
    return True


def check(house: House, *, repair: bool = False) -> CheckReport:
    """Compare the index with the database; with ``repair``, bring in line what differs.

    Things that changed within the last moments may be reported although the worker is about to index them.
    """
    state = _engine(house).state()
    expected = {document.id: document.mark() for document in all_documents(house)}
    missing = sorted(expected.keys() - state.marks.keys())
    extra = sorted(state.marks.keys() - expected.keys())
    stale = sorted(key for key, value in expected.items() if state.marks.get(key, value) != value)
    if repair and not state.ready:
        rebuild(house)
    elif repair:
        differing = [*missing, *extra, *stale]
        bring(house, differing)
    return CheckReport(state.ready, state.version, len(expected), tuple(missing), tuple(stale), tuple(extra))


def all_documents(house: House) -> Iterator[SearchDocument]:
    """Everything that belongs into the index, read in short units."""
    for page in (_listing_page, _reference_page):
        last = ""
        while found := house.db.read(lambda uow, last=last, page=page: page(uow, last)):  # type: ignore[misc]
            yield from found
            last = found[-1].id


def _engine(house: House) -> SearchEngine:
    return house.adapter(SearchEngine)  # type: ignore[type-abstract]


def _documents(uow: Uow, ids: Sequence[str]) -> list[SearchDocument]:
    rows = listings.many(uow, ids, brief=True)
    currency = uow.house.settings.currency
    found = [documents.of_reference(row, currency) for row in references.findable(uow, ids).values()]
    return found + _with_suppliers(uow, rows.values())


def _with_suppliers(uow: Uow, rows: Iterable[ListingSnapshot]) -> list[SearchDocument]:
    kept = list(rows)
    suppliers = identity.organisations(uow, [row.supplier_id for row in kept])
    buyers = popularity.of(uow, [row.id for row in kept])
    return [documents.of_listing(uow.house, row, suppliers.get(row.supplier_id), buyers.get(row.id, 0)) for row in kept]


def _listing_page(uow: Uow, last: str) -> list[SearchDocument]:
    return _with_suppliers(uow, listings.all_after(uow, last, _PER_PAGE))


def _reference_page(uow: Uow, last: str) -> list[SearchDocument]:
    currency = uow.house.settings.currency
    return [documents.of_reference(row, currency) for row in references.findable_after(uow, last, _PER_PAGE)]
