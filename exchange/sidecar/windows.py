"""When the window of a quota ends, in the buyer's time zone: what a gateway holds of it is void from then on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from compliance.identity.queries import months_of
from core.db import Uow
from exchange.trading.types import CompiledEntitlement


def quota_until(uow: Uow, entitlement: CompiledEntitlement) -> datetime | None:
    """The end of the present window; None without a quota."""
    period = entitlement.limits.get("quota_period")
    if period is None:
        return None
    month = months_of(uow, entitlement.organisation_id).period_of(uow.now())
    return min(month.ends_at, _midnight(uow.now(), month.zone)) if period == "day" else month.ends_at


def _midnight(moment: datetime, zone: str) -> datetime:
    """The next one there, in UTC."""
    tomorrow = moment.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
