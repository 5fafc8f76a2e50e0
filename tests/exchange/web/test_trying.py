"""A call from a page: what is sent to the gateway's address, and how what comes back is told."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from catalog.interfaces.errors import TrialInvalid
from core.problems import Invalid, Unavailable
from core.settings import Settings
from exchange.web import trying

OPERATION: dict[str, Any] = {
    "id": "get", "method": "GET", "path": "/firms/{code}", "request_media_type": "",
    "parameters": [{"name": "code", "in": "path", "required": True, "type": "string"}],
    "outcome": {"statuses": {"200": "hit", "404": "miss"}},
}  # fmt: skip


class _Gateway(BaseHTTPRequestHandler):
    """Refuses one key as a gateway does; tells everybody else what was asked."""

    def do_GET(self) -> None:
        refused = self.headers["X-Api-Key"] == "ph_live_unknown"
        told = {"path": self.path, "purpose": self.headers["Data-Purpose"]}
        problem = {"type": "/problems/credential_unknown", "code": "credential_unknown"}
        self.send_response(401 if refused else 404 if "missing" in self.path else 200)
        self.send_header("Content-Type", "application/problem+json" if refused else "application/json")
        self.send_header("Call-Id", "00000000000000ff-1")
        self.end_headers()
        self.wfile.write(json.dumps(problem if refused else told).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def with_gateway(settings: Settings) -> Iterator[Settings]:
    server = HTTPServer(("127.0.0.1", 0), _Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield dataclasses.replace(settings, gateway_workers=1, gateway_port=server.server_port)
    server.shutdown()
    server.server_close()


def call(settings: Settings, key: str = "ph_test_x", **values: str) -> trying.Tried:
    return trying.call(settings, "lst_1", OPERATION, key=key, purpose="product", values=values, body=None)


def test_the_call_goes_through_the_gateway_with_key_and_purpose(with_gateway: Settings) -> None:
    came = call(with_gateway, code="9 1")
    assert (came.status, came.outcome, came.refused) == (200, "hit", "")
    assert came.call_id == "00000000000000ff-1"
    assert json.loads(came.body) == {"path": "/i/lst_1/firms/9%201", "purpose": "product"}
    assert call(with_gateway, code="missing").outcome == "miss"


def test_a_refusal_of_the_gateway_is_told_as_one(with_gateway: Settings) -> None:
    came = call(with_gateway, key="ph_live_unknown", code="1")
    assert (came.outcome, came.refused) == ("", "credential_unknown")


@pytest.mark.parametrize("key", ["", "k" * 201, "ключ", "a\r\nX-Other: 1"])
def test_what_cannot_be_a_key_is_not_sent(with_gateway: Settings, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        call(with_gateway, key=key, code="1")
    assert refused.value.field == "key"


@pytest.mark.parametrize("code", ["..", "a/b", "a\\b"])
def test_a_value_cannot_lead_elsewhere(with_gateway: Settings, code: str) -> None:
    with pytest.raises(TrialInvalid):
        call(with_gateway, code=code)


def test_without_a_gateway_it_says_so(settings: Settings) -> None:
    with pytest.raises(Unavailable):
        call(settings, code="1")
    with pytest.raises(Unavailable):
        call(dataclasses.replace(settings, gateway_workers=1, gateway_port=1), code="1")
