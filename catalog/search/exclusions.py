"""What search must not show while the index lags behind the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from catalog.search.models import SearchExclusion
from core.db import Uow
from core.ids import new_id


def exclude(uow: Uow, ids: Iterable[str]) -> None:
    """Hide these from hits, counts and suggestions, from this unit's commit on."""
    for object_id in ids:
        row = uow.session.get(SearchExclusion, object_id)
        if row is None:
            row = SearchExclusion(object_id=object_id)
            uow.session.add(row)
        row.mark, row.narrowed_at = new_id("job"), uow.now()


def present(uow: Uow) -> frozenset[str]:
    """Everything that is hidden now."""
    return frozenset(uow.session.execute(select(SearchExclusion.object_id)).scalars())


def marks(uow: Uow, ids: Sequence[str] | None = None) -> dict[str, str]:
    """The exclusions of these ids, or of all, with the mark of their last narrowing."""
    statement = select(SearchExclusion.object_id, SearchExclusion.mark)
    if ids is not None:
        statement = statement.where(SearchExclusion.object_id.in_(ids))
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def lift(uow: Uow, seen: dict[str, str]) -> None:
    """The index has caught up with these; one that was narrowed again meanwhile has another mark and stays."""
    for object_id, mark in seen.items():
        same = (SearchExclusion.object_id == object_id, SearchExclusion.mark == mark)
        uow.session.execute(delete(SearchExclusion).where(*same))
