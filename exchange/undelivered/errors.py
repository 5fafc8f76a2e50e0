"""What is refused of dead letters."""

from __future__ import annotations

from core.problems import NotFound


class UndeliveredNotFound(NotFound):
    code, title = "undelivered_not_found", "There is no such undelivered event; it may have been tried again already"
