"""What OAuth's own pages refuse, each with a stable code. The token endpoint answers as RFC 6749 says instead."""

from __future__ import annotations

from core.problems import Conflict, Forbidden, NotFound, Unauthenticated


class ClientNotFound(NotFound):
    code, title = "client_not_found", "There is no such client"


class ClientRevoked(Conflict):
    code, title = "client_revoked", "The client was revoked"


class TooManyClients(Conflict):
    code, title = "too_many_clients", "The organisation has as many clients as it may have"


class CredentialUnknown(Unauthenticated):
    code, title = "credential_unknown", "This credential is not known"


class CredentialExpired(Unauthenticated):
    code, title = "credential_expired", "This credential has expired"


class CredentialRevoked(Unauthenticated):
    code, title = "credential_revoked", "This credential was revoked"


class TokenInvalid(Unauthenticated):
    code, title = "token_invalid", "This access token is not valid"


class OrganisationSuspended(Forbidden):
    code, title = "organisation_suspended", "The organisation is suspended"
