"""Our questions in Elasticsearch's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.search import analysis
from catalog.search.fields import prefix_key
from catalog.search.ordering import ASCENDING, field_of, most_first
from catalog.search.question import Question, Wanted
from catalog.search.types import Ask
from compliance.policy import Clause

Query = dict[str, Any]
ALL: Query = {"match_all": {}}
NONE: Query = {"match_none": {}}
_MOST_VALUES = 500
_MOST_NAMES = 50_000
"""So many values Elasticsearch takes in one clause, and a few more."""


def body(ask: Ask) -> dict[str, Any]:
    """Everything but the page: what is asked narrows the counts, the filters narrow the hits after that.

    So each facet is counted without its own filter, in one request.
    """
    query = {"bool": {"must": [matching(ask.question)], "filter": allowed(ask.visible, ask.excluded)}}
    filters = {name: _one_of(name, values) for name, values in ask.filters.items() if values}
    field = field_of(ask)
    first = {field: "asc" if field in ASCENDING else "desc"} if field else {"_score": "desc"}
    counted = {name: _counted(name, filters) for name in ask.facets}
    return {
        "query": query, "post_filter": {"bool": {"filter": list(filters.values())}}, "aggs": counted,
        "sort": [first, {"id": "asc"}],
    }  # fmt: skip


def beginning(prefix: str) -> Query:
    """Titles that begin so, before titles that hold the words further inside."""
    begins: Query = {"term": {"beginning": {"value": prefix_key(prefix), "boost": 3.0}}}
    words = analysis.terms(prefix)
    return begins if len("".join(words)) < 2 else _any_of([begins, _wanted(Wanted("title", tuple(words), 1.0))])


def matching(asked: Question) -> Query:
    """What answers a question; nothing when it has no word."""
    if asked.everything:
        return ALL
    if asked.empty:
        return NONE
    must = [_wanted(wanted) for wanted in asked.must]
    hits = [_wanted(wanted) for wanted in asked.should]
    for group in asked.either:
        hits.append({"dis_max": {"queries": [_wanted(wanted) for wanted in group]}})
    extra = [_wanted(wanted) for wanted in asked.extra]
    if must:
        return {"bool": {"must": must, "should": hits + extra}}
    return {"bool": {"must": [_any_of(hits)], "should": extra}}


def allowed(visible: Iterable[Clause], excluded: frozenset[str]) -> list[Query]:
    """What may be seen at all. It takes part in no score."""
    seen = _any_of([_clause(clause) for clause in visible])
    hidden = [{"bool": {"must_not": [_names("id", excluded)]}}] if excluded else []
    return [seen, *hidden]


def counts(answer: Mapping[str, Any], names: Sequence[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Of each facet its values with their counts, most first."""
    return {
        name: most_first((str(each["key"]), int(each["doc_count"])) for each in answer[name]["values"]["buckets"])
        for name in names
    }


def held(known: Mapping[str, Any], wanted: Wanted) -> int:
    """How many documents hold a term, by what the index knows of it; a term that it does not know has no figure."""
    terms = known.get(wanted.field, {}).get("terms", {})
    return int(terms.get(wanted.terms[0], {}).get("doc_freq", 0))


def documents(known: Mapping[str, Any]) -> int:
    """How many documents there are: each has every text."""
    return max((int(each["field_statistics"]["doc_count"]) for each in known.values()), default=0)


def _counted(name: str, filters: Mapping[str, Query]) -> dict[str, Any]:
    others = [query for other, query in filters.items() if other != name]
    values = {"terms": {"field": name, "size": _MOST_VALUES}}
    return {"filter": {"bool": {"filter": others}}, "aggs": {"values": values}}


def _wanted(wanted: Wanted) -> Query:
    term = " ".join(wanted.terms)
    if wanted.distance:
        near = {"value": term, "fuzziness": wanted.distance, "transpositions": True, "rewrite": "constant_score"}
        return {"constant_score": {"filter": {"fuzzy": {wanted.field: near}}, "boost": wanted.boost}}
    if len(wanted.terms) == 1:
        return {"term": {wanted.field: {"value": term, "boost": wanted.boost}}}
    return {"match_phrase": {wanted.field: {"query": term, "analyzer": "whitespace", "boost": wanted.boost}}}


def _clause(clause: Clause) -> Query:
    parts = []
    if clause.states is not None:
        parts.append(_names("state", clause.states))
    if clause.max_tier is not None or clause.min_tier > 0:
        upper = {} if clause.max_tier is None else {"lte": clause.max_tier}
        parts.append({"range": {"level": {"gte": max(clause.min_tier, 0)} | upper}})
    if clause.owner is not None:
        parts.append({"term": {"owner": clause.owner}})
    if clause.ids is not None:
        parts.append(_names("id", clause.ids))
    return {"bool": {"filter": parts}} if parts else ALL


def _one_of(name: str, values: Iterable[str]) -> Query:
    return {"terms": {name: sorted(values)}}


def _names(name: str, values: Iterable[str]) -> Query:
    """One of very many values."""
    kept = sorted(values)
    parts = [kept[start : start + _MOST_NAMES] for start in range(0, len(kept), _MOST_NAMES)]
    return _any_of([_one_of(name, part) for part in parts])


def _any_of(queries: Sequence[Query]) -> Query:
    if len(queries) < 2:
        return queries[0] if queries else NONE
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}
