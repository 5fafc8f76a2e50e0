"""A client of the public HTTP API, as anybody could write it: the standard library and nothing of ours."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from exchange.demo.player.device import Device

_PREFIX = "/api/v1"
_PATIENCE_S = 60.0
_SENT_ON = ("Range", "If-Range", "Accept-Language", "X-Api-Key")


class Difference(Exception):
    """The exchange answered something else than the story expects."""


@dataclass(frozen=True)
class Reply:
    """One answer, and the request that it answers. Names of headers are in lower case."""

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    language: str = "zh"

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str:
        """The stable code of a problem document; empty for other answers."""
        return str(self.json.get("code", "")) if self.status >= 400 and self.body[:1] == b"{" else ""

    @property
    def detail(self) -> str:
        """What a problem document says to a person; of a decision of policy, its needs in this language."""
        problem = self.json if self.body[:1] == b"{" else {}
        needs = problem.get("decision_detail", {}).get("needs", [])
        if needs:
            return "; ".join(need[f"message_{self.language}"] for need in needs)
        return str(problem.get("detail") or problem.get("title", ""))

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    def expect(self, status: int, code: str = "") -> Reply:
        """Itself. Raises Difference unless it has that status, and that code when one is given."""
        if self.status != status or (code and self.code != code):
            shown = self.body[:1500].decode(errors="replace")
            raise Difference(f"{self.request}: expected {status} {code}, was answered {self.status}: {shown}")
        return self


@dataclass(frozen=True)
class Door:
    """Where the exchange is, and the language in which it shall answer."""

    base_url: str
    language: str


class Person:
    """Somebody at the API; a stranger until signed in."""

    def __init__(self, door: Door, name: str) -> None:
        parts = urlsplit(door.base_url)
        self.door, self.name = door, name
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_PATIENCE_S)
        self._token = ""
        self._credentials = ("", "")
        self.device: Device | None = None

    def sign_in(self, email: str, password: str, otp_secret: str = "") -> Person:
        """Open a session, with a code of the second factor when there is one. Answers itself."""
        self._credentials, self._token = (email, password), ""
        if otp_secret:
            self.device = Device(otp_secret)
        body = {"email": email, "password": password} | ({"otp": self.otp()} if self.device else {})
        self._token = self.post("/sessions", body).expect(201).json["token"]
        return self

    def enrol(self) -> Person:
        """Set up a second factor, and with it the key that the account signs with. Answers itself."""
        self.device = Device(self.post("/second-factor").expect(201).json["secret"])
        self.post("/second-factor/confirm", {"otp": self.otp()}).expect(200)
        return self

    def otp(self) -> str:
        """A code that was never given before; waits for the next one when the device has shown all of this minute."""
        assert self.device is not None, f"{self.name} has no second factor"
        while True:
            now = datetime.fromisoformat(self.get("/clock").expect(200).json["now"])
            code = self.device.code(now.timestamp())
            if code is not None:
                return code
            time.sleep(1.0)

    def sign_in_again(self) -> None:
        """Open a new session with the same credentials, when the old one has ended."""
        self.sign_in(*self._credentials)

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: object) -> Reply:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path, headers=headers)

    def post(self, path: str, body: object = None, *, key: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """A command, under an idempotency key of its own unless one is given."""
        return self.send("POST", path, _encode(body), {"Idempotency-Key": key or uuid.uuid4().hex, **(headers or {})})

    def put(self, path: str, body: object) -> Reply:
        return self.send("PUT", path, _encode(body))

    def put_bytes(self, path: str, content: bytes) -> Reply:
        return self.send("PUT", path, content, {"Content-Type": "application/octet-stream"})

    def post_bytes(self, path: str, content: bytes, **query: object) -> Reply:
        return self.send("POST", f"{path}?{urlencode(query)}", content, {"Content-Type": "application/octet-stream"})

    def patch(self, path: str, body: object, etag: str) -> Reply:
        return self.send("PATCH", path, _encode(body), {"If-Match": etag})

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request; waits and tries again while the exchange says that it is busy."""
        give_up_at = time.monotonic() + _PATIENCE_S
        while True:
            reply = self._once(method, path, body, headers or {})
            if reply.status not in (429, 503) or time.monotonic() > give_up_at:
                return reply
            time.sleep(min(5.0, float(reply.headers.get("retry-after", "1"))))

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        sent = {"Accept-Language": self.door.language, "Content-Type": "application/json", **headers}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            reply = self._exchange(method, path, body, sent)
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
            self._connection.close()  # the server closes connections that were idle for long
            reply = self._exchange(method, path, body, sent)
        return _fetched(reply, sent) if reply.status == 307 else reply

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        self._connection.request(method, _PREFIX + path, body, dict(headers))
        return read(self._connection.getresponse(), f"{self.name}: {method} {path}", self.door.language)


def read(response: http.client.HTTPResponse, asked: str, language: str = "en") -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(asked, response.status, headers, response.read(), language)


def _fetched(reply: Reply, sent: Mapping[str, str]) -> Reply:
    kept = {name: value for name, value in sent.items() if name in _SENT_ON}
    return fetch(reply.headers["location"], kept, reply.request, reply.language)


def fetch(url: str, headers: Mapping[str, str] | None = None, asked: str = "", language: str = "en") -> Reply:
    """What lies at an address of the gateway: the address itself is the right to it, no session goes along."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", parts.path, headers=dict(headers or {}))
        return read(connection.getresponse(), asked or f"GET {parts.path[:40]}", language)
    finally:
        connection.close()


def _encode(body: object) -> bytes | None:
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
