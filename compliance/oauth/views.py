"""HTTP routes of clients. Those that show a secret keep no answer for an idempotency key: it would be in clear."""

from __future__ import annotations

from typing import Any

from compliance.oauth import queries, service
from compliance.oauth.schemas import ClientIn, ClientOut, ClientPageOut, MadeClientOut, SecretRotateIn
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery

api = http.Api("oauth")


@api.get("/oauth-clients", query=PageQuery, answer=ClientPageOut, summary="Your organisation's clients, newest first")
def list_clients(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.clients(uow, actor, **query)


@api.post(
    "/oauth-clients", body=ClientIn, answer=MadeClientOut, status=201,
    summary="Register an OAuth client; its secret is shown this once",
)  # fmt: skip
def register(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.register(uow, actor, **body)


@api.get("/oauth-clients/<client_id>", answer=ClientOut, summary="An OAuth client, without its secret")
def show(uow: Uow, actor: Actor, client_id: str) -> Any:
    return queries.get(uow, actor, client_id)


@api.post(
    "/oauth-clients/<client_id>/rotate-secret", body=SecretRotateIn, answer=MadeClientOut, status=201,
    summary="Give it a new secret, shown this once; the old one ends after the overlap",
)  # fmt: skip
def rotate_secret(uow: Uow, actor: Actor, client_id: str, body: dict[str, Any]) -> Any:
    return service.rotate_secret(uow, actor, client_id, **body)


@api.post(
    "/oauth-clients/<client_id>/revoke", body=NoFields, answer=ClientOut,
    summary="End a client now, and with it the tokens it has",
)  # fmt: skip
def revoke(uow: Uow, actor: Actor, client_id: str, body: dict[str, Any]) -> Any:
    return service.revoke(uow, actor, client_id)
