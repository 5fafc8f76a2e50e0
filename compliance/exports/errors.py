"""What exports refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Forbidden, Invalid, NotFound


class ExportBlocked(Forbidden):
    code, title = "export_blocked", "Data of this tier does not leave the country"


class ExportThresholdReached(Forbidden):
    code, title = "export_threshold_reached", "Too many persons' data would leave the country this year"


class ExportNotCountable(Forbidden):
    code, title = "export_not_countable", "The persons in this data cannot be counted, so it does not leave the country"


class PersonsLost(Forbidden):
    code, title = "export_persons_lost", "What tells of the persons in exported data is lost or damaged"


class ClearanceNotFound(NotFound):
    code, title = "clearance_not_found", "There is no such clearance"


class ClearanceInvalid(Invalid):
    code, title = "clearance_invalid", "The clearance cannot be recorded like this"


class ClearanceEnded(Conflict):
    code, title = "clearance_ended", "The clearance was withdrawn already"


REFUSALS = {each.code: each for each in (ExportBlocked, ExportThresholdReached, ExportNotCountable, PersonsLost)}
