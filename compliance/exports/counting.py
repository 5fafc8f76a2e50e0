"""Distinct persons in files together: counted once for the same sets, then read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import Select, select

from compliance.exports.models import ExportCount, PersonSet
from compliance.exports.sets import PersonSets
from compliance.exports.types import Count
from core.buckets import bucket_of
from core.db import Uow
from core.house import House
from core.rows import insert_missing

Files = Iterable[str] | Select[str]


def store(house: House) -> PersonSets:
    """Where the sets lie: under a root of their own, beside that of what is delivered."""
    return PersonSets(house.settings.data / "files" / "persons", bucket_of(house.settings, "closed/persons/"))


def count(uow: Uow, file_ids: Files) -> Count:
    """How many distinct persons stand in these files together; a unit that writes keeps the answer.

    Raises SetMissing when it was never counted and a set is lost or damaged.
    """
    sets = _sets(uow, file_ids)
    if len(sets) <= 1:
        return next(iter(sets.values()), Count())
    key = key_of(sets)
    kept = uow.session.get(ExportCount, key)
    if kept is not None:
        return Count(kept.persons, kept.sensitive)
    found = Count(*store(uow.house).union(sets))
    if uow.writes:
        insert_missing(uow, ExportCount, [{"key": key, "persons": found.persons, "sensitive": found.sensitive}])
    return found


def at_most(uow: Uow, file_ids: Files) -> Count:
    """As many as there can be: who stands in two of the files counts twice. Opens no set."""
    return sum(_sets(uow, file_ids).values(), Count())


def is_kept(uow: Uow, file_ids: Files) -> bool:
    """Whether ``count`` answers without opening a set."""
    sets = _sets(uow, file_ids)
    return len(sets) <= 1 or uow.session.get(ExportCount, key_of(sets)) is not None


def sets_of(uow: Uow, file_ids: Files) -> frozenset[str]:
    """The sets in which persons of these files stand."""
    return frozenset(_sets(uow, file_ids))


def key_of(sets: Iterable[str]) -> str:
    """What the count of these sets is kept under."""
    return hashlib.sha256("\n".join(sorted(set(sets))).encode()).hexdigest()


def _sets(uow: Uow, file_ids: Files) -> dict[str, Count]:
    chosen = file_ids if isinstance(file_ids, Select) else set(file_ids)
    statement = (
        select(PersonSet.sha256, PersonSet.persons, PersonSet.sensitive)
        .where(PersonSet.file_id.in_(chosen), PersonSet.persons > 0)
        .distinct()
    )
    return {name: Count(persons, sensitive) for name, persons, sensitive in uow.session.execute(statement)}
