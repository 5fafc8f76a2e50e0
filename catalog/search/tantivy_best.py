"""A page by score of what has one of the grades, without asking of each hit which grade it has.

The best among all are read, and what is closed is left out of those. Hits that hold the words side by side are read
first: where those of the page score more than words alone can, the others need not be read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any

import tantivy

from catalog.search.ordering import grade
from catalog.search.question import Question, Wanted
from catalog.search.tantivy_index import GRADES, documents_in
from catalog.search.tantivy_order import best_ids_of
from catalog.search.tantivy_query import all_of, any_of, matching, wanted_of

_READ = 1_000
"""So many hits beyond a page are enough to say which of what may be seen are on it, but where very many are equal."""
_MOST_OF_IDF = 2.2
"""A term's share in BM25 is its idf times tf (k + 1) / (tf + norm), and k is 1.2 here: it stays below."""


@dataclass(frozen=True)
class _Best:
    """Hits that may be seen, with their scores, the best first. Any other scores ``below`` at most; where that is
    negative, there are no others."""

    hits: Sequence[tuple[float, Any]]
    below: float

    def says(self, wanted: int) -> bool:
        """Whether the first so many are what they would be among all hits, however equals stand."""
        if self.below < 0:
            return True
        return len(self.hits) >= wanted > 0 and grade(self.hits[wanted - 1][0]) > grade(self.below)


def ids_among_all(
    searcher: tantivy.Searcher, asked: Question, opened: Set[int], offset: int, limit: int
) -> tuple[str, ...] | None:
    """The ids of a page by score of what has one of the grades; None where it takes more than the first hits to say."""
    wanted = offset + limit
    for best in _readings(searcher, asked, opened, wanted):
        if best.says(wanted):
            return best_ids_of(searcher, best.hits, offset, limit)
    return None


def total_of_grades(searcher: tantivy.Searcher, query: tantivy.Query, opened: Set[int]) -> int:
    """How many of the hits have one of the grades."""
    counted = {"grades": {"terms": {"field": "grade", "size": len(GRADES)}}}
    buckets = searcher.aggregate(query, counted)["grades"]["buckets"]
    return sum(int(bucket["doc_count"]) for bucket in buckets if int(bucket["key"]) in opened)


def _readings(searcher: tantivy.Searcher, asked: Question, opened: Set[int], wanted: int) -> Iterator[_Best]:
    """The best hits of a question, then more of them where those do not say enough."""
    words = matching(replace(asked, extra=()))
    if not asked.extra:
        yield _read(searcher, words, opened, wanted)
        return
    side_by_side = any_of([wanted_of(each) for each in asked.extra])
    beside = _read(searcher, all_of(side_by_side, words), opened, wanted)
    yield replace(beside, below=max(beside.below, _highest(searcher, asked)))
    yield _joined(beside, _read(searcher, words, opened, wanted), wanted)


def _read(searcher: tantivy.Searcher, query: tantivy.Query, opened: Set[int], wanted: int) -> _Best:
    hits: Any = searcher.search(query, wanted + _READ, count=False).hits
    grades = searcher.fast_field_values("grade", [address for _score, address in hits])
    seen = [hit for hit, of in zip(hits, grades, strict=True) if of in opened]
    return _Best(seen, hits[-1][0] if len(hits) == wanted + _READ else -1.0)


def _joined(beside: _Best, words: _Best, wanted: int) -> _Best:
    """So many of both and the equals of the last of them.

    What holds the words side by side and is only among the others has too low a score there: its own one is not above
    ``below`` either, since the best of its kind were read.
    """
    hits: dict[tuple[int, int], tuple[float, Any]] = {}
    last = 0.0
    for hit in merge(beside.hits, words.hits, key=lambda each: -each[0]):
        if len(hits) >= wanted and grade(hit[0]) < last:
            break
        hits.setdefault((hit[1].segment_ord, hit[1].doc), hit)
        last = grade(hit[0])
    return _Best([*hits.values()], max(beside.below, words.below))


def _highest(searcher: tantivy.Searcher, asked: Question) -> float:
    """What no hit reaches by words alone."""
    of = documents_in(searcher)
    single = sum(_most(searcher, each, of) for each in asked.should)
    return single + sum(max(_most(searcher, each, of) for each in group) for group in asked.either)


def _most(searcher: tantivy.Searcher, wanted: Wanted, of: int) -> float:
    if wanted.distance:
        return wanted.boost
    return wanted.boost * _MOST_OF_IDF * sum(_idf(searcher.doc_freq(wanted.field, term), of) for term in wanted.terms)


def _idf(held: int, of: int) -> float:
    return math.log(1 + (of - held + 0.5) / (held + 0.5))
