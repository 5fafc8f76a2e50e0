"""In which order hits stand, the same on every engine: what was asked for, then the id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from catalog.search.types import Ask, Sort

T = TypeVar("T")
ASCENDING = frozenset({"price"})
_FIELDS = {Sort.PRICE: "price", Sort.NEWEST: "updated", Sort.POPULARITY: "popular", Sort.QUALITY: "quality"}
MOST_BEYOND = 2_000
"""So many hits beyond a page are looked at for those that are equal to its last one."""
_PLACED = 11
"""Twelve digits of base 36 are below 2**62.1: one for the kind and these of the id, whose first ten tell its time."""


def field_of(ask: Ask) -> str | None:
    """The field that decides, None where it is the score: then the newest come first when nothing was asked."""
    if ask.sort is Sort.RELEVANCE:
        return "updated" if ask.question.everything else None
    return _FIELDS[ask.sort]


@lru_cache(maxsize=4096)
def grade(score: float) -> float:
    """A score as far as engines agree on it: their arithmetic differs in the last digits."""
    return float(f"{score:.4g}")


def place(document_id: str) -> int:
    """A number, below 2**63, that stands as ids of one kind do, and kinds by their first letter; few have the same."""
    kind, _, rest = document_id.rpartition("_")
    digits = (kind[:1] or "0") + rest[:_PLACED].ljust(_PLACED, "0")
    return int(digits, 36) if digits.isascii() and digits.isalnum() else 0


def most_first(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The values of a facet."""
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0])))


def best_ids(
    best: Callable[[int], Sequence[tuple[float, T]]], places: Callable[[Sequence[T]], Sequence[int]],
    name: Callable[[T], str], offset: int, limit: int, beyond: int = MOST_BEYOND,
) -> tuple[str, ...]:  # fmt: skip
    """The ids of one page by score. ``best`` answers so many hits with their scores, ``places`` the places of hits.

    Hits of one grade stand by their places and ids, also across pages: all that have the grade of the page's last one
    are looked at, ``beyond`` the page at first. Where those are thousands, the engine's own order decides. Only those
    are asked for their ``name``, an id, that may be on the page.
    """
    wanted = offset + limit
    while True:
        size = wanted + beyond
        hits = best(size)
        if offset >= len(hits) or limit < 1:
            return ()
        last = min(wanted, len(hits))
        start, end = _equals(hits, lambda hit: grade(hit[0]), offset, last)
        if end < size or beyond >= MOST_BEYOND:
            break
        beyond = MOST_BEYOND
    found = [hit for _score, hit in hits[start:end]]
    graded = zip([-grade(score) for score, _hit in hits[start:end]], places(found), found, strict=True)
    ordered = sorted(graded, key=_placed)
    first, end = _equals(ordered, _placed, offset - start, last - start)
    named = sorted((*_placed(each), name(each[2])) for each in ordered[first:end])
    return tuple(each[2] for each in named[offset - start - first : last - start - first])


def _placed(hit: tuple[float, int, object]) -> tuple[float, int]:
    return hit[:2]


def _equals(hits: Sequence[T], key: Callable[[T], object], start: int, end: int) -> tuple[int, int]:
    """The same stretch with the equals of its first hit before it and those of its last one after it."""
    first, last = key(hits[start]), key(hits[end - 1])
    while start and key(hits[start - 1]) == first:
        start -= 1
    while end < len(hits) and key(hits[end]) == last:
        end += 1
    return start, end
