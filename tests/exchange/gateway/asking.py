"""A client of the gateway: the standard library's, with one connection that is kept."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.exchange.gateway import scene


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; empty for an answer that is no problem document."""
        problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return str(self.json["code"]) if problem and self.body else ""

    @property
    def call_id(self) -> str:
        return self.headers["Call-Id"]


class Asking:
    """``get("/echo?status=404")`` calls the scene's interface."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.headers = headers
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def get(self, path: str = "/echo", **headers: str) -> Reply:
        return self.send("GET", path, None, chunked=False, **headers)

    def send(self, method: str, path: str, body: Any = None, *, chunked: bool = False, **headers: str) -> Reply:
        return self.raw(method, f"/i/{scene.LISTING}{path}", body, chunked=chunked, **headers)

    def raw(self, method: str, target: str, body: Any = None, *, chunked: bool = False, **headers: str) -> Reply:
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, target, body, given, encode_chunked=chunked)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def close(self) -> None:
        self.connection.close()
