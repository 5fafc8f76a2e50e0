"""The HTTP API: routes declared beside their views, and what is the same for all of them.

A view is declared with one decorator that says who may call, what comes in and what goes out. The
machinery authenticates, parses strictly, opens the unit of work, keeps idempotency, dumps the
answer, and turns every error into an RFC 9457 problem document. Views only call one service or
query.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import flask
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import HTTPException

from core import idempotency
from core.actor import ANONYMOUS, Actor
from core.complaints import in_each, sentences
from core.db import Uow
from core.house import House
from core.problems import (
    DomainError,
    Invalid,
    NotFound,
    PreconditionRequired,
    Refused,
    Sentence,
    TooLarge,
    Unauthenticated,
)
from core.speech import gettext, say

PREFIX = "/api/v1"
MOST_JSON_BYTES = 1 << 20
_NO_NUL = "A text may not hold NUL characters."
_MOST_SWALLOWED = 16 << 20
ANYONE = "anyone"
SIGNED_IN = "signed_in"
log = logging.getLogger("piaohao.http")

View = Callable[..., Any]
Authenticator = Callable[[House, str], Actor | None]


@dataclass(frozen=True)
class Route:
    """One method on one path, and everything the machinery needs to know of it.

    ``programs`` tells that an API key or an access token opens it as well as a session.
    """

    method: str
    path: str
    view: View
    summary: str
    kind: str  # "read", "write" or "raw"
    who: str = SIGNED_IN
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    answer: type[Schema] | None = None
    status: int = 200
    idempotent: bool = False
    if_match: bool = False
    prepare: Callable[[House, Any], Any] | None = None
    programs: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.method.lower()} {self.path}"


@dataclass
class Api:
    """The routes of one feature."""

    name: str
    routes: list[Route] = field(default_factory=list)

    def get(self, path: str, *, sensitive: bool = False, **options: Any) -> Callable[[View], View]:
        """A query; ``sensitive`` ones run in a write unit so that the read itself can be audited."""
        return self._route("GET", path, "write" if sensitive else "read", options)

    def post(self, path: str, **options: Any) -> Callable[[View], View]:
        """A command. ``prepare(house, body)`` runs before the unit opens (hashing passwords, calling others)."""
        return self._route("POST", path, "write", options)

    def put(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("PUT", path, "write", options)

    def patch(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("PATCH", path, "write", options)

    def delete(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("DELETE", path, "write", {"status": 204} | options)

    def raw(self, method: str, path: str, **options: Any) -> Callable[[View], View]:
        """A view that streams: called as ``view(house, actor, request, **path)``, opens its own units."""
        return self._route(method, path, "raw", options)

    def _route(self, method: str, path: str, kind: str, options: dict[str, Any]) -> Callable[[View], View]:
        def declare(view: View) -> View:
            options.setdefault("summary", (view.__doc__ or view.__name__).strip().split("\n")[0])
            self.routes.append(Route(method=method, path=path, view=view, kind=kind, **options))
            return view

        return declare


class GatewayCredential(Unauthenticated):
    """API keys and access tokens call interfaces; what people do takes a session."""

    code, title = "gateway_credential", "This credential opens the gateway, not the exchange's own API"


class NotJson(DomainError):
    code, status, title = "not_json", 415, "Send the body as application/json"


class BadJson(DomainError):
    code, status, title = "bad_json", 400, "The body is not valid JSON"


def mount(app: flask.Flask, house: House) -> None:
    """Register every declared route under ``/api/v1``, and the problem documents for the rest of it."""
    blueprint = flask.Blueprint("api", __name__, url_prefix=PREFIX)
    for api in house.apis:
        for route in api.routes:
            blueprint.add_url_rule(
                route.path,
                endpoint=route.endpoint.replace(".", "_"),
                view_func=_caller(house, route),
                methods=[route.method],
            )
    blueprint.register_error_handler(Exception, answer_error)
    app.register_blueprint(blueprint)
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    """Nothing is stored under a text with a NUL, and PostgreSQL cannot even be asked for it."""
    request = flask.request
    if "\x00" in request.path:
        raise NotFound()
    for name, value in request.args.items(multi=True):
        if "\x00" in name + value:
            raise Invalid(_NO_NUL, field=name.replace("\x00", "?"))


def _caller(house: House, route: Route) -> Callable[..., flask.Response]:
    def call(**path: str) -> flask.Response:
        try:
            return _answer(house, route, path)
        except DomainError as error:
            _swallow_rest()
            if isinstance(error, Refused):
                house.explained(error)
            raise

    return call


def _answer(house: House, route: Route, path: dict[str, str]) -> flask.Response:
    actor = authenticate(house, programs=route.programs)
    if route.who == SIGNED_IN and not actor.signed_in:
        raise Unauthenticated("This needs a session.", hint="POST /api/v1/sessions gives a bearer token.")
    if route.kind == "raw":
        response: flask.Response = route.view(house, actor, flask.request, **path)
        return response
    return _run(house, route, actor, path)


def _swallow_rest() -> None:
    """Take what is still being sent: who cannot finish sending does not read why it was refused."""
    left = _MOST_SWALLOWED
    with contextlib.suppress(HTTPException, OSError):
        while left > 0 and (chunk := flask.request.stream.read(min(left, 1 << 20))):
            left -= len(chunk)


def authenticate(house: House, *, programs: bool = False) -> Actor:
    """The actor of the bearer token. The API ignores cookies, so another site cannot use a browser's session."""
    header = flask.request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    key = "" if header else flask.request.headers.get("X-Api-Key", "")
    if key or _opens_the_gateway(token.strip()):
        if not programs or house.programs is None:
            raise GatewayCredential("Nothing was done.", hint="POST /api/v1/sessions gives a token for this API.")
        return house.programs(house, key or token.strip())
    if not header:
        return ANONYMOUS
    actor = None
    if scheme.lower() == "bearer" and token and house.authenticator is not None:
        actor = house.authenticator(house, token.strip())
    if actor is None:
        raise Unauthenticated("The bearer token is unknown or has ended.", hint="Sign in again.")
    return actor


