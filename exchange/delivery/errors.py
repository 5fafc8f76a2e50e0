"""What delivery refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, DomainError, NotFound, Unavailable


class DeliveryFileNotFound(NotFound):
    code, title = "file_not_found", "This order has no such file"


class NoGateway(Conflict):
    code, title = "no_gateway", "This exchange has no gateway: it delivers files itself"


class RangeNotSatisfiable(DomainError):
    code, status, title = "range_not_satisfiable", 416, "The file has no such range"


class DownloadsBusy(Unavailable):
    code, title = "downloads_busy", "All download places are taken"


class DeliveryFailed(Unavailable):
    code, title = "delivery_failed", "The platform cannot deliver this file; the order was refunded"
