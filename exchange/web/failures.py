"""Error pages: what happened, what it means, what to do. The API's errors stay problem documents."""

from __future__ import annotations

import hashlib
import logging
from urllib.parse import quote

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from core import http
from core.problems import Conflict, DomainError, Refused, Unauthenticated
from core.speech import lazy_gettext as _l
from exchange.web.explain import card
from exchange.web.repeats import SentAlready
from exchange.web.session import house
from exchange.web.shell import FOR_PROGRAMS, render

log = logging.getLogger("piaohao.web")


class FormSentAlready(Conflict):
    """The same form twice, and its first answer led to no page: a secret that was shown once is not shown again."""

    code, title = "form_sent_already", "This form was sent already"


MEANINGS = {
    400: _l("The request could not be understood. Go back and try again."),
    403: _l("You may know of this, but not do it. The reason stands below."),
    404: _l(
        "It may not exist, or not be open to you; both look the same. Check the address, or sign in as another member."
    ),
    405: _l("This address does not take that kind of request."),
    409: _l("Nothing was changed. The state may have moved on since you opened the page."),
    412: _l("Somebody else changed this while you had it open. Open it again and repeat your change."),
    413: _l("Nothing was stored. Send smaller files, or use the upload in parts of the API."),
    422: _l("Nothing was changed. Go back and mend the input."),
    429: _l("Too many attempts in a short time. Wait, then try again; nothing is lost."),
    500: _l("The failure was recorded under the reference below. Nothing of this step was kept."),
    503: _l("This part rests at the moment. No money and no rights have moved. Try again shortly."),
    507: _l("The store is full. Nothing was changed."),
}
TITLES = {
    400: _l("The request could not be understood"),
    403: _l("You may not do this"),
    404: _l("Nothing found here"),
    405: _l("Not possible here"),
    409: _l("This is not possible in the present state"),
    413: _l("This is larger than allowed"),
    429: _l("Too many attempts, please wait"),
    500: _l("Something went wrong on our side"),
    503: _l("This part is not available at the moment"),
}


def answer(error: Exception) -> Response:
    """The page of any error, or its problem document where programs ask."""
    if flask.request.path.startswith(FOR_PROGRAMS):
        return http.answer_error(error)
    elsewhere = _elsewhere(error)
    return flask.redirect(elsewhere, 303) if elsewhere else _shown(error)


def _shown(error: Exception) -> Response:
    if isinstance(error, SentAlready):
        return _page(409, FormSentAlready("It was carried out once, and not a second time."))
    if isinstance(error, Refused):
        house().explained(error)
    if isinstance(error, DomainError):
        return _page(error.status, error)
    if isinstance(error, HTTPException):
        if error.code is not None and error.code < 400:
            return error.get_response()
        return _page(error.code or 500)
    return _unexpected(error)


def _elsewhere(error: Exception) -> str:
    """Where people are sent instead of being shown an error: to sign in, or to what their form did already."""
    if isinstance(error, Unauthenticated) and flask.request.endpoint != "web.enter":
        return f"{flask.url_for('web.sign_in')}?next={quote(_wanted())}"
    return error.location if isinstance(error, SentAlready) else ""


def _unexpected(error: Exception) -> Response:
    reference = hashlib.sha256(f"{flask.request.path}{id(error)}".encode()).hexdigest()[:12]
    log.error("unexpected error %s", reference, exc_info=error)
    return _page(500, reference=reference)


def _page(status: int, problem: DomainError | None = None, reference: str = "") -> Response:
    response = render(
        "error.html", status, code=status, problem=problem, reference=reference,
        title=TITLES.get(status), meaning=MEANINGS.get(status, MEANINGS[400]),
        card=card(getattr(problem, "decision", None)),
    )  # fmt: skip
    if status in (429, 503):
        response.headers["Retry-After"] = str(problem.extra.get("retry_after", 5) if problem else 5)
    return response


def _wanted() -> str:
    """Where to go after signing in: the page itself, or the desk when it was a form."""
    return flask.request.full_path.rstrip("?") if flask.request.method == "GET" else "/desk"


def install(app: flask.Flask) -> None:
    app.register_error_handler(Exception, answer)
