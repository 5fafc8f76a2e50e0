"""What somebody may see, said in grades: each document has one, its state and its tier.

Those are let through that have a grade which some clause opens whatever else it names. What a clause opens of single
owners and ids is spared when the other grades are left out: so nothing is seen that no clause names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import tantivy

from catalog.search.tantivy_index import GRADES, SCHEMA
from catalog.search.tantivy_query import all_of, any_of
from compliance.policy import Clause

_Must, _MustNot = tantivy.Occur.Must, tantivy.Occur.MustNot


@dataclass(frozen=True)
class Clearance:
    """What somebody may see: documents of the ``opened`` grades, but those ``left_out``, and what is ``spared`` of the
    ``closed`` ones."""

    opened: frozenset[int]
    closed: tantivy.Query | None
    spared: tuple[tantivy.Query, ...]
    left_out: tuple[tantivy.Query, ...]

    @property
    def by_grade(self) -> bool:
        """Whether the grade of a document is all that counts."""
        return not self.spared and not self.left_out

    def __call__(self, asked: Sequence[tantivy.Query], kept_out: Sequence[tantivy.Query] = ()) -> tantivy.Query:
        """Where all that is asked holds, or anything where nothing is, and may be seen, and nothing of what is
        ``kept_out``. It takes part in no score."""
        hidden = [*self.left_out, *kept_out]
        if self.closed is None:
            return _all_but(asked or [tantivy.Query.all_query()], hidden)
        if asked:
            return _all_but(asked, [_all_but([self.closed], self.spared), *hidden])
        return _all_but([any_of([_of_grades(sorted(self.opened)), *self.spared])], hidden)


def clearance(
    searcher: tantivy.Searcher, visible: Iterable[Clause], excluded: frozenset[str], *, many: bool = False
) -> Clearance:
    """What lets through where one of the clauses holds, for all passes of one answer.

    Clauses about an owner of whom the index has nothing are left out: most people own no listing. Where there are
    ``many`` hits, all that is closed is read first into one set, which is dear and soon asked; few are looked up.
    """
    clauses = [each for each in visible if each.owner is None or searcher.doc_freq("owner", each.owner)]
    single = [clause for clause in clauses if clause.owner is not None or clause.ids is not None]
    opened = frozenset[int]().union(*(_opened(clause) for clause in clauses if clause not in single))
    closed = [grade for grade in range(len(GRADES)) if grade not in opened]
    left_out = (tantivy.Query.term_set_query(SCHEMA, "id", sorted(excluded)),) if excluded else ()
    if not closed:
        return Clearance(opened, None, (), left_out)
    hidden = tantivy.Query.term_set_query(SCHEMA, "grade", closed) if many else _of_grades(closed)
    return Clearance(opened, hidden, tuple(_spared(clause, closed) for clause in single), left_out)


def _all_but(queries: Iterable[tantivy.Query], hidden: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query(
        [*((_Must, query) for query in queries), *((_MustNot, query) for query in hidden)]
    )  # fmt: skip


def _opened(clause: Clause) -> frozenset[int]:
    """The grades that a clause is of, whatever else it names."""
    return _admitted(replace(clause, owner=None, ids=None))


@lru_cache(maxsize=256)
def _admitted(clause: Clause) -> frozenset[int]:
    return frozenset(
        grade for grade, (state, tier) in enumerate(GRADES) if clause.admits(state=state, tier=tier, owner="")
    )


def _spared(clause: Clause, closed: Sequence[int]) -> tantivy.Query:
    """What a clause opens of single owners and ids, among the closed grades; where it opens all, they are not read."""
    grades = [grade for grade in closed if grade in _opened(clause)]
    return all_of(*_named(clause), *([_of_grades(grades)] if len(grades) < len(closed) else []))


def _of_grades(grades: Iterable[int]) -> tantivy.Query:
    """Looked up for each hit, if one range says it, as it mostly does."""
    ranges = [
        [grade for _place, grade in each] for _gap, each in groupby(enumerate(grades), lambda pair: pair[1] - pair[0])
    ]
    return any_of([_between(each[0], each[-1]) for each in ranges])


def _between(first: int, last: int) -> tantivy.Query:
    """It is let through or not: it adds nothing to a score."""
    between = tantivy.Query.range_query(SCHEMA, "grade", tantivy.FieldType.Integer, first, last)
    return tantivy.Query.boost_query(tantivy.Query.const_score_query(between, 0.0), 0.0)


def _named(clause: Clause) -> Iterator[tantivy.Query]:
    if clause.owner is not None:
        yield tantivy.Query.term_query(SCHEMA, "owner", clause.owner)
    if clause.ids is not None:
        yield tantivy.Query.term_set_query(SCHEMA, "id", sorted(clause.ids))
