"""A page by score that need not score every hit.

Hits that hold the words side by side are read first: where those of the page score more than words alone can, the
others are not read. Where grades alone say who may see what, the best among all are read, and what is closed is left
out of those: that is sooner done than asking each hit which grade it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any

import tantivy

from catalog.search.ordering import grade
from catalog.search.question import Question, Wanted
from catalog.search.tantivy_clearance import Clearance
from catalog.search.tantivy_index import GRADES, documents_in
from catalog.search.tantivy_order import best_ids_of
from catalog.search.tantivy_query import all_of, any_of, matching, wanted_of
from catalog.search.types import Ask

_READ = 1_000
"""So many hits beyond a page are enough to say which of what may be seen are on it, but where very many are equal."""
_WORTH = 6
"""Where scoring all hits reads so many times as many postings, words side by side are worth reading first."""
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
        return len(self.hits) >= wanted and grade(self.hits[wanted - 1][0]) > grade(self.below)


def ids_of_best(searcher: tantivy.Searcher, ask: Ask, clear: Clearance, limit: int) -> tuple[str, ...] | None:
    """The ids of a page by score; None where that is not the quicker way, or the first hits do not say."""
    if limit < 1:
        return ()
    wanted = ask.offset + limit
    for best in _readings(searcher, ask, clear, wanted):
        if best.says(wanted):
            return best_ids_of(searcher, best.hits, ask.offset, limit)
    return None


def total_of(searcher: tantivy.Searcher, query: tantivy.Query, clear: Clearance) -> int:
    """How many hits may be seen."""
    if not clear.by_grade:
        found: Any = searcher.search(clear([query]), 1)
        return int(found.count)
    counted = {"grades": {"terms": {"field": "grade", "size": len(GRADES)}}}
    buckets = searcher.aggregate(query, counted)["grades"]["buckets"]
    return sum(int(bucket["doc_count"]) for bucket in buckets if int(bucket["key"]) in clear.opened)


def _readings(searcher: tantivy.Searcher, ask: Ask, clear: Clearance, wanted: int) -> Iterator[_Best]:
    """The best hits of a question, then more of them where those do not say enough.

    What must be there and filters leave few hits, and where many hold the words side by side, to read those first saves
    little: then all are sooner scored.
    """
    asked = ask.question
    if asked.must or any(ask.filters.values()):
        return
    words = matching(replace(asked, extra=()))
    if _few_side_by_side(searcher, asked):
        side_by_side = any_of([wanted_of(each) for each in asked.extra])
        beside = _read(searcher, all_of(side_by_side, words), clear, wanted)
        yield replace(beside, below=max(beside.below, _bound(searcher, asked)))
        if clear.by_grade and beside.says(wanted):
            yield _joined(beside, _read(searcher, words, clear, wanted), wanted)
    elif clear.by_grade and _at_most_side_by_side(searcher, asked) == 0:
        yield _read(searcher, words, clear, wanted)


def _few_side_by_side(searcher: tantivy.Searcher, asked: Question) -> bool:
    """Whether those that hold the words side by side are surely few beside all that hold a word, and soon read."""
    apart = sum(searcher.doc_freq(each.field, term) for each in asked.should for term in each.terms)
    return 0 < _at_most_side_by_side(searcher, asked) * _WORTH <= apart


def _at_most_side_by_side(searcher: tantivy.Searcher, asked: Question) -> int:
    return sum(min(searcher.doc_freq(each.field, term) for term in each.terms) for each in asked.extra)


def _read(searcher: tantivy.Searcher, query: tantivy.Query, clear: Clearance, wanted: int) -> _Best:
    hits: Any = searcher.search(query if clear.by_grade else clear([query]), wanted + _READ, count=False).hits
    below = hits[-1][0] if len(hits) == wanted + _READ else -1.0
    if clear.by_grade:
        grades = searcher.fast_field_values("grade", [address for _score, address in hits])
        hits = [hit for hit, of in zip(hits, grades, strict=True) if of in clear.opened]
    return _Best(hits, below)


def _joined(beside: _Best, words: _Best, wanted: int) -> _Best:
    """So many of both and the equals of the last of them, where ``beside`` says which its own first so many are.

    What holds the words side by side and is only among the others has too low a score there; but it is not on the page,
    as so many of its kind score more.
    """
    hits: dict[tuple[int, int], tuple[float, Any]] = {}
    last = 0.0
    for hit in merge(beside.hits, words.hits, key=lambda each: -each[0]):
        if len(hits) >= wanted and grade(hit[0]) < last:
            break
        hits.setdefault((hit[1].segment_ord, hit[1].doc), hit)
        last = grade(hit[0])
    return _Best([*hits.values()], words.below)


def _bound(searcher: tantivy.Searcher, asked: Question) -> float:
    """What no hit scores more than by words alone."""
    of = documents_in(searcher)
    single = sum(_bound_of(searcher, each, of) for each in asked.should)
    return single + sum(max(_bound_of(searcher, each, of) for each in group) for group in asked.either)


def _bound_of(searcher: tantivy.Searcher, wanted: Wanted, of: int) -> float:
    if wanted.distance:
        return wanted.boost
    held = [int(searcher.doc_freq(wanted.field, term)) for term in wanted.terms]
    return wanted.boost * _MOST_OF_IDF * sum(_idf(each, of) for each in held) if all(held) else 0.0


def _idf(held: int, of: int) -> float:
    return math.log(1 + (of - held + 0.5) / (held + 0.5))
