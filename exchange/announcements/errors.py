"""What announcements refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class AnnouncementNotFound(NotFound):
    code, title = "announcement_not_found", "There is no such announcement"


class AnnouncementEnded(Conflict):
    code, title = "announcement_ended", "The announcement has ended already"


class AnnouncementTimeInvalid(Invalid):
    code, title = "announcement_time_invalid", "Choose a time that ends after it begins and after now, a year at most"
