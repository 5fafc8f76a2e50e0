"""What the usage ledger refuses."""

from __future__ import annotations

from core.problems import Invalid, NotFound


class MeterNotFound(NotFound):
    code, title = "entitlement_not_found", "There is no such entitlement"


class CallNotFound(NotFound):
    code, title = "call_not_found", "There is no such call"


class RangeTooLong(Invalid):
    code, title = "range_too_long", "This time is too long to be shown so finely"
