"""What periods refuse."""

from __future__ import annotations

from core.problems import Invalid, NotFound


class NotOver(Invalid):
    code, title = "period_not_over", "A period is closed when it is over"


class PlanUnknown(NotFound):
    code, title = "plan_unknown", "Nobody knows the price plan of these calls"


class StatementNotFound(NotFound):
    code, title = "statement_not_found", "There is no usage statement for this"
