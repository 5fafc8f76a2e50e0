"""What somebody may see, said as what is left out of an answer.

Each document has a grade: its state and its tier. Those grades are left out that no clause opens, but for what a clause
opens of single owners and ids: so nothing is seen that no clause names. All that have one of those grades are read
into one set first, and each hit is looked up in it. Where nothing is asked everything would be a hit: then the grades
that may be seen are read instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import tantivy

from catalog.search.tantivy_index import SCHEMA, parted_grade
from catalog.search.tantivy_query import all_of, any_of
from compliance.policy import Clause

_Must, _MustNot = tantivy.Occur.Must, tantivy.Occur.MustNot


Clear = Callable[[Sequence[tantivy.Query]], tantivy.Query]
"""From what is asked to where all of it holds and it may be seen."""


def clearance(searcher: tantivy.Searcher, visible: Iterable[Clause], excluded: frozenset[str]) -> Clear:
    """What lets through where one of the clauses holds, for all passes of one answer. It takes part in no score."""
    clauses = list(visible)
    single = [clause for clause in clauses if clause.owner is not None or clause.ids is not None]
    grades = [str(grade) for grade, _count in searcher.terms_with_prefix("grade", "")]
    opened = [grade for grade in grades if any(_opens(clause, grade) for clause in clauses if clause not in single)]
    closed = [grade for grade in grades if grade not in opened]
    spared = [_spared(clause, closed) for clause in single]
    hidden = [_all_but([_of_grades(closed)], spared)] if closed else []
    left_out = [tantivy.Query.term_set_query(SCHEMA, "id", sorted(excluded))] if excluded else []

    def clear(asked: Sequence[tantivy.Query]) -> tantivy.Query:
        if not asked:
            return _all_but([any_of([_of_grades(opened), *spared])], left_out)
        return _all_but(asked, hidden + left_out)

    return clear


def _all_but(queries: Iterable[tantivy.Query], hidden: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query(
        [*((_Must, query) for query in queries), *((_MustNot, query) for query in hidden)]
    )  # fmt: skip


def _opens(clause: Clause, grade: str) -> bool:
    """Whether a clause is of this grade, whatever else it names."""
    state, tier = parted_grade(grade)
    return replace(clause, owner=None, ids=None).admits(state=state, tier=tier, owner="")


def _spared(clause: Clause, closed: Sequence[str]) -> tantivy.Query:
    """What a clause opens of single owners and ids, among the closed grades; where it opens all, they are not read."""
    grades = [grade for grade in closed if _opens(clause, grade)]
    return all_of(*_named(clause), *([_of_grades(grades)] if len(grades) < len(closed) else []))


def _of_grades(grades: Sequence[str]) -> tantivy.Query:
    return tantivy.Query.term_set_query(SCHEMA, "grade", grades) if grades else tantivy.Query.empty_query()


def _named(clause: Clause) -> Iterator[tantivy.Query]:
    if clause.owner is not None:
        yield tantivy.Query.term_query(SCHEMA, "owner", clause.owner)
    if clause.ids is not None:
        yield tantivy.Query.term_set_query(SCHEMA, "id", sorted(clause.ids))
