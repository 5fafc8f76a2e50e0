"""Reads of exports: counters, clearances, and the persons of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from compliance.exports import counting, rules
from compliance.exports.counting import at_most, count
from compliance.exports.models import Export, ExportClearance, ExportFile, PersonSet
from compliance.exports.sets import SetMissing
from compliance.exports.types import (
    ClearanceSnapshot,
    Count,
    Counter,
    ExportSnapshot,
    ExportState,
    PersonSetSnapshot,
)
from compliance.identity import queries as identity
from compliance.policy import Resource, require
from compliance.tiers import ExportThreshold, profile
from core.actor import Actor
from core.db import Uow
from core.house import House

store = counting.store


def thresholds(uow: Uow) -> Sequence[ExportThreshold]:
    """Those of this exchange's tier profile."""
    return profile(uow.house.settings.tier_profile).exports


def year_of(house: House, moment: datetime) -> int:
    """The calendar year that a moment lies in, by the exchange's own zone."""
    return moment.astimezone(ZoneInfo(house.settings.timezone)).year


def person_sets(uow: Uow, file_ids: Iterable[str]) -> dict[str, PersonSetSnapshot]:
    """The persons of those files that were looked at."""
    rows = uow.session.execute(select(PersonSet).where(PersonSet.file_id.in_(set(file_ids)))).scalars()
    return {row.file_id: row.snapshot() for row in rows}


def is_lost(uow: Uow, file_id: str) -> bool:
    """Whether the set that tells of a file's persons is lost or damaged."""
    known = uow.session.get(PersonSet, file_id)
    return known is not None and known.sha256 != "" and not store(uow.house).whole(known.sha256)


def files_with_identifiers(uow: Uow) -> list[PersonSetSnapshot]:
    """Every file in which an identifier of a person was found."""
    rows = uow.session.execute(select(PersonSet).where(PersonSet.identifiers > 0).order_by(PersonSet.file_id)).scalars()
    return [row.snapshot() for row in rows]


def counted_files(uow: Uow, suppliers: Iterable[str], year: int, *, but: str = "") -> set[str]:
    """The files that exporters have sent abroad or reserved in a year, without those of one order."""
    return set(uow.session.execute(counted(suppliers, year, but=but)).scalars())


def counted(suppliers: Iterable[str], year: int, *, but: str = "") -> Select[str]:
    """The same as a statement."""
    return (
        select(ExportFile.file_id)
        .join(Export, Export.order_id == ExportFile.order_id)
        .where(
            Export.supplier_id.in_(set(suppliers)), Export.year == year, Export.state != ExportState.RELEASED,
            Export.order_id != but,
        )
        .distinct()
    )  # fmt: skip


def clearances_of(uow: Uow, organisation_ids: Iterable[str] | None) -> list[ClearanceSnapshot]:
    """All that were ever recorded for these exporters, or for any, the newest first. Asks no policy: for services."""
    statement = select(ExportClearance)
    if organisation_ids is not None:
        statement = statement.where(ExportClearance.organisation_id.in_(set(organisation_ids)))
    return [row.snapshot() for row in uow.session.execute(statement.order_by(ExportClearance.id.desc())).scalars()]


def export_of(uow: Uow, order_id: str) -> ExportSnapshot | None:
    """The export of an order; None when its data stays at home."""
    row = uow.session.get(Export, order_id)
    return row.snapshot() if row else None


def group_of(uow: Uow, organisation_id: str) -> tuple[str, ...]:
    """The exporter and its affiliates, sorted: they are counted as one."""
    return tuple(sorted(identity.group_of(uow, organisation_id)))


def counter(uow: Uow, actor: Actor, organisation_id: str, year: int | None = None) -> Counter:
    """What an exporter and its affiliates have sent abroad in a year, this one unless said. Raises PolicyRefused."""
    require(actor, "export:see", Resource("export", organisation_id, {"owner": organisation_id}))
    year = year or year_of(uow.house, uow.now())
    members = group_of(uow, organisation_id)
    found, lost = _count_of(uow, counted(members, year))
    limits = thresholds(uow)
    persons, sensitive = rules.following(limits, found)
    return Counter(
        organisation_id, members, year, found, _orders(uow, members, year), rules.accepted(limits, found), persons,
        sensitive, lost,
    )  # fmt: skip


def _count_of(uow: Uow, files: Select[str]) -> tuple[Count, bool]:
    """The persons in files, and whether a lost set makes that no more than what there can be at most."""
    try:
        return count(uow, files), False
    except SetMissing:
        return at_most(uow, files), True


def _orders(uow: Uow, suppliers: Iterable[str], year: int) -> int:
    statement = select(func.count()).where(
        Export.supplier_id.in_(set(suppliers)), Export.year == year, Export.state != ExportState.RELEASED
    )
    return uow.session.execute(statement).scalar_one()


def lacking(uow: Uow, order_ids: Iterable[str]) -> dict[str, str]:
    """By order, why its data may not go abroad any more since its tier rose, a code; for the others nothing."""
    statement = select(Export.order_id, Export.lacking).where(Export.order_id.in_(set(order_ids)), Export.lacking != "")
    return {row.order_id: row.lacking for row in uow.session.execute(statement)}


def lacking_of(uow: Uow, supplier_id: str) -> list[str]:
    """An exporter's orders whose data may not go abroad any more since their tier rose."""
    statement = select(Export.order_id).where(Export.supplier_id == supplier_id, Export.lacking != "")
    return list(uow.session.execute(statement.order_by(Export.order_id)).scalars())


def exports(uow: Uow, suppliers: Iterable[str], year: int) -> list[ExportSnapshot]:
    """Every order of these exporters that goes abroad in a year, the newest first."""
    statement = select(Export).where(Export.supplier_id.in_(set(suppliers)), Export.year == year)
    return [row.snapshot() for row in uow.session.execute(statement.order_by(Export.order_id.desc())).scalars()]


def counters(uow: Uow, actor: Actor, year: int | None = None) -> list[Counter]:
    """The counters of all who sent data abroad in a year, for officers. Raises PolicyRefused."""
    require(actor, "export:see", Resource("export", "all"))
    year = year or year_of(uow.house, uow.now())
    statement = select(Export.supplier_id).where(Export.year == year).distinct().order_by(Export.supplier_id)
    return [counter(uow, actor, each, year) for each in uow.session.execute(statement).scalars()]


def clearances(uow: Uow, actor: Actor, organisation_id: str) -> list[ClearanceSnapshot]:
    """An exporter's clearances, the newest first. Raises PolicyRefused."""
    require(actor, "export:see", Resource("export", organisation_id, {"owner": organisation_id}))
    return clearances_of(uow, [organisation_id])
