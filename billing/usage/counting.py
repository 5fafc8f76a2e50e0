"""Recorded calls added up by meter and quarter of an hour, or by meter alone; for whoever watches over the trade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from billing.usage.models import UsageHold, UsageRollup
from billing.usage.sums import between
from core.db import Uow


@dataclass(frozen=True)
class Counted:
    """What a meter recorded in a quarter of an hour, however the calls ended, or over a time (``quarter`` is 0)."""

    entitlement_id: str
    order_id: str
    organisation_id: str
    supplier_id: str
    listing_id: str
    quarter: int
    calls: int
    records: int


_WHOSE = (
    UsageRollup.entitlement_id,
    UsageHold.order_id,
    UsageHold.organisation_id,
    UsageHold.supplier_id,
    UsageHold.listing_id,
)


def by_quarter(uow: Uow, first: int, end: int, entitlement_ids: Iterable[str] | None = None) -> list[Counted]:
    """By meter and quarter, of quarters from ``first`` to before ``end``. Asks no policy."""
    chosen = (
        select(*_WHOSE, UsageRollup.quarter, func.sum(UsageRollup.calls), func.sum(UsageRollup.records))
        .join(UsageHold, UsageHold.entitlement_id == UsageRollup.entitlement_id)
        .where(UsageRollup.calls > 0, *between(first, end))
        .group_by(*_WHOSE, UsageRollup.quarter)
        .order_by(UsageRollup.entitlement_id, UsageRollup.quarter)
    )
    if entitlement_ids is not None:
        chosen = chosen.where(UsageRollup.entitlement_id.in_(set(entitlement_ids)))
    return [Counted(*row[:-2], int(row[-2]), int(row[-1])) for row in uow.session.execute(chosen)]


def by_meter(uow: Uow, first: int, end: int) -> list[Counted]:
    """By meter alone. Asks no policy."""
    chosen = (
        select(*_WHOSE, func.sum(UsageRollup.calls), func.sum(UsageRollup.records))
        .join(UsageHold, UsageHold.entitlement_id == UsageRollup.entitlement_id)
        .where(UsageRollup.calls > 0, *between(first, end))
        .group_by(*_WHOSE)
        .order_by(UsageRollup.entitlement_id)
    )
    return [Counted(*row[:5], 0, int(row[5]), int(row[6])) for row in uow.session.execute(chosen)]


def first_quarters(uow: Uow, entitlement_ids: Iterable[str]) -> dict[str, int]:
    """By meter, the quarter of its first recorded call."""
    chosen = (
        select(UsageRollup.entitlement_id, func.min(UsageRollup.quarter))
        .where(UsageRollup.entitlement_id.in_(set(entitlement_ids)), UsageRollup.calls > 0)
        .group_by(UsageRollup.entitlement_id)
    )
    return {entitlement_id: int(quarter) for entitlement_id, quarter in uow.session.execute(chosen)}
