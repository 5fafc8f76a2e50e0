"""What freezes refuse, each with a stable code."""

from __future__ import annotations

from core.problems import NotFound


class FreezeNotFound(NotFound):
    code, title = "freeze_not_found", "There is no such freeze"
