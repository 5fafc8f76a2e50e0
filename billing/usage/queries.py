"""Reads of the usage ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from billing.usage.models import UsageRollup
from billing.usage.types import QUARTER_S, Sum
from core.db import Uow
from core.months import Period

_KINDS = (
    UsageRollup.entitlement_id, UsageRollup.operation, UsageRollup.outcome, UsageRollup.plan_hash, UsageRollup.mode,
    UsageRollup.credited,
)  # fmt: skip


def quarter_number(moment: datetime) -> int:
    """How many UTC quarters of an hour lie between 1970 and the one of this moment."""
    return int(moment.timestamp()) // QUARTER_S


def within(period: Period) -> Sequence[ColumnElement[bool]]:
    """The roll-ups of a period, which begins and ends on quarters of an hour."""
    first, end = quarter_number(period.starts_at), quarter_number(period.ends_at)
    return (UsageRollup.quarter >= first, UsageRollup.quarter < end)


def sums_of(uow: Uow, entitlement_id: str, period: Period, plan_hash: str | None = None) -> list[Sum]:
    """What an entitlement's calls of a period add up to, by operation, outcome, plan, mode. Asks no policy."""
    chosen = (
        select(
            func.min(UsageRollup.quarter), *_KINDS, func.sum(UsageRollup.calls), func.sum(UsageRollup.bytes_in),
            func.sum(UsageRollup.bytes_out), func.sum(UsageRollup.records), func.sum(UsageRollup.latency_us),
        )
        .where(UsageRollup.entitlement_id == entitlement_id, *within(period))
        .group_by(*_KINDS)
        .order_by(*_KINDS)
    )  # fmt: skip
    if plan_hash is not None:
        chosen = chosen.where(UsageRollup.plan_hash == plan_hash)
    return [_sum(*row) for row in uow.session.execute(chosen)]


def _sum(
    quarter: int, entitlement_id: str, operation: str, outcome: str, plan_hash: str, mode: str, credited: bool,
    *sums: int,
) -> Sum:  # fmt: skip
    return Sum(entitlement_id, quarter, operation, outcome, plan_hash, mode, credited, *(int(each) for each in sums))
