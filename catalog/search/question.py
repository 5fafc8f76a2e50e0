"""What a query's text asks of an index: weighted terms and phrases, the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.search import analysis, lexicon

TITLE, TAGS, PHRASE = 0.25, 0.15, 2.0
SAME_LANGUAGE = 0.4
MOST_TERMS = 64


@dataclass(frozen=True)
class Wanted:
    """One term, or several as a phrase, in one field."""

    field: str
    terms: tuple[str, ...]
    boost: float


@dataclass(frozen=True)
class Question:
    """Any of ``should`` makes a hit; of each of ``either`` only the best counts, its parts added."""

    should: tuple[Wanted, ...]
    either: tuple[tuple[tuple[Wanted, ...], ...], ...]

    @property
    def empty(self) -> bool:
        return not self.should and not self.either


def ask(text: str) -> Question:
    """Never all of the words: a query that asks too much still finds what answers most of it."""
    words = tuple(dict.fromkeys(analysis.query_terms(text)))[:MOST_TERMS]
    should = [wanted for word in words for wanted in _weighted((word,), 1.0)]
    ordered = tuple(analysis.terms(text))[:MOST_TERMS]
    if len(ordered) > 1:
        should.append(Wanted("all", ordered, PHRASE))
    either = tuple(group for group in map(_alternatives, lexicon.concepts(text)) if group)
    return Question(tuple(should), either)


def shown_terms(text: str) -> tuple[str, ...]:
    """The terms that a hit's shown text is marked with: the query's own, and their translations."""
    own = analysis.query_terms(text)
    bridged = [term for concept in lexicon.concepts(text) for other in concept.others for term in analysis.terms(other)]
    return tuple(dict.fromkeys(own + bridged))


def _alternatives(concept: lexicon.Concept) -> tuple[tuple[Wanted, ...], ...]:
    return tuple(tuple(_weighted(tuple(analysis.terms(other)), boost)) for other, boost in _boosted(concept))


def _boosted(concept: lexicon.Concept) -> Iterator[tuple[str, float]]:
    yield from ((other, 1.0) for other in concept.translations)
    yield from ((other, SAME_LANGUAGE) for other in concept.synonyms)


def _weighted(words: tuple[str, ...], boost: float) -> Iterator[Wanted]:
    yield Wanted("all", words, boost)
    yield Wanted("title", words, boost * TITLE)
    yield Wanted("tags", words, boost * TAGS)
