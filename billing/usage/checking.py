"""The proof of the usage ledger: every sum, window, hold and root made again from the records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from billing import rating
from billing.ledger.queries import held_of_kind
from billing.ledger.types import AccountKind, Discrepancy
from billing.usage.holding import Calendar, Meter, plan_in, plan_of, units_by_label
from billing.usage.models import UsageBatch, UsageCredit, UsageHold, UsageRollup, UsageRow, UsageWindow
from billing.usage.rules import leaf_of
from billing.usage.sums import KEY, SUMS
from billing.usage.types import QUARTER_S
from compliance.audit.merkle import Frontier
from compliance.audit.queries import bodies
from core.db import Uow
from core.money import MOST_UNITS
from core.plans import PricePlan

_PAGE = 2_000
_Key = tuple[Any, ...]


def check(uow: Uow) -> list[Discrepancy]:
    """Everything in the usage ledger that should be impossible; an empty list says that

    the roll-ups equal, bit by bit, what the records add up to; each window has the units of its roll-ups and
    costs what they cost; what is held of each balance is what its meters hold; and each batch has the root
    and the count of its records, as its audit entry says.
    """
    parts = (_rollups, _quarters, _windows, _holds, _batches)
    return [fault for part in parts for fault in part(uow)]


def _rollups(uow: Uow) -> Iterator[Discrepancy]:
    kept = {key: sums for key, sums in _kept(uow) if any(sums)}
    made = dict(_made(uow))
    for key in sorted(kept.keys() | made.keys()):
        if kept.get(key) != made.get(key):
            yield Discrepancy(f"roll-up {key}", f"the records add up to {made.get(key)}, it says {kept.get(key)}")


def _kept(uow: Uow) -> Iterator[tuple[_Key, _Key]]:
    columns = [getattr(UsageRollup, name) for name in KEY + SUMS]
    for row in uow.session.execute(select(*columns)):
        yield tuple(row[: len(KEY)]), tuple(row[len(KEY) :])


def _made(uow: Uow) -> Iterator[tuple[_Key, _Key]]:
    credited: ColumnElement[bool] = case(
        (or_(UsageRow.credited, UsageCredit.call_id.is_not(None)), True), else_=False
    ).label("is_credited")
    key = [*(getattr(UsageRow, name) for name in KEY[:-1]), credited]
    sums = [func.count(), *(func.sum(getattr(UsageRow, name)) for name in SUMS[1:])]
    chosen = select(*key, *sums).outerjoin(UsageCredit, UsageCredit.call_id == UsageRow.call_id).group_by(*key)
    for row in uow.session.execute(chosen):
        yield (*row[: len(KEY) - 1], bool(row[len(KEY) - 1])), tuple(int(each) for each in row[len(KEY) :])


def _quarters(uow: Uow) -> Iterator[Discrepancy]:
    """The extremes of each quarter lie inside it, so all of its records do."""
    chosen = select(UsageRow.quarter, func.min(UsageRow.at), func.max(UsageRow.at)).group_by(UsageRow.quarter)
    for quarter, first, last in uow.session.execute(chosen):
        if not quarter == int(first.timestamp()) // QUARTER_S == int(last.timestamp()) // QUARTER_S:
            yield Discrepancy(f"quarter {quarter}", f"holds records from {first} to {last}")


def _windows(uow: Uow) -> Iterator[Discrepancy]:
    kept: dict[tuple[str, str], dict[str, UsageWindow]] = defaultdict(dict)
    for window in uow.session.execute(select(UsageWindow)).scalars():
        kept[window.entitlement_id, window.plan_hash][window.label] = window
    calendar = Calendar(uow)
    used = select(UsageRollup.entitlement_id, UsageRollup.plan_hash).distinct()
    for entitlement_id, plan_hash in sorted(kept.keys() | {(a, b) for a, b in uow.session.execute(used)}):
        yield from _windows_of(uow, calendar, entitlement_id, plan_hash, kept[entitlement_id, plan_hash])


def _windows_of(
    uow: Uow, calendar: Calendar, entitlement_id: str, plan_hash: str, kept: dict[str, UsageWindow]
) -> Iterator[Discrepancy]:
    plan = plan_of(uow, plan_hash)
    if plan is None:
        return
    hold = uow.session.get_one(UsageHold, entitlement_id)
    chosen = select(UsageRollup).where(UsageRollup.entitlement_id == entitlement_id, UsageRollup.plan_hash == plan_hash)
    counts = [(row.quarter, row.count()) for row in uow.session.execute(chosen).scalars()]
    units = units_by_label(calendar, hold.organisation_id, plan, counts)
    for label in sorted(units.keys() | kept.keys()):
        window = kept.get(label)
        said, there = (window.quantity, window.rated) if window else (0, 0), plan_in(window, plan)
        if window and not window.quantity and window.billed is None and not units.get(label):
            continue  # everything in it was credited
        wanted = (units.get(label, 0), _cost(there, units.get(label, 0)))
        if said != wanted:
            yield Discrepancy(f"window {entitlement_id} {label}", f"the roll-ups say {wanted}, it says {said}")
        if window and window.invoiced != (0 if window.billed is None else _cost(there, window.billed)):
            yield Discrepancy(f"window {entitlement_id} {label}", "what was invoiced is not what was billed")


def _cost(plan: PricePlan, units: int) -> int:
    return min(rating.total(rating.rate_metered(plan, units)), MOST_UNITS)


def _holds(uow: Uow) -> Iterator[Discrepancy]:
    held: dict[str, int] = defaultdict(int)
    for hold in uow.session.execute(select(UsageHold).where(UsageHold.held > 0)).scalars():
        held[Meter(uow, hold).account.key] += hold.held
    kept = held_of_kind(uow, AccountKind.BUYER_PREPAID)
    for key in sorted(held.keys() | kept.keys()):
        if held.get(key, 0) != kept.get(key, 0):
            yield Discrepancy(key, f"the meters hold {held.get(key, 0)}, the ledger {kept.get(key, 0)}")


def _batches(uow: Uow) -> Iterator[Discrepancy]:
    after = ""
    while page := _page(uow, after):
        after = page[-1].id
        made = dict(_roots(uow, page))
        said = {body["object"]: body["data"] for body in map(json.loads, bodies(uow, [b.audit_entry_id for b in page]))}
        for batch in page:
            kept = (batch.count, batch.root.hex())
            entry = said.get(batch.id, {})
            if made.get(batch.id) != kept:
                yield Discrepancy(batch.id, f"its records give {made.get(batch.id)}, it says {kept}")
            if (entry.get("count"), entry.get("root"), entry.get("ranges")) != (*map(str, kept), batch.ranges):
                yield Discrepancy(batch.id, "its audit entry says something else")


def _page(uow: Uow, after: str) -> list[UsageBatch]:
    chosen = select(UsageBatch).where(UsageBatch.id > after).order_by(UsageBatch.id).limit(200)
    return list(uow.session.execute(chosen).scalars())


def _roots(uow: Uow, page: list[UsageBatch]) -> Iterator[tuple[str, tuple[int, str]]]:
    chosen = (
        select(UsageRow.batch_id, UsageRow.position, UsageRow.raw, UsageRow.salt)
        .where(UsageRow.batch_id >= page[0].id, UsageRow.batch_id <= page[-1].id)
        .order_by(UsageRow.batch_id, UsageRow.position)
    )
    rows = uow.session.execute(chosen.execution_options(yield_per=_PAGE))
    for batch_id, records in groupby(rows, key=lambda row: str(row.batch_id)):
        yield batch_id, _root((row.position, row.raw, row.salt) for row in records)


def _root(records: Iterable[tuple[int, bytes, bytes]]) -> tuple[int, str]:
    tree = Frontier()
    for position, raw, salt in records:
        if position != tree.size:
            break  # a record is missing
        tree.append(leaf_of(raw, salt))
    return tree.size, tree.root().hex()
