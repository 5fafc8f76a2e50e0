"""A client of the HTTP API inside the test's own process."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import flask
from werkzeug.test import TestResponse

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Answer:
    """One answer: status, parsed JSON (None when there is none), raw bytes, headers."""

    status: int
    json: Any
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The stable code of a problem document, empty for another answer."""
        return str(self.json.get("code", "")) if self.status >= 400 and isinstance(self.json, dict) else ""

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    def expect(self, status: int, code: str | None = None) -> Answer:
        """Itself, when it has that status, and that code if one is given; else fails and shows the body."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000].decode(errors='replace')}"
        assert code in (None, self.code), f"{self.code} instead of {code}"
        return self


class ApiClient:
    """Sends requests as one person, or as a stranger when it has no token. Paths stand below ``/api/v1``."""

    def __init__(self, app: flask.Flask, token: str | None = None) -> None:
        self.app = app
        self.token = token

    def sign_in(self, email: str, password: str) -> ApiClient:
        """The client of that person, with a session of its own."""
        from tests import build

        credentials = {"email": email, "password": password}
        answer = self.post("/sessions", credentials)
        if answer.code == "second_factor_needed":
            otp = build.otp(self.app.extensions["house"], email)
            answer = self.post("/sessions", credentials | {"otp": otp})
        answer.expect(201)
        return ApiClient(self.app, answer.json["token"])

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, json: Any = None, *, key: str | None = None, etag: str | None = None) -> Answer:
        return self.send("POST", path, json=json, headers=_conditions(key, etag))

    def put(self, path: str, json: Any = None, *, data: bytes | None = None, etag: str | None = None) -> Answer:
        return self.send("PUT", path, json=json, data=data, headers=_conditions(None, etag))

    def patch(self, path: str, json: Any = None, *, etag: str | None = None) -> Answer:
        return self.send("PATCH", path, json=json, headers=_conditions(None, etag))

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request; ``headers`` go out as they are, with underscores as dashes."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        sending = {"method": method, "json": json, "data": data, "headers": sent}
        with self.app.test_client(use_cookies=False) as http, closing(http.open(PREFIX + path, **sending)) as response:
            return _answer(response)


def _conditions(key: str | None, etag: str | None) -> dict[str, str]:
    headers = {"Idempotency-Key": key, "If-Match": etag}
    return {name: value for name, value in headers.items() if value is not None}


def _answer(response: TestResponse) -> Answer:
    body = response.get_data()
    parsed = response.get_json(silent=True) if "json" in (response.mimetype or "") else None
    return Answer(response.status_code, parsed, body, dict(response.headers))
