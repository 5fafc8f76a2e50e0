"""What contracts refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class ContractNotFound(NotFound):
    code, title = "contract_not_found", "There is no contract yet"


class AlreadySigned(Conflict):
    code, title = "already_signed", "This side has signed already"
