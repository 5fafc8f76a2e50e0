"""How organisations stand to things that they do not own: invited, bound by an agreement, under contract.

A relation is written down by whoever brings it about; policy's rules, and the lists filtered by them, ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, delete, func, or_, select

from compliance.policy.events import RelationChanged
from compliance.policy.models import Relation
from core.db import Uow


class RelationKind(StrEnum):
    """``nda`` and ``invited`` are about a listing, ``contract`` about an order."""

    NDA = "nda"
    INVITED = "invited"
    CONTRACT = "contract"


@dataclass(frozen=True)
class Relations:
    """The things to which an organisation stands in each relation that is in force."""

    nda: frozenset[str] = field(default_factory=frozenset)
    invited: frozenset[str] = field(default_factory=frozenset)


def grant(uow: Uow, kind: str, organisation_id: str, object_id: str, until: datetime | None = None) -> None:
    """From now on the relation holds, until that moment if one is given. What held already is given the new end."""
    key = (organisation_id, RelationKind(kind), object_id)
    row = uow.session.get(Relation, key, with_for_update=True)
    if row is None:
        row = Relation(organisation_id=organisation_id, kind=RelationKind(kind), object_id=object_id)
        uow.session.add(row)
    row.since, row.until = uow.now(), until
    uow.session.flush()
    uow.emit(RelationChanged(kind=kind, organisation_id=organisation_id, object_id=object_id))


def revoke(uow: Uow, kind: str, organisation_id: str, object_id: str) -> bool:
    """The relation ends at once; answers whether there was one."""
    key = (Relation.organisation_id == organisation_id, Relation.kind == kind, Relation.object_id == object_id)
    gone = uow.session.execute(delete(Relation).where(*key).returning(Relation.kind)).first()
    if gone is None:
        return False
    uow.emit(RelationChanged(kind=kind, organisation_id=organisation_id, object_id=object_id))
    return True


def holds(uow: Uow, kind: str, organisation_id: str, object_id: str) -> bool:
    """Whether it is in force at this moment."""
    return bool(among(uow, kind, [object_id], organisation_id=organisation_id))


def among(
    uow: Uow, kind: str, object_ids: Iterable[str], *, organisation_id: str | None = None
) -> set[tuple[str, str]]:
    """(organisation, object) of the relations in force to any of these things, in one query."""
    statement = select(Relation.organisation_id, Relation.object_id).where(
        Relation.kind == kind, Relation.object_id.in_(set(object_ids)), in_force(uow.now())
    )
    if organisation_id is not None:
        statement = statement.where(Relation.organisation_id == organisation_id)
    return {(organisation, thing) for organisation, thing in uow.session.execute(statement)}


def of(uow: Uow, organisation_id: str) -> Relations:
    """What an organisation may see more than others, for an actor made by hand: programs that call, the machinery."""
    return each_of(uow, [organisation_id]).get(organisation_id, Relations())


def each_of(uow: Uow, organisation_ids: Iterable[str]) -> Mapping[str, Relations]:
    """The same of many, in one query; those without any are left out."""
    statement = select(Relation.organisation_id, Relation.kind, Relation.object_id).where(
        Relation.organisation_id.in_(set(organisation_ids)), Relation.kind.in_(_SEEN_BY), in_force(uow.now())
    )
    found: dict[str, dict[str, set[str]]] = {}
    for organisation_id, kind, object_id in uow.session.execute(statement):
        found.setdefault(organisation_id, {}).setdefault(kind, set()).add(object_id)
    return {each: Relations(**{kind: frozenset(ids) for kind, ids in kinds.items()}) for each, kinds in found.items()}


def beside(organisation_id: ColumnElement[str | None] | object, moment: object) -> Select[str]:
    """All of them as one text, for a statement that reads an organisation anyway; see ``read``."""
    word = Relation.kind + ":" + Relation.object_id
    return select(func.aggregate_strings(word, ",")).where(
        Relation.organisation_id == organisation_id, Relation.kind.in_(_SEEN_BY), in_force(moment)
    )


def read(text: str | None) -> Relations:
    """What ``beside`` answered."""
    pairs = [each.split(":", 1) for each in (text or "").split(",") if each]
    return Relations(*(frozenset(thing for kind, thing in pairs if kind == wanted) for wanted in _SEEN_BY))


def in_force(moment: object) -> ColumnElement[bool]:
    return or_(Relation.until.is_(None), Relation.until > moment)


_SEEN_BY = (RelationKind.NDA, RelationKind.INVITED)
"""The kinds that decide what one sees; in the order of the fields of ``Relations``."""

__all__ = [
    "RelationKind",
    "Relations",
    "among",
    "beside",
    "each_of",
    "grant",
    "holds",
    "in_force",
    "of",
    "read",
    "revoke",
]
