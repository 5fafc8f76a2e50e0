"""What subjects refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class SubjectNotFound(NotFound):
    code, title = "subject_not_found", "There is no such person"


class SubjectForgotten(Conflict):
    code, title = "subject_forgotten", "This person's particulars were erased"
