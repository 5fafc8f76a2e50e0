"""Our questions in tantivy's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tantivy

from catalog.search import analysis
from catalog.search.ordering import most_first
from catalog.search.question import Question, Wanted
from catalog.search.tantivy_index import SCHEMA
from catalog.search.types import Ask

_Must, _MustNot, _Should = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Occur.Should
_MOST_VALUES = 500


def beginning(typed: str, prefix: str) -> tantivy.Query:
    """Titles that begin so, before titles that hold the words further inside."""
    begins = tantivy.Query.boost_query(tantivy.Query.term_query(SCHEMA, "beginning", typed), 3.0)
    words = analysis.terms(prefix)
    if len("".join(words)) < 2:
        return begins
    inside = wanted_of(Wanted("title", tuple(words), 1.0))
    return tantivy.Query.boolean_query([(_Should, begins), (_Should, inside)])


def matching(asked: Question) -> tantivy.Query:
    """What answers a question; nothing when it has no word."""
    if asked.everything:
        return tantivy.Query.all_query()
    must = [(_Must, wanted_of(wanted)) for wanted in asked.must]
    extra = [(_Should, wanted_of(wanted)) for wanted in asked.extra]
    hits = [wanted_of(wanted) for wanted in asked.should]
    for group in asked.either:
        hits.append(tantivy.Query.disjunction_max_query([wanted_of(wanted) for wanted in group]))
    if must:
        return tantivy.Query.boolean_query([*must, *((_Should, hit) for hit in hits), *extra])
    return tantivy.Query.boolean_query([(_Must, any_of(hits)), *extra]) if extra else any_of(hits)


def wanted_of(wanted: Wanted) -> tantivy.Query:
    if wanted.distance:
        near = tantivy.Query.fuzzy_term_query(SCHEMA, wanted.field, wanted.terms[0], wanted.distance)
        query = tantivy.Query.const_score_query(near, 1.0)
    elif len(wanted.terms) == 1:
        query = tantivy.Query.term_query(SCHEMA, wanted.field, wanted.terms[0])
    else:
        query = tantivy.Query.phrase_query(SCHEMA, wanted.field, list(wanted.terms))
    return query if wanted.boost == 1.0 else tantivy.Query.boost_query(query, wanted.boost)


def filtered_by(filters: Mapping[str, frozenset[str]]) -> list[tantivy.Query]:
    """One of the values of each filter. It takes part in no score.

    A single value is looked up for each hit; of several all that have one of them are read first.
    """
    return [_unscored(_one_of(name, sorted(values))) for name, values in filters.items() if values]


def _one_of(name: str, values: list[str]) -> tantivy.Query:
    if len(values) == 1:
        return tantivy.Query.term_query(SCHEMA, name, values[0])
    return tantivy.Query.term_set_query(SCHEMA, name, values)


def kept_out_by(filters: Mapping[str, frozenset[str]]) -> list[tantivy.Query]:
    """Whatever has none of the values of a filter, looked up for each hit as what must not hold.

    Among a million documents that is half the time of ``filtered_by`` where few are hits and there are several values,
    and three times where nothing is asked but the filter.
    """
    return [_none_of(name, sorted(values)) for name, values in filters.items() if values]


def _none_of(name: str, values: list[str]) -> tantivy.Query:
    with_one = [(_MustNot, tantivy.Query.term_query(SCHEMA, name, value)) for value in values]
    return tantivy.Query.boolean_query([(_Must, tantivy.Query.all_query()), *with_one])


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.boost_query(tantivy.Query.const_score_query(query, 0.0), 0.0)


def all_of(*queries: tantivy.Query) -> tantivy.Query:
    """All of these hold."""
    if not queries:
        return tantivy.Query.all_query()
    return tantivy.Query.boolean_query([(_Must, query) for query in queries])


def any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """One of these holds."""
    if not queries:
        return tantivy.Query.empty_query()
    return tantivy.Query.boolean_query([(_Should, query) for query in queries])


def count_facets(
    searcher: tantivy.Searcher, ask: Ask, query: Callable[[Mapping[str, frozenset[str]]], tantivy.Query]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Each facet counted without its own filter: in one pass those that have none, in another those that have one.

    ``query`` is what to count among with these filters.
    """
    filtered = [name for name in ask.facets if ask.filters.get(name)]
    free = [name for name in ask.facets if name not in filtered]
    counts: dict[str, Counter[str]] = {name: Counter() for name in ask.facets}
    if free:
        found = searcher.aggregate(query(ask.filters), {name: _values(name) for name in free})
        for name in free:
            counts[name].update({value: count for (value,), count in _cells(found, [name])})
    if filtered:
        others = {name: values for name, values in ask.filters.items() if name not in filtered}
        for cell, count in _cells(searcher.aggregate(query(others), _nested(filtered)), filtered):
            outside = [name for name, value in zip(filtered, cell, strict=True) if value not in ask.filters[name]]
            for name, value in zip(filtered, cell, strict=True):
                if outside in ([], [name]):
                    counts[name][value] += count
    return {name: most_first(counted.items()) for name, counted in counts.items()}


def _values(name: str) -> dict[str, Any]:
    return {"terms": {"field": name, "size": _MOST_VALUES}}


def _nested(names: Sequence[str]) -> dict[str, Any]:
    """Counts of every combination of the values of these."""
    inside = {"aggs": _nested(names[1:])} if len(names) > 1 else {}
    return {names[0]: _values(names[0]) | inside}


def _cells(found: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    for bucket in found[names[0]]["buckets"]:
        key = str(bucket["key"])
        if len(names) == 1:
            yield (key,), int(bucket["doc_count"])
        else:
            yield from (((key, *rest), count) for rest, count in _cells(bucket, names[1:]))
