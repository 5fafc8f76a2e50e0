"""What qualification refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid


class QualificationStateConflict(Conflict):
    code, title = "qualification_state", "The qualification is not in a state that allows this"


class StatementMissing(Invalid):
    code, title = "statement_missing", "A statement is missing"
