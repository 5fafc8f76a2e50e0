"""What OAuth's own pages refuse, each with a stable code. The token endpoint answers as RFC 6749 says instead."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class ClientNotFound(NotFound):
    code, title = "client_not_found", "There is no such client"


class ClientRevoked(Conflict):
    code, title = "client_revoked", "The client was revoked"


class TooManyClients(Conflict):
    code, title = "too_many_clients", "The organisation has as many clients as it may have"
