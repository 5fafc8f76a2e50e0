"""What pages owe to the people who use them: headers, forms of our own only, cookies, no open redirects."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_every_calendar_is_refused_by_its_field(browser: Open, house: House, day: str) -> None:
    owner = build.organisation(house)
    listing = build.draft(house, owner)
    supplier = browser().sign_in(owner)
    officer = browser().sign_in(build.platform_person(house, "officer"))
    operator = browser().sign_in(build.platform_person(house, "operator"))
    clearance = {
        "organisation_id": owner.organisation_id, "mechanism": "standard_contract", "number": "7",
        "valid_from": "2026-01-01", "valid_until": "2999-01-01",
    }  # fmt: skip
    told = {"text_zh": "停机维护", "text_en": "Down for repair", "shows_until": "2999-01-01T00:00"}
    forms: list[tuple[Browser, str, dict[str, Any], str]] = [
        (supplier, f"/listings/{listing.id}/invitees", {"organisation": owner.organisation_id}, "until"),
        (supplier, "/onboarding", {"version": 1, "name": "Weather", "statement": "So."}, "until-authorisation"),
        (officer, "/clearances", clearance, "valid_from"), (officer, "/clearances", clearance, "valid_until"),
        (operator, "/announcements", told, "shows_from"), (operator, "/announcements", told, "shows_until"),
    ]  # fmt: skip
    for who, address, form, name in forms:
        given = f"{day}T00:00" if name.startswith("shows") else day
        page = who.send(address, 422, **form | {name: given}).get_data(as_text=True)
        assert name in page
    assert "from" in supplier.get(f"/statement-of-account?from={day}&to={day}", 422)
    supplier.get(f"/usage?by=hour&until={day}T00:00:00Z")
