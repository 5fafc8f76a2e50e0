"""Signing in and out, registering, one's sessions, language and theme."""

from __future__ import annotations

from urllib.parse import urlsplit

import flask
from werkzeug.wrappers import Response

from compliance.identity import queries, service
from core.problems import DomainError
from exchange.web import forms, language
from exchange.web.session import actor, drop_session, house, keep_session
from exchange.web.shell import act, done, pages, read, render, signed_in


@pages.get("/sign-in", endpoint="sign_in")
def sign_in_form(problem: DomainError | None = None) -> flask.Response:
    wanted = flask.request.values.get("next", "")
    status = problem.status if problem else 200
    return render(
        "account/sign_in.html", status, problem=problem, next=wanted, email=flask.request.form.get("email", "")
    )


@pages.post("/sign-in", endpoint="enter")
def sign_in() -> Response:
    try:
        form = forms.load(forms.SignInForm)
        signed = service.sign_in(
            house(), email=form["email"], password=form["password"], otp=form["otp"], kind="page",
            client=flask.request.headers.get("User-Agent", ""), peer=flask.request.remote_addr or "",
        )  # fmt: skip
    except DomainError as problem:
        return sign_in_form(problem)
    target = "/settings/security" if signed.needs_factor else _safe(form["next"])
    response = flask.make_response(flask.redirect(target, 303))
    keep_session(response, signed.token, signed.expires_at)
    return response


def _safe(target: str) -> str:
    """Only an address of this site: a sign-in form must not send people elsewhere."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if inside else "/desk"


@pages.post("/sign-out")
def sign_out() -> Response:
    session_id = actor().session_id
    if session_id:
        act(lambda uow: service.end_session(uow, actor(), session_id))
    response = done("signed-out", "web.home")
    drop_session(response)
    return response


@pages.get("/register")
def register_form(problem: DomainError | None = None) -> flask.Response:
    return render("account/register.html", problem.status if problem else 200, problem=problem, form=flask.request.form)


@pages.post("/register")
def register() -> Response:
    try:
        form = forms.load(forms.RegistrationForm)
        person = service.new_person(
            name=form["name"], email=form["email"], password=form["password"], language=language.language()
        )
        act(lambda uow: service.register(
            uow, name=form["organisation"], name_en=form["organisation_en"], credit_code=form["credit_code"],
            country=form["country"], registration_number=form["registration_number"], origin=form["origin"],
            person=person,
        ))  # fmt: skip
    except DomainError as problem:
        return register_form(problem)
    return done("registered", "web.sign_in", next="/onboarding")


@pages.get("/settings/sessions")
def sessions() -> flask.Response:
    signed_in()
    who = actor()
    opened, name = read(lambda uow: (queries.sessions(uow, who), queries.account_name(uow, who.account_id or "")))
    return render("account/sessions.html", sessions=opened, name=name)


@pages.post("/settings/sessions/<session_id>/end")
def end_session(session_id: str) -> Response:
    signed_in()
    act(lambda uow: service.end_session(uow, actor(), session_id))
    return done("session-ended", "web.sessions")


@pages.post("/theme")
def set_theme() -> Response:
    chosen = flask.request.form.get("theme", "")
    response = flask.make_response(flask.redirect(_back(), 303))
    kept = chosen if chosen in language.THEMES else ""
    response.set_cookie(language.THEME_COOKIE, kept, max_age=language.A_YEAR_S if kept else 0, samesite="Lax")
    return response


def _back() -> str:
    parts = urlsplit(flask.request.referrer or "/")
    query = f"?{parts.query}" if parts.query else ""
    return _safe(parts.path + query) if parts.netloc == flask.request.host else "/"
