"""What interfaces refuse, each with a stable code. Errors of a document name the place in it."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound, TooLarge, TooMany, Unavailable


class InterfaceNotFound(NotFound):
    code, title = "interface_not_found", "There is no such interface"


class OpenApiCheckNotFound(NotFound):
    code, title = "openapi_check_not_found", "There is no such check of an OpenAPI document"


class OpenApiTooLarge(TooLarge):
    code, title = "openapi_too_large", "The OpenAPI document is larger than this exchange reads"


class OpenApiUnreadable(Invalid):
    code, title = "openapi_unreadable", "The document is neither JSON nor YAML"


class OpenApiTooDeep(Invalid):
    code, title = "openapi_too_deep", "The document is nested too deeply"


class OpenApiTooManyParts(Invalid):
    code, title = "openapi_too_many_parts", "The document has more parts than this exchange reads"


class OpenApiVersionUnknown(Invalid):
    code, title = "openapi_version", "Only OpenAPI 3.0 and 3.1 are read"


class OpenApiInvalid(Invalid):
    code, title = "openapi_invalid", "This is not a valid OpenAPI document"


class RemoteReference(Invalid):
    code, title = "openapi_remote_reference", "The document refers to another document"


class ReferenceBroken(Invalid):
    code, title = "openapi_reference", "A reference leads nowhere"


class OperationNotOffered(Invalid):
    code, title = "operation_not_offered", "This operation cannot be offered"


class InterfaceInvalid(Invalid):
    code, title = "interface_invalid", "The interface cannot be made like this"


class OutcomeInvalid(Invalid):
    code, title = "outcome_invalid", "The outcome of an answer cannot be read by this rule"


class UpstreamInvalid(Invalid):
    code, title = "upstream_invalid", "Calls cannot be sent to this address"


class UpstreamAddressRefused(UpstreamInvalid):
    code, title = "upstream_address_refused", "Calls may not go to this address"


class CredentialInvalid(Invalid):
    code, title = "credential_invalid", "The upstream's credential cannot be used like this"


class CredentialMissing(Conflict):
    code, title = "upstream_credential_missing", "The upstream's credential is not set yet"


class TrialInvalid(Invalid):
    code, title = "trial_invalid", "The operation cannot be called like this"


class TooBusy(Unavailable):
    code, title = "interfaces_busy", "Too much of this is going on at the moment"


class TooManyTrials(TooMany):
    code, title = "trials_too_many", "There were many trial calls; please wait"
