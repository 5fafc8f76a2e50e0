"""A browser without script: follows links and sends forms with what their page put into them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import flask
from werkzeug.test import TestResponse

from tests.build import PASSWORD, Built, has_factor, otp


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.csrf = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "csrf":
            self.csrf = given.get("value") or ""


class Browser:
    """One person's browser with its cookies."""

    def __init__(self, app: flask.Flask, language: str = "en") -> None:
        self.client = app.test_client()
        self.client.set_cookie("piaohao_language", language)
        self.csrf = ""

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code, answer.get_data(as_text=True)[:2000])
        return self._seen(answer)

    def send(self, address: str, status: int = 303, **form: Any) -> TestResponse:
        """Send a form of the page seen last; ``csrf`` comes from it unless given."""
        answer = self.client.post(address, data={"csrf": self.csrf} | form)
        assert answer.status_code == status, (address, answer.status_code, answer.get_data(as_text=True)[:2000])
        if answer.status_code != 303:
            self._seen(answer)
        return answer

    def sign_in(self, who: Built) -> Browser:
        self.get("/sign-in")
        form: dict[str, Any] = {"email": who.email, "password": PASSWORD}
        if has_factor(who):
            form["otp"] = otp(self.client.application.extensions["house"], who)
        self.send("/sign-in", **form)
        self.get("/desk")
        return self

    def _seen(self, answer: TestResponse) -> str:
        text = answer.get_data(as_text=True)
        found = _Inputs()
        found.feed(text)
        self.csrf = found.csrf or self.csrf
        return text
