"""What gateways' leases and records do to the usage ledger. Called by the exchange, in its unit; asks no policy."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from billing import rating
from billing.usage.holding import Calendar, locked, opened, parts_of
from billing.usage.loading import credit, load
from billing.usage.models import UsageQuota
from billing.usage.rules import most_that
from billing.usage.standing import quota_label
from billing.usage.types import TERM, TRIAL, Metered
from core.db import Uow
from core.rows import insert_missing


def open_meter(uow: Uow, entitlement: Metered) -> None:
    """Make an entitlement's plan and limits known to the usage ledger. Repeating it changes nothing."""
    opened(uow, entitlement).hold_again(Calendar(uow))
    uow.session.flush()


def begin_part(uow: Uow, entitlement: Metered, label: str, *, included: int | None, amount: int | None) -> None:
    """A window is only a part of its period: from now on it includes so many units, or asks for so much at least.

    Nothing is changed of one that was invoiced.
    """
    meter = opened(uow, entitlement)
    parts_of(meter, entitlement.plan_hash, label, included=included, amount=amount)
    meter.hold_again(Calendar(uow))
    uow.session.flush()


def fund(uow: Uow, entitlement: Metered, calls: int) -> int:
    """Give out up to so many calls, paid for in advance; answers how many.

    Free units and those of a package come first, then the buyer's prepaid balance, of which the most that
    the calls can cost is held, with tax. However many ask at once, no more is given out than is there. No call is
    given out whose cost only its answer tells.
    """
    meter = opened(uow, entitlement)
    plan = meter.plan
    if calls <= 0 or plan is None or not rating.needs_funding(plan):
        return max(0, calls)
    if not rating.is_bounded(plan):
        return 0
    cost, limit, before = meter.cost(plan, Calendar(uow)), meter.most_to_hold(), meter.hold.leased
    given = most_that(calls, lambda more: cost.has_units_for(before + more) and cost.of(before + more) <= limit)
    meter.hold.leased += given
    meter.hold_minor(cost.of(meter.hold.leased))
    uow.session.flush()
    return given


def unfund(uow: Uow, entitlement_id: str, calls: int) -> int:
    """Take back calls that were given out and will not be made; answers how many there were. What they held is free."""
    meter = locked(uow, entitlement_id)
    if meter is None or calls <= 0:
        return 0
    back = min(calls, meter.hold.leased)
    meter.hold.leased -= back
    meter.hold_again(Calendar(uow))
    uow.session.flush()
    return back


def quota_window(uow: Uow, entitlement: Metered, at: datetime | None = None) -> str:
    """The window of a quota that a moment (by default now) lies in, in the buyer's time zone: its day or its month."""
    months = Calendar(uow).of(entitlement.organisation_id)
    return quota_label(months, entitlement.limits.get("quota_period"), at or uow.now())


def take_quota(uow: Uow, entitlement: Metered, window: str, calls: int) -> int:
    """Take up to so many calls from the quota of a window (see ``quota_window``); answers how many it had.

    Where the licence counts the uses of its whole term, they are taken from these too.
    """
    quota, count = entitlement.limits.get("quota"), entitlement.limits.get("count")
    if count is None:
        return _take(uow, entitlement, window, calls, quota)
    left = _take(uow, entitlement, TERM, calls, count)
    taken = _take(uow, entitlement, window, left, quota)
    _give_back(uow, entitlement.id, TERM, left - taken)
    return taken


def return_quota(uow: Uow, entitlement_id: str, window: str, calls: int) -> int:
    """Give back what was taken from that window and not used; answers how many calls that were."""
    term = _quota(uow, entitlement_id, TERM)  # locked before the window's, as taking does
    back = _give_back(uow, entitlement_id, window, calls)
    if term is not None:
        term.taken -= min(back, term.taken)
        uow.session.flush()
    return back


def taken_in_term(uow: Uow, entitlement_id: str) -> int:
    """The calls that were taken of a licence's count, those given out and not made yet among them."""
    row = uow.session.get(UsageQuota, (entitlement_id, TERM))
    return row.taken if row else 0


def take_trial(uow: Uow, entitlement: Metered, calls: int) -> int:
    """Take up to so many calls with test keys; answers how many were left to take."""
    return _take(uow, entitlement, TRIAL, calls, entitlement.limits.get("trial_calls") or 0)


def return_trial(uow: Uow, entitlement_id: str, calls: int) -> int:
    """Give back calls with test keys that were not made; answers how many that were."""
    return _give_back(uow, entitlement_id, TRIAL, calls)


def _take(uow: Uow, entitlement: Metered, label: str, calls: int, limit: int | None) -> int:
    opened(uow, entitlement)
    row = {"entitlement_id": entitlement.id, "label": label, "taken": 0}
    insert_missing(uow, UsageQuota, [row])
    quota = _quota(uow, entitlement.id, label)
    assert quota is not None
    taken = max(0, calls if limit is None else min(calls, limit - quota.taken))
    quota.taken += taken
    uow.session.flush()
    return taken


def _give_back(uow: Uow, entitlement_id: str, label: str, calls: int) -> int:
    quota = _quota(uow, entitlement_id, label)
    if quota is None or calls <= 0:
        return 0
    back = min(calls, quota.taken)
    quota.taken -= back
    uow.session.flush()
    return back


def _quota(uow: Uow, entitlement_id: str, label: str) -> UsageQuota | None:
    chosen = select(UsageQuota).where(UsageQuota.entitlement_id == entitlement_id, UsageQuota.label == label)
    found = uow.session.execute(chosen.with_for_update(), execution_options={"populate_existing": True})
    return found.scalar_one_or_none()


__all__ = [
    "begin_part",
    "credit",
    "fund",
    "load",
    "open_meter",
    "quota_window",
    "return_quota",
    "return_trial",
    "take_quota",
    "take_trial",
    "taken_in_term",
    "unfund",
]
