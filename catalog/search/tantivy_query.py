"""Our questions in tantivy's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import tantivy

from catalog.search import analysis
from catalog.search.question import Question, Wanted
from catalog.search.tantivy_index import SCHEMA
from catalog.search.types import Ask
from compliance.policy import Clause

_Must, _Should, _MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
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
        choices = [_any_of([_wanted(wanted) for wanted in choice]) for choice in group]
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


def allowed(visible: Iterable[Clause], excluded: frozenset[str]) -> Iterator[tantivy.Query]:
    """What may be seen at all. It takes part in no score."""
    yield _unscored(_any_of([_clause(clause) for clause in visible]))
    if excluded:
        named = tantivy.Query.term_set_query(SCHEMA, "id", sorted(excluded))
        everything = tantivy.Query.all_query()
        yield _unscored(tantivy.Query.boolean_query([(_Must, everything), (_MustNot, named)]))


def _clause(clause: Clause) -> tantivy.Query:
    parts = []
    if clause.states is not None:
        parts.append(tantivy.Query.term_set_query(SCHEMA, "state", sorted(clause.states)))
    if clause.max_tier is not None or clause.min_tier > 0:
        kind = tantivy.FieldType.Integer
        parts.append(tantivy.Query.range_query(SCHEMA, "level", kind, max(clause.min_tier, 0), clause.max_tier))
    if clause.owner is not None:
        parts.append(tantivy.Query.term_query(SCHEMA, "owner", clause.owner))
    if clause.ids is not None:
        parts.append(tantivy.Query.term_set_query(SCHEMA, "id", sorted(clause.ids)))
    return all_of(*parts)


def filtered_by(filters: Mapping[str, frozenset[str]]) -> Iterator[tantivy.Query]:
    """One of the values of each filter. It takes part in no score."""
    for name, values in filters.items():
        if values:
            yield _unscored(tantivy.Query.term_set_query(SCHEMA, name, sorted(values)))


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.boost_query(tantivy.Query.const_score_query(query, 0.0), 0.0)


def all_of(*queries: tantivy.Query) -> tantivy.Query:
    """All of these hold."""
    if not queries:
        return tantivy.Query.all_query()
    return tantivy.Query.boolean_query([(_Must, query) for query in queries])


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if not queries:
        return tantivy.Query.empty_query()
    return tantivy.Query.boolean_query([(_Should, query) for query in queries])


def count_facets(
    searcher: tantivy.Searcher, ask: Ask, asked: Sequence[tantivy.Query]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Each facet counted without its own filter; those that have none share one pass."""
    free = [name for name in ask.facets if not ask.filters.get(name)]
    passes = [(free, ask.filters)] if free else []
    for name in ask.facets:
        if ask.filters.get(name):
            passes.append(([name], {other: values for other, values in ask.filters.items() if other != name}))
    counts: dict[str, tuple[tuple[str, int], ...]] = {}
    for names, filters in passes:
        query = all_of(*asked, *filtered_by(filters))
        wanted = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in names}
        for name, found in searcher.aggregate(query, wanted).items():
            buckets = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in found["buckets"]]
            counts[name] = tuple(sorted(buckets, key=lambda pair: (-pair[1], pair[0])))
    return {name: counts[name] for name in ask.facets}
