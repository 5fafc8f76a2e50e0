"""In which order hits stand, the same on every engine: what was asked for, then the id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from catalog.search.types import Ask, Sort

T = TypeVar("T")
ASCENDING = frozenset({"price"})
_FIELDS = {Sort.PRICE: "price", Sort.NEWEST: "updated", Sort.POPULARITY: "popular", Sort.QUALITY: "quality"}
_BEYOND = 256
_MOST_BEYOND = 2_000


def field_of(ask: Ask) -> str | None:
    """The field that decides, None where it is the score: then the newest come first when nothing was asked."""
    if ask.sort is Sort.RELEVANCE:
        return "updated" if ask.question.everything else None
    return _FIELDS[ask.sort]


def grade(score: float) -> float:
    """A score as far as engines agree on it: their arithmetic differs in the last digits."""
    return float(f"{score:.4g}")


def best_ids(
    best: Callable[[int], Sequence[tuple[float, T]]], name: Callable[[T], str], offset: int, limit: int
) -> tuple[str, ...]:
    """The ids of one page by score. ``best`` answers so many hits with their scores, ``name`` a hit's id.

    Hits of one grade stand by their ids, also across pages: as many more are looked at as have the grade of the
    page's last one. Where those are thousands, the engine's own order decides.
    """
    wanted = offset + limit
    size = wanted + _BEYOND
    while True:
        hits = best(size)
        grades = [grade(score) for score, _hit in hits]
        if len(hits) < size or grades[-1] != grades[wanted - 1] or size > wanted + _MOST_BEYOND:
            break
        size = 8 * size
    if offset >= len(hits) or limit < 1:
        return ()
    last = grades[min(wanted, len(hits)) - 1]
    start = grades.index(grades[offset])
    end = len(grades) - grades[::-1].index(last)
    ordered = sorted((-grades[place], name(hits[place][1])) for place in range(start, end))
    return tuple(found for _grade, found in ordered[offset - start : wanted - start])
