"""What a question finds, by score, and how much that is: who may see it is asked of each hit, or of the best only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import tantivy

from catalog.search.tantivy_clearance import Clearance
from catalog.search.tantivy_index import GRADES
from catalog.search.tantivy_query import all_of

_FEW = 4
"""Where less than one in so many hits may be seen, the best of all hits are mostly others."""
_MORE = 4
"""So much of a page is read besides, should others stand among the best."""

Scored = Sequence[tuple[float, tantivy.DocAddress]]


class Hits(Protocol):
    """Hits that may be seen; ``total`` is known when some have been read."""

    total: int

    def best(self, size: int) -> Scored:
        """So many, of equals those that stand first in the index."""


def hits_of(
    searcher: tantivy.Searcher, clear: Clearance, asked: Sequence[tantivy.Query], counted: Sequence[tantivy.Query]
) -> Hits:
    """``counted`` finds what ``asked`` does, and has other scores."""
    if clear.grades is None:
        return _Cleared(searcher, clear.of(asked))
    counts = _by_grade(searcher, all_of(*counted))
    seen = sum(count for grade, count in counts.items() if grade in clear.grades)
    if seen * _FEW < sum(counts.values()):
        return _Cleared(searcher, clear.of(asked))
    return _Graded(
        searcher, all_of(*asked), _Cleared(searcher, clear.of(asked)), clear.grades, (seen, sum(counts.values()))
    )


class _Cleared:
    """Each hit is asked."""

    def __init__(self, searcher: tantivy.Searcher, query: tantivy.Query) -> None:
        self._searcher, self._query = searcher, query
        self.total = 0

    def best(self, size: int) -> Scored:
        found: Any = self._searcher.search(self._query, size)
        self.total = int(found.count)
        return list(found.hits)


class _Graded:
    """The best are read among all, and those left out that have none of the grades: to ask each takes longer."""

    def __init__(
        self,
        searcher: tantivy.Searcher,
        among: tantivy.Query,
        cleared: Hits,
        grades: frozenset[int],
        part: tuple[int, int],
    ) -> None:
        self._searcher, self._among, self._cleared, self._grades, self._part = searcher, among, cleared, grades, part
        self.total = part[0]

    def best(self, size: int) -> Scored:
        seen, of = self._part
        read = size * of // max(seen, 1) + size // _MORE
        hits = list(self._searcher.search(self._among, read, count=False).hits)
        grades = self._searcher.fast_field_values("grade", [address for _score, address in hits])
        found = [hit for hit, grade in zip(hits, grades, strict=True) if grade in self._grades]
        return found[:size] if len(found) >= size or len(hits) < read else self._cleared.best(size)


def _by_grade(searcher: tantivy.Searcher, query: tantivy.Query) -> dict[int, int]:
    found: Any = searcher.aggregate(query, {"grade": {"terms": {"field": "grade", "size": len(GRADES)}}})
    return {int(each["key"]): int(each["doc_count"]) for each in found["grade"]["buckets"]}
