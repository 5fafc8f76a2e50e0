"""What delivery refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, DomainError, Forbidden, Invalid, NotFound, TooLarge, TooMany, Unavailable


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


class CopyNotReady(Unavailable):
    code, title = "copy_not_ready", "Your marked copy is being made"


class CopyImpossible(Conflict):
    code, title = "copy_impossible", "The file cannot carry the mark that its tier asks for now: it is not handed out"


class DownloadNotAgreed(Forbidden):
    code, title = "download_not_agreed", "This order is delivered row by row: its contract speaks of no download"


class RowsNotAgreed(Forbidden):
    code, title = "rows_not_agreed", "This order is delivered as files: its contract speaks of no access by row"


class RowsUnavailable(Conflict):
    code, title = "rows_unavailable", "This file cannot be read row by row"


class RowQuotaExhausted(TooMany):
    code, title = "row_quota_exhausted", "The quota of rows is used up"


class TraceNotFound(NotFound):
    code, title = "trace_not_found", "There is no such trace"


class LeakUnreadable(Invalid):
    code, title = "leak_unreadable", "This file cannot be traced"


class LeakTooLarge(TooLarge):
    code, title = "leak_too_large", "The leaked file is larger than this takes"


class LinkNotBuilt(Conflict):
    code, title = "dual_control_not_built", "At this tier two people release each file, which is not built"


class GatewayNeeded(Conflict):
    code, title = "gateway_needed", "At this tier files leave by the gateway only"


class ScopeMissing(Forbidden):
    code, title = "scope_missing", "This credential is not meant for this listing"
