"""Roll-ups: what records of one kind and quarter of an hour add up to, kept in the unit that adds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, Table, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from billing.usage.models import UsageRollup, UsageRow
from billing.usage.types import QUARTER_S, Sum, UsageRecord
from core.db import Uow
from core.months import Period

KEY = ("entitlement_id", "quarter", "operation", "outcome", "plan_hash", "mode", "credited")
SUMS = ("calls", "bytes_in", "bytes_out", "records", "latency_us")


def summed(records: Iterable[UsageRecord | UsageRow]) -> list[Sum]:
    """The sums of these records, in one order, so that two units never wait for each other in a circle."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for each in records:
        key = (
            each.entitlement_id, each.quarter, each.operation, each.outcome, each.plan_hash, each.mode, each.credited
        )  # fmt: skip
        into = found.setdefault(key, [0, 0, 0, 0, 0])
        into[0] += 1
        into[1] += each.bytes_in
        into[2] += each.bytes_out
        into[3] += each.records
        into[4] += each.latency_us
    return [Sum(*key, *found[key]) for key in sorted(found)]


def add(uow: Uow, sums: Sequence[Sum]) -> None:
    """Add to the roll-ups."""
    uow.session.execute(_more(uow.house.db.sqlite), [vars(each) for each in sums])


def move_to_credited(uow: Uow, sums: Sequence[Sum]) -> None:
    """Count as credited what was counted as delivered."""
    less = [{f"of_{name}": getattr(each, name) for name in KEY + SUMS} for each in sums]
    uow.session.connection().execute(_LESS, less)
    add(uow, [replace(each, credited=True) for each in sums])


def quarter_number(moment: datetime) -> int:
    """How many UTC quarters of an hour lie between 1970 and the one of this moment."""
    return int(moment.timestamp()) // QUARTER_S


def within(period: Period) -> Sequence[ColumnElement[bool]]:
    """The roll-ups of a period, which begins and ends on quarters of an hour."""
    return between(quarter_number(period.starts_at), quarter_number(period.ends_at))


def between(first: int, end: int) -> Sequence[ColumnElement[bool]]:
    return (UsageRollup.quarter >= first, UsageRollup.quarter < end)


def sums_of(uow: Uow, entitlement_id: str, period: Period, plan_hash: str | None = None) -> list[Sum]:
    """What an entitlement's calls of a period add up to, by operation, outcome, plan, mode. Asks no policy."""
    kinds = [getattr(UsageRollup, name) for name in KEY if name != "quarter"]
    first, *rest = (getattr(UsageRollup, name) for name in KEY if name != "quarter")
    added = [func.sum(getattr(UsageRollup, name)) for name in SUMS]
    chosen = select(first, func.min(UsageRollup.quarter), *rest, *added).group_by(*kinds).order_by(*kinds)
    mine = [UsageRollup.entitlement_id == entitlement_id, *within(period)]
    if plan_hash is not None:
        mine.append(UsageRollup.plan_hash == plan_hash)
    return [Sum(*row[: len(KEY)], *map(int, row[len(KEY) :])) for row in uow.session.execute(chosen.where(*mine))]


_ROLLUP = cast(Table, UsageRollup.__table__)
_LESS = (
    update(_ROLLUP)
    .where(and_(*(_ROLLUP.c[name] == bindparam(f"of_{name}", type_=_ROLLUP.c[name].type) for name in KEY)))
    .values({name: _ROLLUP.c[name] - bindparam(f"of_{name}", type_=BigInteger) for name in SUMS})
)


@cache
def _more(on_sqlite: bool) -> Any:
    statement = (sqlite if on_sqlite else postgresql).insert(_ROLLUP)
    grown = {name: _ROLLUP.c[name] + statement.excluded[name] for name in SUMS}
    return statement.on_conflict_do_update(index_elements=[_ROLLUP.c[name] for name in KEY], set_=grown)
