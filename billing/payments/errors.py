"""What payments refuse."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class TopUpNotFound(NotFound):
    code, title = "top_up_not_found", "There is no such top-up"


class BankReferenceUsed(Conflict):
    code, title = "bank_reference_used", "This bank reference was already recorded"


class TopUpDecided(Conflict):
    code, title = "top_up_decided", "This top-up was already decided"
