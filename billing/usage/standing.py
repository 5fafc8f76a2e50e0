"""Where an entitlement stands: its limits, what is left of them, what is given out, and the money behind it."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from billing import rating
from billing.ledger.queries import balance
from billing.rating import LineKind
from billing.usage.holding import Calendar, plan_in, plan_of
from billing.usage.models import UsageHold, UsageQuota, UsageWindow
from billing.usage.series import cost_of_window
from billing.usage.types import QUARTER_S, TRIAL, Count, Standing, WindowCost
from core.db import Uow
from core.months import Months
from core.plans import PricePlan, free


def standing_of(uow: Uow, hold: UsageHold, *, money: bool) -> Standing:
    """``money`` says whether the buyer's balance and what is held of it are told."""
    plan = plan_of(uow, hold.plan_hash)
    limits = json.loads(hold.limits or "{}")
    calendar = Calendar(uow)
    window = quota_label(calendar.of(hold.organisation_id), limits.get("quota_period"), uow.now())
    now = _now(uow, calendar, hold, plan)
    here = plan_in(_window(uow, hold, now), plan) if plan else None
    funds = balance(uow, hold.organisation_id, hold.currency) if money else None
    return Standing(
        entitlement_id=hold.entitlement_id, order_id=hold.order_id, listing_id=hold.listing_id,
        plan=plan.document() if plan else free(), limits=limits,
        quota=Count(window, limits.get("quota"), _taken(uow, hold, window)),
        trial=Count(None, limits.get("trial_calls") or 0, _taken(uow, hold, TRIAL)), given_out=hold.leased,
        free_left=_free_left(plan, now), units_left=_units_left(here, now, hold.leased), now=now,
        held=hold.held if money else None, balance=funds.balance if funds else None,
        available=funds.available if funds else None, currency=hold.currency or uow.house.settings.currency,
    )  # fmt: skip


def quota_label(months: Months, period: str | None, moment: datetime) -> str:
    """The window of a quota that a moment lies in: its month, or with the period ``day`` its day."""
    month = months.period_of(moment)
    return moment.astimezone(ZoneInfo(month.zone)).date().isoformat() if period == "day" else month.label


def _taken(uow: Uow, hold: UsageHold, label: str) -> int:
    row = uow.session.get(UsageQuota, (hold.entitlement_id, label))
    return row.taken if row else 0


def _now(uow: Uow, calendar: Calendar, hold: UsageHold, plan: PricePlan | None) -> WindowCost | None:
    if plan is None:
        return None
    label = rating.window_label(plan, calendar.month(hold.organisation_id, int(uow.now().timestamp()) // QUARTER_S))
    key = {"entitlement_id": hold.entitlement_id, "plan_hash": str(hold.plan_hash), "label": label}
    row = uow.session.get(UsageWindow, tuple(key.values()))
    return cost_of_window(uow, hold, plan, row or UsageWindow(**key, quantity=0, rated=0, invoiced=0))


def _window(uow: Uow, hold: UsageHold, now: WindowCost | None) -> UsageWindow | None:
    return uow.session.get(UsageWindow, (hold.entitlement_id, str(hold.plan_hash), now.label)) if now else None


def _free_left(plan: PricePlan | None, now: WindowCost | None) -> int | None:
    quota = (plan.usage or plan).free_quota if plan else None
    if plan is None or now is None or quota is None:
        return None
    return quota - sum(line.quantity for line in rating.rate_quantity(plan, now.quantity) if line.kind is LineKind.FREE)


def _units_left(plan: PricePlan | None, now: WindowCost | None, leased: int) -> int | None:
    bought = rating.capacity(plan) if plan else None
    if plan is None or now is None or bought is None:
        return None
    return max(0, bought - now.quantity - leased)
