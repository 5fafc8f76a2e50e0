"""Reads of exports: counters, clearances, and the persons of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from compliance.exports import rules
from compliance.exports.models import Export, ExportClearance, ExportFile, PersonSet
from compliance.exports.sets import PersonSets
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


def store(house: House) -> PersonSets:
    """Where the sets lie: under a root of their own, beside that of what is delivered."""
    return PersonSets(house.settings.data / "files" / "persons")


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


def files_with_identifiers(uow: Uow) -> list[PersonSetSnapshot]:
    """Every file in which an identifier of a person was found."""
    rows = uow.session.execute(select(PersonSet).where(PersonSet.identifiers > 0).order_by(PersonSet.file_id)).scalars()
    return [row.snapshot() for row in rows]


def counted_files(uow: Uow, suppliers: Iterable[str], year: int, *, but: str = "") -> set[str]:
    """The files that exporters have sent abroad or reserved in a year, without those of one order."""
    statement = (
        select(ExportFile.file_id)
        .join(Export, Export.order_id == ExportFile.order_id)
        .where(
            Export.supplier_id.in_(set(suppliers)), Export.year == year, Export.state != ExportState.RELEASED,
            Export.order_id != but,
        )
        .distinct()
    )  # fmt: skip
    return set(uow.session.execute(statement).scalars())


def count(uow: Uow, file_ids: Iterable[str]) -> Count:
    """How many distinct persons stand in these files together."""
    sets = [each for each in person_sets(uow, file_ids).values() if each.persons]
    if len({each.sha256 for each in sets}) <= 1:
        return Count(sets[0].persons, sets[0].sensitive) if sets else Count()
    return Count(*store(uow.house).union(each.sha256 for each in sets))


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
    found = count(uow, counted_files(uow, members, year))
    limits = thresholds(uow)
    orders = [each for each in exports(uow, members, year) if each.state != ExportState.RELEASED]
    persons, sensitive = rules.following(limits, found)
    return Counter(
        organisation_id, members, year, found, len(orders), rules.accepted(limits, found), persons, sensitive
    )  # fmt: skip


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
