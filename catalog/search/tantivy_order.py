"""A page in the order that all engines share: tantivy itself lets equals stand as they come."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import tantivy

from catalog.search import ordering
from catalog.search.tantivy_index import GRADES, SCHEMA
from catalog.search.tantivy_query import all_of

_READ = 1_000
"""So many hits beyond a page are enough to say which of what may be seen are on it, but where very many are equal."""


def ids_by_score(
    searcher: tantivy.Searcher, query: tantivy.Query, offset: int, limit: int
) -> tuple[tuple[str, ...], int]:
    """The ids of a page by score, and how many hits there are in all.

    All that may be equal are read at once: to read a few and then all takes twice as long where many are equal.
    """
    found: Any = searcher.search(query, offset + limit + ordering.MOST_BEYOND)
    return _best_ids(searcher, found.hits, offset, limit), int(found.count)


def ids_among_all(
    searcher: tantivy.Searcher, query: tantivy.Query, opened: Set[int], offset: int, limit: int
) -> tuple[str, ...] | None:
    """The ids of a page by score of what has one of the grades; None where it takes more than the first hits to say.

    To leave out what has another grade is sooner done with the best than with each hit.
    """
    wanted = offset + limit
    hits: Any = searcher.search(query, wanted + _READ, count=False).hits
    grades = searcher.fast_field_values("grade", [address for _score, address in hits])
    seen = [hit for hit, grade in zip(hits, grades, strict=True) if grade in opened]
    if len(hits) == wanted + _READ and not _whole(seen[:wanted], wanted, hits[-1][0]):
        return None
    return _best_ids(searcher, seen, offset, limit)


def total_of_grades(searcher: tantivy.Searcher, query: tantivy.Query, opened: Set[int]) -> int:
    """How many of the hits have one of the grades."""
    counted = {"grades": {"terms": {"field": "grade", "size": len(GRADES)}}}
    buckets = searcher.aggregate(query, counted)["grades"]["buckets"]
    return sum(int(bucket["doc_count"]) for bucket in buckets if int(bucket["key"]) in opened)


def _whole(page: Sequence[tuple[float, object]], wanted: int, last: float) -> bool:
    """Whether no hit after that of the ``last`` score is equal to one of the page."""
    return len(page) == wanted > 0 and ordering.grade(page[-1][0]) != ordering.grade(last)


def _best_ids(
    searcher: tantivy.Searcher, hits: Sequence[tuple[float, Any]], offset: int, limit: int
) -> tuple[str, ...]:
    def places(addresses: Sequence[tantivy.DocAddress]) -> list[int]:
        return [int(number or 0) for number in searcher.fast_field_values("place", list(addresses))]

    return ordering.best_ids(lambda _size: hits, places, lambda address: id_of(searcher, address), offset, limit)


def ids_by_field(
    searcher: tantivy.Searcher, query: tantivy.Query, field: str, offset: int, limit: int
) -> tuple[tuple[str, ...], int]:
    """The ids of a page by a field of numbers, and how many hits there are in all."""
    order = tantivy.Order.Asc if field in ordering.ASCENDING else tantivy.Order.Desc
    wanted = offset + limit
    found: Any = searcher.search(query, wanted + 1, order_by_field=field, order=order)
    values = [value for value, _address in found.hits]
    if limit < 1 or offset >= len(values):
        return (), int(found.count)
    start, last = values.index(values[offset]), values[min(wanted, len(values)) - 1]
    cut = values.index(last)
    placed = [(values.index(values[place]), id_of(searcher, found.hits[place][1])) for place in range(start, cut)]
    ids = [name for _place, name in sorted(placed)] + _equals(searcher, query, field, last, wanted - cut)
    return tuple(ids[offset - start : wanted - start]), int(found.count)


def id_of(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> str:
    return str(searcher.doc(address).get_first("id"))


def _equals(searcher: tantivy.Searcher, query: tantivy.Query, field: str, value: int, count: int) -> list[str]:
    """The first of those with this value, by their ids."""
    same = tantivy.Query.term_query(SCHEMA, field, value)
    found: Any = searcher.search(all_of(query, same), count, order_by_field="id", order=tantivy.Order.Asc)
    return [str(name) for name, _address in found.hits]
