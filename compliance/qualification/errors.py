"""What qualification refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class QualificationStateConflict(Conflict):
    code, title = "qualification_state", "The qualification is not in a state that allows this"


class StatementMissing(Invalid):
    code, title = "statement_missing", "A statement is missing"


class DocumentsMissing(Invalid):
    code, title = "documents_missing", "Documents that this level is proven by are missing"


class DocumentKindUnknown(NotFound):
    code, title = "document_kind_unknown", "No level asks for such a document"


class LevelNotAskedFor(Conflict):
    code, title = "level_not_asked_for", "The organisation did not ask for this level"
