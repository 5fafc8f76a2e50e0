"""Figures of ranked answers, as trec_eval reckons them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from bench.relevance.reading import Judgements

FIRST = 10


@dataclass(frozen=True)
class Figures:
    """Of one query: nDCG of the first ten, average precision and recall of all looked at, whether none came."""

    ndcg: float
    ap: float
    recall: float
    recall_first: float
    nothing: bool


def answerable(queries: Mapping[str, str], judgements: Judgements, documents: Collection[str]) -> Judgements:
    """Of queries that have a text the grades of documents that exist; without a relevant one a query is left out."""
    held = {
        query: {document: grade for document, grade in grades.items() if document in documents and grade > 0}
        for query, grades in judgements.items()
        if query in queries
    }
    return {query: grades for query, grades in held.items() if grades}


def of_query(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> Figures:
    """``grades`` are those of the relevant documents."""
    hits, precisions = 0, 0.0
    for place, document in enumerate(ranked[:depth], 1):
        if document in grades:
            hits += 1
            precisions += hits / place
    first = sum(document in grades for document in ranked[:FIRST])
    return Figures(
        ndcg=_dcg([grades.get(document, 0) for document in ranked]) / _dcg(sorted(grades.values(), reverse=True)),
        ap=precisions / len(grades), recall=hits / len(grades), recall_first=first / len(grades), nothing=not ranked,
    )  # fmt: skip


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains[:FIRST], 1))


def summary(figures: Sequence[Figures], depth: int) -> str:
    """Averages over all queries."""
    count = len(figures) or 1
    return (
        f"nDCG@{FIRST} {sum(each.ndcg for each in figures) / count:.4f}"
        f"  MAP {sum(each.ap for each in figures) / count:.4f}"
        f"  recall@{FIRST} {sum(each.recall_first for each in figures) / count:.4f}"
        f"  recall@{depth} {sum(each.recall for each in figures) / count:.4f}"
        f"  found nothing {sum(each.nothing for each in figures) / count:.1%}"
    )
