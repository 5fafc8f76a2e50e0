"""What documents refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound, TooLarge


class DocumentNotFound(NotFound):
    code, title = "document_not_found", "There is no such document"


class DocumentTooLarge(TooLarge):
    code, title = "document_too_large", "The document is too large"


class DocumentQuotaReached(Conflict):
    code, title = "document_quota_reached", "Your organisation has handed in as many documents as it may"


class DocumentInvalid(Invalid):
    code, title = "document_invalid", "This is not a document that can be handed in"
