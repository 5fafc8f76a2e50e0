"""What oversight refuses."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class AlertNotFound(NotFound):
    code, title = "alert_not_found", "There is no such alert"


class AlertAcknowledged(Conflict):
    code, title = "alert_acknowledged", "Somebody has acknowledged the alert already"


class TimeInvalid(Invalid):
    code, title = "time_invalid", "Choose a time of at most a year, its beginning first"
