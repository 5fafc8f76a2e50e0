"""What an index keeps of a document, the same on every engine. Whoever changes it changes ``FORMAT``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.search import analysis, lexicon, sounds
from catalog.search.types import FACETS, SearchDocument

FORMAT = f"8.{lexicon.edition()}"
WORDS = ("all", "title", "tags")
"""Texts of terms, each with its places; behind them the names of the ideas that their words stand for.

In ``all`` the words of titles and tags stand twice, so that they weigh more and one field says how much."""
KEYS = ("beginning", "sounds")
"""Texts of which one looks for whole terms only."""
NAMES = ("id", "mark", "state", "owner", *FACETS)
NUMBERS = ("level", "price", "updated", "popular", "quality")
_NO_PRICE = 2**62
_LONGEST_PREFIX = 12
NOTHING = "-"
"""Stands in a text that has no term, and is none itself: engines differ in how a missing text weighs in averages."""
END = "END0"
"""Stands behind each text, so that no phrase goes over into the next; none has such a term, theirs have small letters.
"""


@dataclass(frozen=True)
class Fields:
    """The terms of each text, parted by spaces; the names that are not empty; the numbers."""

    texts: dict[str, str]
    names: dict[str, str]
    numbers: dict[str, int]


def of(source: SearchDocument) -> Fields:
    """The fields of a document; its shown texts stay in the database."""
    titles = [text for text in source.title.values() if text]
    title, tags = _read(titles), _read([*source.tags, source.scene])
    others = _read([*source.summary.values(), *source.description.values(), source.owner_name, *source.operations])
    texts = {
        "all": (title + others + tags + title + tags).text(), "title": title.text(), "tags": tags.text(),
        "beginning": " ".join(_beginnings(titles)), "sounds": " ".join(sounds.of_titles(titles)),
    }  # fmt: skip
    names = {"id": source.id, "mark": source.mark(), "state": source.state, "owner": source.owner}
    names |= {name: source.facet(name) for name in FACETS if source.facet(name)}
    return Fields({name: text or NOTHING for name, text in texts.items()}, names, _numbers(source))


def prefix_key(text: str) -> str:
    """What was typed, as beginnings are indexed."""
    return "".join(analysis.runs(text))[:_LONGEST_PREFIX]


def _numbers(source: SearchDocument) -> dict[str, int]:
    return {
        "level": source.tier, "price": _NO_PRICE if source.price is None else min(source.price, _NO_PRICE - 1),
        "updated": int(source.updated_at.timestamp()), "popular": source.ranked(source.popularity),
        "quality": source.ranked(source.quality),
    }  # fmt: skip


@dataclass(frozen=True)
class _Read:
    terms: list[str]
    ideas: list[str]

    def __add__(self, other: _Read) -> _Read:
        return _Read(self.terms + other.terms, self.ideas + other.ideas)

    def text(self) -> str:
        """Ideas stand behind all terms, so that they part no words."""
        return " ".join(self.terms + self.ideas)


def _read(texts: Sequence[str]) -> _Read:
    cut = [runs for text in texts if (runs := analysis.runs(text))]
    terms = [term for runs in cut for term in (*analysis.terms_of(runs), END)]
    return _Read(terms, [name for runs in cut for name in lexicon.named(runs)])


def _beginnings(titles: Iterable[str]) -> dict[str, None]:
    """Every beginning of the title and of what follows each of its runs, as written and in pinyin."""
    found: dict[str, None] = {}
    for title in titles:
        for parts in dict.fromkeys(analysis.ways(title)):
            whole, start = "".join(parts), 0
            for part in parts:
                rest = whole[start : start + _LONGEST_PREFIX]
                if rest not in found:
                    found.update(dict.fromkeys([rest[:size] for size in range(1, len(rest) + 1)]))
                start += len(part)
    return found
