"""Who looks at the page: the session cookie, and the two proofs that a form came from our own page."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import flask

from compliance.identity import service as identity
from core.actor import ANONYMOUS, Actor
from core.house import House
from core.keyring import new_token
from core.problems import Forbidden

SESSION_COOKIE = "piaohao_session"
VISITOR_COOKIE = "piaohao_visitor"
_TOKEN_BYTES = 20


class FormNotOurs(Forbidden):
    code, title = "form_not_ours", "This form has expired or did not come from this site"


def house() -> House:
    """The house this process serves."""
    found: House = flask.current_app.extensions["house"]
    return found


def actor() -> Actor:
    """Who the cookie says it is; read once for each request."""
    if "actor" not in flask.g:
        flask.g.actor = _actor_of_cookie()
    known: Actor = flask.g.actor
    return known


def _actor_of_cookie() -> Actor:
    token = flask.request.cookies.get(SESSION_COOKIE, "")
    return (identity.authenticate(house(), token) if token else None) or ANONYMOUS


def csrf_token() -> str:
    """What a form must send back: bound to the session, or to a visitor's cookie before there is one."""
    return house().keyring.mac("form", _secret_of_browser().encode())[:_TOKEN_BYTES].hex()


def _secret_of_browser() -> str:
    known = flask.request.cookies.get(SESSION_COOKIE) or flask.request.cookies.get(VISITOR_COOKIE)
    if known:
        return known
    if "visitor" not in flask.g:
        flask.g.visitor = new_token()
    made: str = flask.g.visitor
    return made


def refuse_foreign_forms() -> None:
    """Raises FormNotOurs for a POST from another origin, or without the token of this browser."""
    if flask.request.method != "POST":
        return
    origin = flask.request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != flask.request.host:
        raise FormNotOurs("The form was sent by another site.")
    if not _is_ours(flask.request.form.get("csrf", "")):
        raise FormNotOurs("Open the page again and repeat the step; nothing was changed.")


def _is_ours(token: str) -> bool:
    try:
        found = bytes.fromhex(token)
    except ValueError:
        return False
    return len(found) == _TOKEN_BYTES and house().keyring.fits("form", _secret_of_browser().encode(), found)


def keep_session(response: flask.Response, token: str, expires_at: datetime) -> None:
    """Put the token where scripts cannot read it and other sites cannot send it."""
    left = int((expires_at - house().clock.now()).total_seconds())
    response.set_cookie(
        SESSION_COOKIE, token, max_age=left, httponly=True, samesite="Lax", secure=house().settings.secure_cookies
    )


def drop_session(response: flask.Response) -> None:
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax")


def keep_visitor(response: flask.Response) -> None:
    """Remember the browser a form was made for, when nobody is signed in."""
    if "visitor" in flask.g:
        response.set_cookie(
            VISITOR_COOKIE, flask.g.visitor, httponly=True, samesite="Lax", secure=house().settings.secure_cookies
        )
