"""What every page has: the blueprint, rendering, units of work, security headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import flask
from werkzeug.wrappers import Response

from core.db import Uow
from core.problems import DomainError, Unauthenticated
from exchange.web import language, repeats
from exchange.web.session import actor, house, keep_visitor, refuse_foreign_forms

T = TypeVar("T")
FOR_PROGRAMS = ("/api/", "/oauth/", "/.well-known/", "/log/")
"""Addresses below which no browser is expected: no pages, no cookies."""
STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

pages = flask.Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
pages.before_request(refuse_foreign_forms)


def read(work: Callable[[Uow], T]) -> T:
    """One snapshot for all that a page shows. Who asks is known before the unit opens."""
    actor()
    return house().db.read(work)


def act(work: Callable[[Uow], T]) -> T:
    """One command of a form; the same form sent twice carries it out once. Raises SentAlready the second time."""
    who, key = actor(), repeats.key_of_request()
    made = house().db.write(lambda uow: repeats.once(uow, who, key, work))
    repeats.carried_out(key)
    return made


def signed_in() -> None:
    """Raises Unauthenticated, which a page answers with the sign-in form."""
    if not actor().signed_in:
        raise Unauthenticated("This page belongs to an account.")


def render(template: str, status: int = 200, **context: Any) -> flask.Response:
    response = flask.make_response(flask.render_template(template, **context), status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def done(notice: str, endpoint: str, **values: Any) -> flask.Response:
    """Send the browser on after a command; ``notice`` is the code of what the next page says first."""
    target = flask.url_for(endpoint, done=notice, **values)
    response = flask.redirect(target, 303)
    repeats.remember(house(), actor(), target)
    return flask.make_response(response)


def again(page: Callable[..., Response]) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """For the command of a form: what is refused is shown on ``page``, which is called as the command was and told why.

    A stranger is sent to sign in all the same.
    """

    def around(command: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(command)
        def call(**values: Any) -> Response:
            try:
                return command(**values)
            except Unauthenticated:
                raise
            except DomainError as problem:
                return page(**values, problem=problem)

        return call

    return around


@lru_cache(maxsize=64)
def _mark(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return flask.url_for("web.static", filename=name, v=_mark(name))


def _as_asked(response: flask.Response) -> bool:
    """Whether this is the very content that the address names: another version of the program has another."""
    name = flask.request.path.removeprefix("/static/")
    return response.status_code in (200, 206, 304) and flask.request.args.get("v") == _mark(name)


def finish(response: flask.Response) -> flask.Response:
    """Security headers everywhere; cookies and caching of pages."""
    if flask.request.path.startswith(FOR_PROGRAMS):
        return response
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if flask.request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if _as_asked(response) else "no-cache"
        return response
    language.remember(response)
    keep_visitor(response)
    return response
