"""What somebody may see, said as what is left out of an answer.

tantivy looks what is left out up for each hit, and reads all of what is demanded: among a million listings a rare word
costs a quarter this way. For each state that stands in the index those tiers are left out that no clause opens, but for
what a clause opens of single owners and ids: so nothing is seen that no clause names. Where nothing is asked everything
would be a hit: then what may be seen is demanded, for half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import tantivy

from catalog.search.tantivy_index import SCHEMA
from catalog.search.tantivy_query import all_of, any_of
from compliance.policy import Clause

_Must, _MustNot = tantivy.Occur.Must, tantivy.Occur.MustNot
_Tiers = tuple[int | None, int | None]
"""From the first to the last; None is without end."""


def cleared(
    searcher: tantivy.Searcher, queries: Iterable[tantivy.Query], visible: Iterable[Clause], excluded: frozenset[str]
) -> tantivy.Query:
    """Where all of these hold, and one of the clauses does. Clauses take part in no score."""
    clauses, asked = list(visible), list(queries)
    hidden = list(_hidden(searcher, clauses)) if asked else []
    if excluded:
        hidden.append(tantivy.Query.term_set_query(SCHEMA, "id", sorted(excluded)))
    return _all_but(asked or [_opened(clauses)], hidden)


def _all_but(queries: Iterable[tantivy.Query], hidden: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query(
        [*((_Must, query) for query in queries), *((_MustNot, query) for query in hidden)]
    )  # fmt: skip


def _opened(visible: Iterable[Clause]) -> tantivy.Query:
    return any_of([all_of(*_in_states(clause), *_named(clause)) for clause in visible])


def _in_states(clause: Clause) -> Iterator[tantivy.Query]:
    if clause.states is not None:
        yield any_of([tantivy.Query.term_query(SCHEMA, "state", state) for state in sorted(clause.states)])


def _hidden(searcher: tantivy.Searcher, visible: Sequence[Clause]) -> Iterator[tantivy.Query]:
    for state, _count in searcher.terms_with_prefix("state", ""):
        clauses = [clause for clause in visible if clause.states is None or state in clause.states]
        single = [clause for clause in clauses if clause.owner is not None or clause.ids is not None]
        opened = [(clause.min_tier, clause.max_tier) for clause in clauses if clause not in single]
        spared = [all_of(*_named(clause)) for clause in single]
        for tiers in _closed(opened):
            yield _all_but([tantivy.Query.term_query(SCHEMA, "state", state), *_within(tiers)], spared)


def _closed(opened: Iterable[tuple[int, int | None]]) -> Iterator[_Tiers]:
    """The tiers between and beyond these."""
    first: int | None = None
    for low, high in sorted(opened, key=lambda tiers: tiers[0]):
        if low > 0 and (first is None or low > first):
            yield first, low - 1
        if high is None:
            return
        first = high + 1 if first is None else max(first, high + 1)
    yield first, None


def _named(clause: Clause) -> Iterator[tantivy.Query]:
    """What a clause opens, whatever the state."""
    yield from _within((clause.min_tier if clause.min_tier > 0 else None, clause.max_tier))
    if clause.owner is not None:
        yield tantivy.Query.term_query(SCHEMA, "owner", clause.owner)
    if clause.ids is not None:
        yield tantivy.Query.term_set_query(SCHEMA, "id", sorted(clause.ids))


def _within(tiers: _Tiers) -> Iterator[tantivy.Query]:
    if tiers != (None, None):
        yield tantivy.Query.range_query(SCHEMA, "level", tantivy.FieldType.Integer, *tiers)
