"""The language and the theme of a page: asked for, remembered in a cookie, or taken from the browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import flask
from flask_babel import Babel
from markupsafe import Markup

from compliance.identity.types import OrganisationSnapshot
from core import speech

LANGUAGES = ("zh", "en")
THEMES = ("light", "dark")
LANGUAGE_COOKIE = "piaohao_language"
THEME_COOKIE = "piaohao_theme"
A_YEAR_S = 365 * 24 * 3600
_TRANSLATIONS = Path(__file__).parent / "translations"


def install(app: flask.Flask) -> None:
    """English message ids, Chinese from the committed catalogue."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_TRANSLATIONS)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=choose)
    app.jinja_env.globals.update(_=_shown, gettext=_shown)


def _shown(text: str, /, **values: object) -> Markup:
    """As Jinja's own function, which calls three others for each of a page's hundreds of texts."""
    found = Markup(speech.gettext(text))  # noqa: S704  (our own texts)
    return found % values if "%" in found else found


def choose() -> str:
    """The language of this request. Chinese unless somebody said otherwise; the API speaks English then."""
    if not flask.has_request_context():
        return "zh"
    asked = flask.request.args.get("lang") or flask.request.cookies.get(LANGUAGE_COOKIE)
    if asked in LANGUAGES:
        return asked
    unasked = "en" if flask.request.path.startswith("/api/") else "zh"
    return flask.request.accept_languages.best_match(LANGUAGES, default=unasked) or unasked


def language() -> str:
    """``zh`` or ``en``."""
    return speech.language()


def theme() -> str:
    """``light``, ``dark`` or nothing: as the system has it."""
    asked = flask.request.cookies.get(THEME_COOKIE, "")
    return asked if asked in THEMES else ""


def remember(response: flask.Response) -> None:
    """Keep a language that was asked for by the address."""
    asked = flask.request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, asked, max_age=A_YEAR_S, samesite="Lax")


def here_in(other: str) -> str:
    """The address of this page in another language."""
    given = [(key, value) for key, value in flask.request.args.items(multi=True) if key != "lang"]
    return f"{flask.request.path}?{urlencode([*given, ('lang', other)])}"


def plain(text: Mapping[str, str] | str | None) -> str:
    """A listing's text in the page's language, or in the one it has."""
    if not isinstance(text, Mapping):
        return text or ""
    return text.get(language()) or next((value for value in text.values() if value), "")


def local(text: Mapping[str, str] | str | None) -> str | Markup:
    """The same for a page: a text in the other language is marked as such for those who listen to it."""
    if not isinstance(text, Mapping) or text.get(language()):
        return plain(text)
    other = next((key for key, value in text.items() if value), None)
    return "" if other is None else Markup('<span lang="%s">%s</span>') % (other, text[other])


def called(organisation: OrganisationSnapshot | None) -> str:
    """An organisation's name in the page's language, if it has one there."""
    if organisation is None:
        return ""
    return organisation.name_en if language() == "en" and organisation.name_en else organisation.name


def said(text: str) -> str | Markup:
    """A message of the domain in the page's language; one without translation is marked as English."""
    translated = speech.say(text)
    if language() == "en" or translated != text or not text.isascii() or not text:
        return translated
    return Markup('<span lang="en">%s</span>') % text
