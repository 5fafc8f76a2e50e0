"""What requests refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Forbidden, Invalid, NotFound


class RequestNotFound(NotFound):
    code, title = "request_not_found", "There is no such request"


class CodeWrong(Forbidden):
    code, title = "code_wrong", "This is not the code of the letter"


class CodeExpired(Conflict):
    code, title = "code_expired", "The code was not used in time; please ask again"


class RequestStateConflict(Conflict):
    code, title = "request_state_conflict", "The request is not in a state that allows this"


class TasksOpen(Conflict):
    code, title = "tasks_open", "Suppliers have not answered yet"


class ParticularsInvalid(Invalid):
    code, title = "particulars_invalid", "These particulars cannot be right"
