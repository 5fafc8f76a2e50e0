"""Calls that gateways refused to known callers: told as what each process refused in all, kept as counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Uow
from core.ids import is_id
from exchange.sidecar.models import RefusedCalls

_TABLE = cast(Table, RefusedCalls.__table__)
_CODE = re.compile(r"[a-z_]{1,60}")
_MOST = 1 << 53


@dataclass(frozen=True)
class Declined:
    """How many calls of an organisation for a listing were refused with a code in a quarter of an hour."""

    organisation_id: str
    listing_id: str
    code: str
    quarter: int
    calls: int


def keep(uow: Uow, epoch: str, told: object) -> int:
    """What a process has refused in all of each kind; heard twice, or late, it counts once. Answers of how many kinds.

    What is not spelled as this protocol has it is passed over.
    """
    rows = [row for each in (told if isinstance(told, list) else ()) if (row := _row(epoch, each)) is not None]
    if rows:
        uow.connection.execute(_most(uow.house.db.sqlite), sorted(rows, key=lambda row: tuple(row.values())))
    return len(rows)


def counted(uow: Uow, first: int, end: int) -> list[Declined]:
    """Of quarters from ``first`` to before ``end``, over all processes. Asks no policy: for officers' alerts."""
    kinds = (RefusedCalls.organisation_id, RefusedCalls.listing_id, RefusedCalls.code, RefusedCalls.quarter)
    chosen = (
        select(*kinds, func.sum(RefusedCalls.calls))
        .where(RefusedCalls.quarter >= first, RefusedCalls.quarter < end)
        .group_by(*kinds)
        .order_by(*kinds)
    )
    return [Declined(*row[:-1], int(row[-1])) for row in uow.session.execute(chosen)]


def forget(uow: Uow, before: int) -> int:
    """Remove what was refused before a quarter; answers how many kinds."""
    return len(
        uow.session.execute(
            delete(RefusedCalls).where(RefusedCalls.quarter < before).returning(RefusedCalls.quarter)
        ).all()
    )


def _row(epoch: str, told: object) -> dict[str, Any] | None:
    if not isinstance(told, list) or len(told) != 5:
        return None
    organisation_id, listing_id, code, quarter, calls = told
    named = is_id("org", str(organisation_id)) and is_id("lst", str(listing_id)) and _CODE.fullmatch(str(code))
    if not named or not all(isinstance(each, int) and 0 <= each < _MOST for each in (quarter, calls)):
        return None
    return {
        "epoch": epoch, "organisation_id": organisation_id, "listing_id": listing_id, "code": code,
        "quarter": quarter, "calls": calls,
    }  # fmt: skip


@cache
def _most(on_sqlite: bool) -> Any:
    """Insert, or take the larger count: a process only ever counts up."""
    statement = (sqlite if on_sqlite else postgresql).insert(_TABLE)
    larger = case((statement.excluded.calls > _TABLE.c.calls, statement.excluded.calls), else_=_TABLE.c.calls)
    return statement.on_conflict_do_update(index_elements=list(_TABLE.primary_key.columns), set_={"calls": larger})


def kinds_of(declined: Iterable[Declined]) -> dict[str, int]:
    """Calls by code."""
    found: dict[str, int] = {}
    for each in declined:
        found[each.code] = found.get(each.code, 0) + each.calls
    return found
