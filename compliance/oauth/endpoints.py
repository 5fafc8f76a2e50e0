"""The routes that OAuth's standards name, outside of the API: token, revocation, metadata, keys."""

from __future__ import annotations

import logging
from typing import Any

import flask
from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from werkzeug.exceptions import HTTPException

from compliance.identity import throttle
from compliance.identity.errors import TooManyAttempts
from compliance.oauth import queries
from compliance.oauth.server import GRANT, METHODS, Server
from compliance.oauth.types import SCOPE
from core.db import Uow
from core.house import House
from core.http import respond
from core.ids import is_id
from core.problems import DomainError

LONGEST_FORM = 16 * 1024
_FORM = "application/x-www-form-urlencoded"
_FREE_FAILURES = 5
_FREE_FAILURES_OF_A_PEER = 50
log = logging.getLogger("piaohao.oauth")


def mount(app: flask.Flask, house: House) -> None:
    """Serve the authorization server of the house."""
    server = Server(house)
    routes = flask.Blueprint("oauth", __name__)
    routes.add_url_rule("/oauth/token", "token", lambda: _guarded(server, server.create_token_response),
                        methods=["POST"])  # fmt: skip
    routes.add_url_rule("/oauth/revoke", "revoke", lambda: _guarded(server, _revocation(server)), methods=["POST"])
    routes.add_url_rule("/oauth/jwks.json", "jwks", lambda: _public({"keys": house.db.read(queries.public_keys)}))
    routes.add_url_rule("/.well-known/oauth-authorization-server", "metadata", lambda: _public(metadata(house)))
    routes.register_error_handler(Exception, _failed)
    app.register_blueprint(routes)


def metadata(house: House) -> dict[str, Any]:
    """RFC 8414."""
    issuer = house.settings.web_address
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "jwks_uri": f"{issuer}/oauth/jwks.json",
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_methods_supported": METHODS,
    }


def _revocation(server: Server) -> Any:
    return lambda: server.create_endpoint_response("revocation")


def _guarded(server: Server, answer: Any) -> flask.Response:
    """The endpoint's answer to a well-formed request; failures to authenticate are counted, and slowed down."""
    try:
        _check_form(flask.request)
        response: flask.Response = answer()
    except OAuth2Error as error:
        response = server.handle_error_response(None, error)
    if response.status_code == 401:
        _count_failure(server.house)
        response.headers["WWW-Authenticate"] = 'Basic realm="piaohao", charset="UTF-8"'
    return response


def _check_form(request: flask.Request) -> None:
    """Raises InvalidRequestError for what RFC 6749 forbids: another type, parameters twice or in the address."""
    if request.mimetype != _FORM or (request.content_length or 0) > LONGEST_FORM:
        raise InvalidRequestError(f"Send a form of at most {LONGEST_FORM} bytes as {_FORM}.")
    if request.query_string:
        raise InvalidRequestError("Send parameters in the body only.")
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        raise InvalidRequestError("A parameter stands there twice.")
    if "Authorization" in request.headers and "client_secret" in request.form:
        raise InvalidRequestError("Show the secret in the header or in the body, not in both.")


def _count_failure(house: House) -> None:
    """Raises TooManyAttempts after failures in a row. The right secret is never slowed down: a program that still has
    an old one must not stop those beside it that have the new one, and nobody guesses 256 bits."""
    keys = _counted_for(flask.request)
    house.db.read(lambda uow: throttle.check(uow, keys))
    house.db.write(lambda uow: _count(uow, keys))


def _count(uow: Uow, keys: dict[str, int]) -> None:
    for key, allowed in keys.items():
        throttle.count_failure(uow, key, allowed=allowed)


def _counted_for(request: flask.Request) -> dict[str, int]:
    """Failures count for the client and the address together: nobody can stop another's client from elsewhere."""
    peer = (request.remote_addr or "")[:45]
    given = request.authorization
    client_id = (given.username if given else None) or request.form.get("client_id", "")
    of_client = {f"oauth:{client_id}:{peer}": _FREE_FAILURES} if is_id("cli", client_id) else {}
    return of_client | {f"oauth:{peer}": _FREE_FAILURES_OF_A_PEER}


def _public(document: dict[str, Any]) -> flask.Response:
    response = respond(200, document)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _failed(error: Exception) -> flask.Response:
    """RFC 6749's shape for whatever else goes wrong; what is not ours shows nothing of itself."""
    if isinstance(error, TooManyAttempts):
        response = respond(429, {"error": "too_many_requests", "error_description": error.detail})
        response.headers["Retry-After"] = str(error.extra["retry_after"])
        return response
    if isinstance(error, DomainError):
        return respond(error.status, {"error": "temporarily_unavailable", "error_description": error.title})
    if isinstance(error, HTTPException):
        return respond(error.code or 500, {"error": "invalid_request", "error_description": error.name})
    log.error("unexpected error", exc_info=error)
    return respond(500, {"error": "server_error"})
