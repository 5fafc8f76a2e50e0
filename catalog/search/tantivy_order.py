"""A page in the order that all engines share: tantivy itself lets equals stand as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tantivy

from catalog.search import ordering
from catalog.search.tantivy_index import SCHEMA
from catalog.search.tantivy_query import all_of


def ids_by_score(
    searcher: tantivy.Searcher, query: tantivy.Query, offset: int, limit: int
) -> tuple[tuple[str, ...], int]:
    """The ids of a page by score, and how many hits there are in all.

    All that may be equal are read at once: to read a few and then all takes twice as long where many are equal.
    """
    found: Any = searcher.search(query, offset + limit + ordering.MOST_BEYOND)
    return best_ids_of(searcher, found.hits, offset, limit), int(found.count)


def best_ids_of(
    searcher: tantivy.Searcher, hits: Sequence[tuple[float, Any]], offset: int, limit: int
) -> tuple[str, ...]:
    """The ids of a page by score, of hits that are read already, the best first."""

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
