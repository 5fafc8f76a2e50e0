"""What requests refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class RequestNotFound(NotFound):
    code, title = "request_not_found", "There is no such request"


class CodeWrong(NotFound):
    """Also told of an id that nobody has: without the code nobody learns whether there is such a request."""

    code, title = "code_wrong", "No request opens with this code"


class CodeExpired(Conflict):
    code, title = "code_expired", "The code was not used in time; please ask again"


class RequestStateConflict(Conflict):
    code, title = "request_state_conflict", "The request is not in a state that allows this"


class TasksOpen(Conflict):
    code, title = "tasks_open", "Suppliers have not answered yet"


class ParticularsInvalid(Invalid):
    code, title = "particulars_invalid", "These particulars cannot be right"
