"""Whether a hit is worth an alert: a search finds whatever answers a part of it, an alert wants nearly all of it."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.search import analysis, lexicon
from catalog.search.forms import other_forms
from catalog.search.lexicon import Lexicon
from catalog.search.types import SearchDocument

_FEW = 3
_MOST_PARTS = 3, 4
"""Of more than a few terms so many parts must be there."""


def answers(document: SearchDocument, text: str, also: Lexicon) -> bool:
    """Whether the texts of ``document`` hold the terms of ``text``, themselves or in other words."""
    wanted = list(dict.fromkeys(analysis.query_terms(text)))
    if not wanted:
        return True
    held = _terms(document)
    meant = _meant(text, held, also)
    there = sum(not held.isdisjoint((term, *other_forms(term))) or term in meant for term in wanted)
    part, whole = _MOST_PARTS
    return there == len(wanted) if len(wanted) <= _FEW else whole * there >= part * len(wanted)


def _terms(document: SearchDocument) -> set[str]:
    texts: Sequence[str] = [
        *document.title.values(), *document.summary.values(), *document.description.values(), *document.tags,
        *document.operations, document.owner_name, document.scene,
    ]  # fmt: skip
    return {term for text in texts for term in analysis.terms(text)}


def _meant(text: str, held: set[str], also: Lexicon) -> set[str]:
    """The query's terms that are said in other words."""
    found: set[str] = set()
    for concept in lexicon.concepts(text, also):
        if any(set(analysis.terms(other)) <= held for other in concept.others):
            found.update(analysis.terms(concept.asked))
            found.update(term for term in analysis.terms(text) if term.startswith(concept.asked.split(" ")[0]))
    return found
