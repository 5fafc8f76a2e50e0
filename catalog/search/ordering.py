"""In which order hits stand, the same on every engine: what was asked for, then the id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from catalog.search.types import Ask, Sort

T = TypeVar("T")
ASCENDING = frozenset({"price"})
_FIELDS = {Sort.PRICE: "price", Sort.NEWEST: "updated", Sort.POPULARITY: "popular", Sort.QUALITY: "quality"}
MOST_BEYOND = 2_000
"""So many hits beyond a page are looked at for those that are equal to its last one."""


def field_of(ask: Ask) -> str | None:
    """The field that decides, None where it is the score: then the newest come first when nothing was asked."""
    if ask.sort is Sort.RELEVANCE:
        return "updated" if ask.question.everything else None
    return _FIELDS[ask.sort]


def grade(score: float) -> float:
    """A score as far as engines agree on it: their arithmetic differs in the last digits."""
    return float(f"{score:.4g}")


def most_first(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The values of a facet."""
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0])))


def best_ids(
    best: Callable[[int], Sequence[tuple[float, T]]], name: Callable[[T], str], offset: int, limit: int,
    beyond: int = MOST_BEYOND,
) -> tuple[str, ...]:  # fmt: skip
    """The ids of one page by score. ``best`` answers so many hits with their scores, ``name`` a hit's id.

    Hits of one grade stand by their ids, also across pages: all that have the grade of the page's last one are looked
    at, ``beyond`` the page at first. Where those are thousands, the engine's own order decides.
    """
    wanted = offset + limit
    while True:
        size = wanted + beyond
        hits = best(size)
        if offset >= len(hits) or limit < 1:
            return ()
        start, end = _equals(hits, offset, min(wanted, len(hits)))
        if end < size or beyond >= MOST_BEYOND:
            break
        beyond = MOST_BEYOND
    ordered = sorted((-grade(score), name(hit)) for score, hit in hits[start:end])
    return tuple(found for _grade, found in ordered[offset - start : wanted - start])


def _equals(hits: Sequence[tuple[float, object]], start: int, end: int) -> tuple[int, int]:
    """The same stretch with the equals of its first hit before it and those of its last one after it."""
    first, last = grade(hits[start][0]), grade(hits[end - 1][0])
    while start and grade(hits[start - 1][0]) == first:
        start -= 1
    while end < len(hits) and grade(hits[end][0]) == last:
        end += 1
    return start, end
