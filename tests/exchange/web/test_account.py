"""Registering, signing in and out, language and theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.house import House
from tests import build
from tests.credit_codes import credit_code
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]
FORM: dict[str, Any] = {
    "organisation": "汾东智能识别有限公司",
    "name": "王工",
    "email": "wang@example.org",
    "password": build.PASSWORD,
}


def test_an_organisation_registers_and_signs_in(browser: Open) -> None:
    person = browser()
    person.get("/register")
    answer = person.send("/register", credit_code=credit_code(77), origin="enterprise", **FORM)
    assert answer.headers["Location"].startswith("/sign-in")
    person.get("/sign-in")
    person.send("/sign-in", email=FORM["email"], password=build.PASSWORD)
    assert "Hand in your qualification" in person.get("/desk")


def test_an_organisation_of_another_country_registers_by_its_number(browser: Open) -> None:
    person = browser()
    person.get("/register")
    refused = person.send("/register", status=422, country="DE", origin="enterprise", **FORM)
    assert 'id="field-registration_number-error"' in refused.text
    person.send("/register", country="DE", registration_number="HRB 1", origin="enterprise", **FORM)


def test_a_wrong_credit_code_is_shown_at_its_field_and_the_input_is_kept(browser: Open) -> None:
    person = browser()
    person.get("/register")
    person.send("/register", status=422, credit_code="91140100MA0K0000X7", origin="enterprise", **FORM)
    page = person.client.post("/register", data={"csrf": person.csrf, "credit_code": "9" * 18, **FORM}).text
    assert 'id="field-credit_code-error"' in page
    assert FORM["organisation"] in page
    assert build.PASSWORD not in page


def test_a_wrong_password_says_so_without_saying_which(browser: Open) -> None:
    person = browser("zh")
    person.get("/sign-in")
    answer = person.client.post("/sign-in", data={"csrf": person.csrf, "email": "x@example.org", "password": "no"})
    assert answer.status_code == 401
    assert "邮箱或密码不正确" in answer.text


def test_signing_out_ends_the_session(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    person.send("/sign-out")
    assert person.client.get("/desk").headers["Location"].startswith("/sign-in")


def test_one_ends_a_session_elsewhere(browser: Open, house: House) -> None:
    who = build.organisation(house)
    first, second = browser().sign_in(who), browser().sign_in(who)
    page = second.get("/settings/sessions")
    endings = [part.split('"')[0] for part in page.split('action="')[1:] if part.split('"')[0].endswith("/end")]
    assert endings
    for address in endings:
        second.send(address)
    assert first.client.get("/desk").status_code == 303
    second.get("/desk")


def test_the_language_is_asked_for_and_kept(app: object, browser: Open) -> None:
    person = browser("zh")
    assert 'lang="zh-CN"' in person.get("/")
    assert 'lang="en"' in person.get("/?lang=en")
    assert '<html lang="en"' in person.get("/search")


def test_the_theme_is_kept(browser: Open) -> None:
    person = browser()
    person.get("/")
    person.send("/theme", theme="dark")
    assert 'data-theme="dark"' in person.get("/")
    person.send("/theme", theme="system")
    assert "data-theme" not in person.get("/")


def test_nothing_and_forbidden_look_alike(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    missing = person.get("/orders/ord_00000000000000000000000000", status=404)
    assert "Nothing found here" in missing
    assert "Nothing found here" in person.get("/no-such-page", status=404)


def test_errors_of_the_api_stay_problem_documents(browser: Open) -> None:
    answer = browser().client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
