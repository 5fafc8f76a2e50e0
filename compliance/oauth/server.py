"""The authorization server: Authlib's, kept to one grant, and told how this house keeps clients and tokens."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any
from urllib.parse import unquote_plus

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Payload, OAuth2Request, TokenMixin
from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    UnauthorizedClientError,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint

from compliance.oauth import queries, service, signing, tokens
from compliance.oauth.service import Credentials
from compliance.oauth.types import SCOPE, TOKEN_LIFE
from core.house import House
from core.problems import Unavailable

GRANT = "client_credentials"
METHODS = ["client_secret_basic", "client_secret_post"]


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client as Authlib asks for it."""

    def __init__(self, known: Credentials) -> None:
        self.known = known

    def get_client_id(self) -> str:
        return self.known.client_id

    def check_client_secret(self, client_secret: str) -> bool:
        return self.known.opened_by(client_secret)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method in METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The one scope there is, also for who asks for none; None refuses."""
        return SCOPE if not scope or set(scope.split()) == {SCOPE} else None


class Token(TokenMixin):  # type: ignore[misc]
    """A token that is to be revoked, as Authlib asks for it."""

    def __init__(self, known: tokens.AccessToken) -> None:
        self.known = known

    def check_client(self, client: Client) -> bool:
        return self.known.client_id == client.get_client_id()


class Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if self.request.client.known.suspended:
            raise UnauthorizedClientError("The organisation of this client is suspended.")


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = METHODS

    def check_params(self, request: OAuth2Request, _client: Client) -> None:
        """A hint helps nobody: there is one kind of token."""
        if not request.form.get("token"):
            raise InvalidRequestError("The token is missing.")

    def query_token(self, text: str, _hint: str | None) -> Token | None:
        known = self.server.read_token(text)
        return None if known is None else Token(known)

    def revoke_token(self, token: Token, _request: OAuth2Request) -> None:
        self.server.house.db.write(lambda uow: service.revoke_token(uow, token.known))


class Form(OAuth2Payload):  # type: ignore[misc]
    """Parameters of the body only: those of an address end in logs."""

    def __init__(self, form: Any) -> None:
        self.form = form

    @property
    def data(self) -> Any:
        return self.form

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: self.form.getlist(name) for name in self.form})


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """Flask's request as Authlib reads it. TLS ends before us, so the scheme that we see says nothing."""

    def __init__(self, request: flask.Request) -> None:
        super().__init__(request.method, f"https://{request.host}{request.path}", headers=request.headers)
        self._posted = request.form
        self.payload = Form(request.form)

    @property
    def form(self) -> Any:
        return self._posted


class Server(AuthorizationServer):  # type: ignore[misc]
    """Client credentials in, access tokens out."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.scopes_supported = [SCOPE]
        seconds = int(TOKEN_LIFE.total_seconds())
        self.register_token_generator("default", BearerTokenGenerator(self._write_token, expires_generator=seconds))
        self.register_client_auth_method("client_secret_basic", _by_header)
        self.register_grant(Grant)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Client:
        """Never None: who asks for a client that is not there learns nothing from the answer."""
        return Client(self.house.db.read(lambda uow: service.credentials(uow, client_id)))

    def save_token(self, _token: Any, request: OAuth2Request) -> None:
        service.note_token_taken(self.house, request.client.known)

    def authenticate_client(self, request: OAuth2Request, methods: Any, endpoint: str = "token") -> Client:
        try:
            found: Client = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError:
            raise InvalidClientError("The client is not known, or its secret is wrong.", status_code=401) from None
        return found

    def get_token_grant(self, request: OAuth2Request) -> Any:
        asked = request.payload.grant_type
        if not asked:
            raise InvalidRequestError("grant_type is missing.")
        if asked != GRANT:
            raise UnsupportedGrantTypeError(re.sub(r"[^\w:./-]", "?", asked[:80], flags=re.ASCII))
        return super().get_token_grant(request)

    def create_oauth2_request(self, _request: Any) -> FormRequest:
        return FormRequest(flask.request)

    def read_token(self, text: str) -> tokens.AccessToken | None:
        known = self.house.db.read(queries.public_keys)
        issuer, now = self.house.settings.web_address, self.house.clock.now()
        return tokens.read(text, known, issuer=issuer, now=now)

    def _write_token(self, client: Client, **_options: Any) -> str:
        key = self.house.db.read(signing.current)
        if key is None:
            self.house.db.write(signing.ensure)
            key = self.house.db.read(signing.current)
        if key is None:
            raise Unavailable("There is no key to sign with.")
        return tokens.write(
            key, issuer=self.house.settings.web_address, client_id=client.known.client_id,
            organisation_id=client.known.organisation_id, now=self.house.clock.now(),
        )  # fmt: skip


def _by_header(query_client: Any, _request: OAuth2Request) -> Client | None:
    """Basic, with both parts form-encoded, as RFC 6749 section 2.3.1 has it."""
    given = flask.request.authorization
    if given is None or given.type != "basic" or not given.username or not given.password:
        return None
    client: Client = query_client(unquote_plus(given.username))
    return client if client.check_client_secret(unquote_plus(given.password)) else None
