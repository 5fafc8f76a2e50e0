"""Our questions in tantivy's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import tantivy

from catalog.search import analysis
from catalog.search.question import Question, Wanted
from catalog.search.tantivy_index import SCHEMA
from catalog.search.types import Ask

_Must, _Should = tantivy.Occur.Must, tantivy.Occur.Should
_MOST_VALUES = 500


def beginning(typed: str, prefix: str) -> tantivy.Query:
    """Titles that begin so, before titles that hold the words further inside."""
    begins = tantivy.Query.boost_query(tantivy.Query.term_query(SCHEMA, "beginning", typed), 3.0)
    words = analysis.terms(prefix)
    if len("".join(words)) < 2:
        return begins
    inside = _wanted(Wanted("title", tuple(words), 1.0))
    return tantivy.Query.boolean_query([(_Should, begins), (_Should, inside)])


def matching(asked: Question) -> tantivy.Query:
    """What answers a question; nothing when it has no word."""
    if asked.everything:
        return tantivy.Query.all_query()
    parts = [(_Must, _wanted(wanted)) for wanted in asked.must]
    parts += [(_Should, _wanted(wanted)) for wanted in asked.should]
    for group in asked.either:
        choices = [any_of([_wanted(wanted) for wanted in choice]) for choice in group]
        parts.append((_Should, tantivy.Query.disjunction_max_query(choices)))
    return tantivy.Query.boolean_query(parts) if parts else tantivy.Query.empty_query()


def _wanted(wanted: Wanted) -> tantivy.Query:
    if wanted.distance:
        near = tantivy.Query.fuzzy_term_query(SCHEMA, wanted.field, wanted.terms[0], wanted.distance)
        query = tantivy.Query.const_score_query(near, 1.0)
    elif len(wanted.terms) == 1:
        query = tantivy.Query.term_query(SCHEMA, wanted.field, wanted.terms[0])
    else:
        query = tantivy.Query.phrase_query(SCHEMA, wanted.field, list(wanted.terms))
    return query if wanted.boost == 1.0 else tantivy.Query.boost_query(query, wanted.boost)


def filtered_by(filters: Mapping[str, frozenset[str]]) -> Iterator[tantivy.Query]:
    """One of the values of each filter. It takes part in no score."""
    for name, values in filters.items():
        if values:
            yield _unscored(_one_of(name, sorted(values)))


def _one_of(name: str, values: list[str]) -> tantivy.Query:
    """A single value is looked up for each hit; of several all that have one of them are read first."""
    if len(values) == 1:
        return tantivy.Query.term_query(SCHEMA, name, values[0])
    return tantivy.Query.term_set_query(SCHEMA, name, values)


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
    """Each facet counted without its own filter; those that have none share one pass. ``query`` is what to count among
    with these filters.
    """
    free = [name for name in ask.facets if not ask.filters.get(name)]
    passes = [(free, ask.filters)] if free else []
    for name in ask.facets:
        if ask.filters.get(name):
            passes.append(([name], {other: values for other, values in ask.filters.items() if other != name}))
    counts: dict[str, tuple[tuple[str, int], ...]] = {}
    for names, filters in passes:
        wanted = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in names}
        for name, found in searcher.aggregate(query(filters), wanted).items():
            buckets = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in found["buckets"]]
            counts[name] = tuple(sorted(buckets, key=lambda pair: (-pair[1], pair[0])))
    return {name: counts[name] for name in ask.facets}
