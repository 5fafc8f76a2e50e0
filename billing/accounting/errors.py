"""What accounting refuses."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class PeriodInvalid(Invalid):
    code, title = "period_invalid", "This is not a period"


class StatementTooLong(Invalid):
    code, title = "statement_too_long", "The statement has too many entries for one answer"


class MonthNotOver(Conflict):
    code, title = "month_not_over", "The month is not over"


class MonthClosed(Conflict):
    code, title = "month_closed", "The month is closed"


class MonthNotFound(NotFound):
    code, title = "month_not_found", "This month was not closed"


class MonthChanged(Conflict):
    code, title = "month_changed", "The trial balance is not the one that was closed"
