"""What pages owe to the people who use them: headers, forms of our own only, cookies, no open redirects."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import flask
import pytest

import exchange.web
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]
WEB = Path(exchange.web.__file__).parent


def test_no_template_has_inline_style_or_script() -> None:
    for path in WEB.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path


def test_every_form_that_changes_something_carries_its_token() -> None:
    for path in WEB.rglob("*.html"):
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL):
            assert "csrf()" in form, (path, form[:120])


def test_security_headers(app: flask.Flask) -> None:
    headers = app.test_client().get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-store"


def test_a_form_without_its_token_changes_nothing(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    person.csrf = "0" * 40
    person.send("/sign-out", status=403)
    person.get("/desk")


def test_a_form_of_another_site_is_refused(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    answer = person.client.post("/sign-out", data={"csrf": person.csrf}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    person.get("/desk")


def test_a_token_of_one_browser_is_of_no_use_to_another(browser: Open, house: House) -> None:
    first = browser().sign_in(build.organisation(house))
    second = browser().sign_in(build.organisation(house))
    second.send("/sign-out", status=403, csrf=first.csrf)


def test_the_session_cookie_is_out_of_reach(app: flask.Flask, house: House) -> None:
    person = Browser(app)
    person.get("/sign-in")
    who = build.organisation(house)
    answer = person.send("/sign-in", email=who.email, password=build.PASSWORD)
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("piaohao_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil"])
def test_signing_in_leads_nowhere_else(browser: Open, house: House, target: str) -> None:
    person, who = browser(), build.organisation(house)
    person.get("/sign-in")
    answer = person.send("/sign-in", email=who.email, password=build.PASSWORD, next=target)
    assert answer.headers["Location"] == "/desk"


def test_the_pages_cookie_does_not_open_the_api(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    assert person.client.get("/api/v1/me").status_code == 401
