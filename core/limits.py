"""The limits of calls: one document that offers keep, orders copy and gateways enforce.

A quota says its period, or it has none; a burst is at least one second's rate, or a steady caller
would be refused at the rate that was sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.problems import Invalid, Sentence

MOST_PER_SECOND = 100_000
MOST_COUNT = 2**53 - 1
PERIODS = ("day", "month")
_BOUNDS = {
    "rate_per_second": (1, MOST_PER_SECOND), "burst": (1, MOST_PER_SECOND), "concurrency": (1, 10_000),
    "trial_calls": (0, 1_000_000),
}  # fmt: skip


class LimitsInvalid(Invalid):
    code, title = "limits_invalid", "These are not limits of calls"


@dataclass(frozen=True)
class Limits:
    """What one entitlement may do: a rate with its burst, calls at once, calls in a period, calls with test keys."""

    rate_per_second: int = 50
    burst: int = 100
    concurrency: int = 20
    quota: int | None = None
    quota_period: str | None = None
    trial_calls: int = 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse(document: object, *, at: str = "limits") -> Limits:
    """Check a document; what it leaves out has its default. Raises LimitsInvalid naming the first wrong field."""
    if not isinstance(document, Mapping):
        raise LimitsInvalid("Limits are an object.", field=at)
    known = Limits.__dataclass_fields__
    for name in document:
        if name not in known:
            shown = str(name)[:40]
            raise LimitsInvalid(Sentence("There is no limit %(name)s.", name=shown), field=f"{at}.{shown}")
    for name, (least, most) in _BOUNDS.items():
        if name in document:
            _check_count(document[name], least, most, f"{at}.{name}")
    return _whole(Limits(**document), document, at)


def _whole(limits: Limits, document: Mapping[str, Any], at: str) -> Limits:
    if limits.quota is not None:
        _check_count(limits.quota, 1, MOST_COUNT, f"{at}.quota")
    if limits.quota_period not in (None, *PERIODS):
        raise LimitsInvalid(Sentence("Choose one of %(names)s.", names=", ".join(PERIODS)), field=f"{at}.quota_period")
    if (limits.quota is None) != (limits.quota_period is None):
        raise LimitsInvalid("A quota and its period belong together.", field=f"{at}.quota_period")
    if "burst" not in document:
        return Limits(**(limits.document() | {"burst": max(limits.burst, limits.rate_per_second)}))
    if limits.burst < limits.rate_per_second:
        raise LimitsInvalid("The burst is at least the rate of one second.", field=f"{at}.burst")
    return limits


def _check_count(value: object, least: int, most: int, field: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise LimitsInvalid(
            Sentence("This must be a whole number from %(least)s to %(most)s.", least=least, most=most), field=field
        )
