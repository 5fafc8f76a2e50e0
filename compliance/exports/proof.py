"""Whether the counts that are kept are those of the sets: what is missing, and what is wrong."""

from __future__ import annotations

import logging

from sqlalchemy import select

from compliance.exports import counting, queries
from compliance.exports.models import Export, ExportCount, PersonSet
from compliance.exports.sets import SetMissing
from compliance.exports.types import Count
from core.db import Uow
from core.house import House

log = logging.getLogger("piaohao.exports")


def keep_counts(house: House) -> int:
    """Make one count that a reader would have to make, as after an order ended; answers 0 when there is none."""
    for supplier_id, year in house.db.read(_missing):
        try:
            house.db.write(lambda uow, each=supplier_id, year=year: counting.count(uow, _files(uow, each, year)))  # type: ignore[misc]
        except SetMissing:
            log.warning("sets of persons of %s are lost or damaged", supplier_id)
        else:
            return 1
    return 0


def _missing(uow: Uow) -> list[tuple[str, int]]:
    recent = _counters(uow, since=queries.year_of(uow.house, uow.now()) - 1)
    return [(each, year) for each, year in recent if not counting.is_kept(uow, _files(uow, each, year))]


def _files(uow: Uow, supplier_id: str, year: int) -> counting.Files:
    return queries.counted(queries.group_of(uow, supplier_id), year)


def faults(uow: Uow) -> list[str]:
    """Whatever a count from the sets' bytes alone finds otherwise than it is kept. Reads every set: for ``doctor``."""
    store = counting.store(uow.house)
    names = select(PersonSet.sha256).where(PersonSet.persons > 0).distinct().order_by(PersonSet.sha256)
    lost = {each for each in uow.session.execute(names).scalars() if not store.whole(each)}
    found = [f"persons {each[:12]}: the set is lost or damaged; have its files scanned again" for each in sorted(lost)]
    for supplier_id, year in _counters(uow, since=0):
        sets = counting.sets_of(uow, _files(uow, supplier_id, year))
        kept = uow.session.get(ExportCount, counting.key_of(sets))
        if kept is None or sets & lost:
            continue
        anew = Count(*store.union(sets))
        if anew != Count(kept.persons, kept.sensitive):
            found.append(f"{supplier_id} in {year}: {kept.persons} persons abroad are kept, {anew.persons} stand there")
    return found


def _counters(uow: Uow, *, since: int) -> list[tuple[str, int]]:
    pairs = select(Export.supplier_id, Export.year).where(Export.year >= since).distinct()
    return [(each, year) for each, year in uow.session.execute(pairs.order_by(Export.year, Export.supplier_id))]