def _opens_the_gateway(token: str) -> bool:
    """Whether it is spelled as an API key, or as a JWT: three parts."""
    return token.startswith(("ph_live_", "ph_test_")) or token.count(".") == 2


def _run(house: House, route: Route, actor: Actor, path: dict[str, str]) -> flask.Response:
    arguments: dict[str, Any] = dict(path)
    if route.query is not None:
        arguments["query"] = load(route.query, flask.request.args.to_dict(), where="query")
    raw_body = b""
    if route.body is not None:
        raw_body = _read_body()
        arguments["body"] = load(route.body, parse_json(raw_body), where="body")
    if route.if_match:
        arguments["if_match"] = _if_match()
    if route.prepare is not None:
        arguments["body"] = route.prepare(house, arguments.get("body"))

    def work(uow: Uow) -> tuple[int, Any, bool]:
        def act() -> tuple[int, Any]:
            return route.status, dump(route.answer, route.view(uow, actor, **arguments))

        key = flask.request.headers.get("Idempotency-Key")
        if key is None or not route.idempotent:
            return *act(), False
        digest = idempotency.request_hash(route.method, flask.request.full_path, raw_body)
        return idempotency.once(uow, actor, idempotency.check_key(key), digest, act)

    unit = house.db.read if route.kind == "read" else house.db.write
    status, answer, replayed = unit(work)
    return respond(status, answer, replayed=replayed)


def load(schema: type[Schema], data: Any, *, where: str) -> Any:
    """Parse strictly; raises Invalid naming the first field that is wrong, with all of them in ``errors``."""
    spoilt = _nul_in(data)
    if spoilt is not None:
        raise Invalid(_NO_NUL, field=spoilt)
    try:
        return schema(unknown="exclude" if where == "query" else "raise").load(data)
    except ValidationError as error:
        said = sentences(error.messages)
        messages = said if isinstance(said, dict) else {"_schema": said}
        name, text = _first(messages)
        raise Invalid(text, field=name, errors=messages) from None


def read_body(schema: type[Schema]) -> Any:
    """The JSON body of a raw route, parsed as strictly as every other body."""
    return load(schema, parse_json(_read_body()), where="body")


def _nul_in(data: Any) -> str | None:
    """The place of a text with a NUL in it: the path of its field, that of the object for the name of one."""
    waiting = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and "\x00" in value:
            return place
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, each in inner:
            if "\x00" in str(key):
                return place
            waiting.append((f"{place}.{key}" if place else str(key), each))
    return None


