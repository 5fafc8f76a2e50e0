"""What notices refuse."""

from __future__ import annotations

from core.problems import NotFound


class NoticeNotFound(NotFound):
    code, title = "notice_not_found", "There is no such notice"
