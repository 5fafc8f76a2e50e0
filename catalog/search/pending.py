"""What changed since it was indexed, and what of it search must not show meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog.search.models import SearchPending
from core.db import Uow
from core.ids import new_id

_HIDDEN = select(SearchPending.object_id).where(SearchPending.hidden)


def note(uow: Uow, ids: Sequence[str], *, hidden: bool = False) -> None:
    """These changed. ``hidden`` ones stay out of hits, counts and suggestions from this unit's commit on."""
    rows = [{"object_id": object_id, "mark": new_id("mrk"), "hidden": hidden} for object_id in sorted(set(ids))]
    if not rows:
        return
    insert = sqlite.insert if uow.house.db.sqlite else postgresql.insert
    statement = insert(SearchPending).values(rows)
    again = {"mark": statement.excluded.mark, "hidden": or_(SearchPending.hidden, statement.excluded.hidden)}
    uow.session.execute(statement.on_conflict_do_update(index_elements=[SearchPending.object_id], set_=again))


def hidden(uow: Uow) -> frozenset[str]:
    """Everything that search must not show now."""
    return frozenset(uow.session.execute(_HIDDEN).scalars())


def oldest(uow: Uow, limit: int) -> list[str]:
    """The next things to index."""
    statement = select(SearchPending.object_id).order_by(SearchPending.object_id).limit(limit)
    return list(uow.session.execute(statement).scalars())


def marks(uow: Uow, ids: Sequence[str] | None = None) -> dict[str, str]:
    """Of these ids, or of all, those that are pending, with the mark of their last change."""
    statement = select(SearchPending.object_id, SearchPending.mark)
    if ids is not None:
        statement = statement.where(SearchPending.object_id.in_(ids))
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def settle(uow: Uow, seen: Mapping[str, str]) -> None:
    """The index has caught up with these. One that changes meanwhile, or in this moment, has another mark and stays."""
    as_seen = SearchPending.object_id.in_(list(seen)), SearchPending.mark.in_(list(seen.values()))
    uow.session.execute(delete(SearchPending).where(*as_seen))
