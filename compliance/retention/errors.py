"""What retention refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound, Refused


class HoldNotFound(NotFound):
    code, title = "hold_not_found", "There is no such legal hold"


class HoldEnded(Conflict):
    code, title = "hold_ended", "The legal hold was released already"


class MustBeKept(Refused):
    """An erasure that a hold or a term wins over; the refusal stands in the log."""

    code, title = "must_be_kept", "This must be kept"
    status = 409


class NothingToHold(Invalid):
    code, title = "nothing_to_hold", "A legal hold is placed on an id of this exchange"