def _first(messages: Any, prefix: str = "") -> tuple[str, str]:
    if isinstance(messages, dict):
        key = next(iter(messages))
        inner = prefix if key == "_schema" else f"{prefix}.{key}" if prefix else str(key)
        return _first(messages[key], inner)
    first = messages[0] if isinstance(messages, list) and messages else messages
    return prefix, first if isinstance(first, str) else str(first)


def dump(schema: type[Schema] | None, answer: Any) -> Any:
    """The wire form of what a view returned; dictionaries pass when no schema is declared."""
    return answer if schema is None else _dumper(schema).dump(answer)


@functools.cache
def _dumper(schema: type[Schema]) -> Schema:
    """Built once: making one copies every field of it, and writing with it keeps nothing."""
    return schema()


def _read_body() -> bytes:
    request = flask.request
    if (request.mimetype or "application/json") != "application/json":
        raise NotJson(Sentence("The body came as %(mimetype)s.", mimetype=request.mimetype))
    if (request.content_length or 0) > MOST_JSON_BYTES:
        raise TooLarge(Sentence("A JSON body has at most %(most)s bytes.", most=MOST_JSON_BYTES))
    body = request.stream.read(MOST_JSON_BYTES + 1)
    if len(body) > MOST_JSON_BYTES:
        raise TooLarge(Sentence("A JSON body has at most %(most)s bytes.", most=MOST_JSON_BYTES))
    return body


def parse_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no Infinity, no name twice, no half of a surrogate pair, which is no text.

    An empty body is an empty object.
    """
    if not raw.strip():
        return {}
    try:
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
        if b"\\u" in raw:
            json.dumps(parsed, ensure_ascii=False).encode()
        return parsed
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)[:200]) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return seen


def _if_match() -> int:
    header = flask.request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequired("Two people may edit this.", hint="Send If-Match with the ETag you read.")
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:
        raise Invalid("If-Match must be the ETag of an earlier answer.", field="If-Match")
    return int(text)


def respond(status: int, answer: Any, *, replayed: bool = False) -> flask.Response:
    """A JSON answer, as every route gives it; raw views call this for answers that are not streams."""
    if status == 204:
        return flask.Response(status=204)
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    response = flask.Response(body, status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    if isinstance(answer, dict) and isinstance(answer.get("version"), int):
        response.headers["ETag"] = f'"{answer["version"]}"'
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def attachment(name: str, raw: bytes) -> flask.Response:
    """Bytes that somebody sent us, as a download that no browser shows in the exchange's own name."""
    response = flask.Response(raw, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def table(name: str, parts: Iterable[str]) -> flask.Response:
    """A table as a download, sent while it is read."""
    response = flask.Response((part.encode() for part in parts), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def answer_error(error: Exception) -> flask.Response:
    """The problem document of any error. What is not ours is logged with an id and shows nothing of itself."""
    if isinstance(error, DomainError):
        return problem_response(error)
    if isinstance(error, HTTPException):
        return problem_response(_from_http(error))
    reference = hashlib.sha256(f"{flask.request.path}{id(error)}".encode()).hexdigest()[:12]
    log.error("unexpected error %s", reference, exc_info=error)
    body = {"type": "/problems/internal", "title": gettext("Something went wrong on our side"), "status": 500,
            "code": "internal", "reference": reference}  # fmt: skip
    return _problem(500, body)


class _Http(DomainError):
    def __init__(self, code: str, status: int, title: str) -> None:
        super().__init__()
        self.__dict__.update(code=code, status=status, title=title)


def _from_http(error: HTTPException) -> DomainError:
    if error.code == 404:
        return NotFound()
    if error.code == 413:
        return TooLarge()
    name = (error.name or "error").lower().replace(" ", "_")
    return _Http(name, error.code or 500, error.name or "Error")


def problem_response(error: DomainError) -> flask.Response:
    body = error.problem()
    body |= {name: say(body[name]) for name in ("title", "detail", "hint") if body.get(name)}
    if "errors" in body:
        body["errors"] = in_each(body["errors"], say)
    response = _problem(error.status, body)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503):
        response.headers["Retry-After"] = str(error.extra.get("retry_after", 1))
    return response


def _problem(status: int, body: dict[str, Any]) -> flask.Response:
    text = json.dumps(body, ensure_ascii=False, default=str)
    response = flask.Response(text, status=status, content_type="application/problem+json; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
