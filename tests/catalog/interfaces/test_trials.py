"""Trial calls against upstreams that do not behave: what is told, what is kept, and what never leaves."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from catalog.interfaces import calling, outcome
from catalog.interfaces.calling import CallResult
from core.outgoing import OutgoingCall
from tests.core.test_outgoing import serving

SECRET = "s3cret/of+the=upstream"
OPERATION: dict[str, Any] = {
    "id": "ask", "method": "POST", "path": "/ask/{word}", "request_media_type": "application/json",
    "outcome": {"statuses": {"200": "hit", "404": "miss"}, "pointer": "/found", "hit": [True]},
    "parameters": [
        {"name": "word", "in": "path", "required": True}, {"name": "n", "in": "query", "required": False},
        {"name": "X-Mark", "in": "header", "required": False},
    ],
}  # fmt: skip


def _call(
    port: int, kind: str = "none", name: str = "", timeout_ms: int = 2000, values: dict[str, str] | None = None
) -> OutgoingCall:
    document = {
        "upstream": {"base_url": f"http://127.0.0.1:{port}/base", "timeout_ms": timeout_ms, "connect_timeout_ms": 500},
        "credential": {"kind": kind, "name": name},
    }  # fmt: skip
    secret = None if kind == "none" else SECRET
    return calling.request(document, OPERATION, secret, {"word": "a bü"} | (values or {}), '{"q": 1}')


def _result(port: int, *, allow: bool = True, secret: str | None = None, **options: Any) -> CallResult:
    allowed = [f"127.0.0.1:{port}"] if allow else []
    return calling.send(_call(port, **options), OPERATION["outcome"], secret, allowed)


def _recorded(reply: bytes) -> tuple[list[bytes], Callable[[Any], None]]:
    heard: list[bytes] = []

    def answer(connection: Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head or not head.endswith(b"}"):
            head += connection.recv(65_536)
        heard.append(head)
        connection.sendall(reply)

    return heard, answer


def _reply(body: bytes, status: str = "200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status.encode(), len(body), more, body)


@pytest.mark.parametrize(
    ("kind", "name", "sent"),
    [
        ("header", "X-Key", b"X-Key: " + SECRET.encode()),
        ("basic", "", b"Authorization: Basic " + base64.b64encode(SECRET.encode())),
        ("query", "appkey", b"?n=1&appkey=s3cret%2Fof%2Bthe%3Dupstream HTTP/1.1"),
        ("none", "", b"?n=1 HTTP/1.1"),
    ],
)
def test_the_call_is_what_a_callers_would_be(kind: str, name: str, sent: bytes) -> None:
    heard, answer = _recorded(_reply(b'{"found": true}'))
    with serving(answer) as port:
        found = _result(port, kind=kind, name=name, values={"n": "1", "X-Mark": "m"})
    assert (found.status, found.outcome) == (200, "hit")
    (request,) = heard
    assert request.startswith(b"POST /base/ask/a%20b%C3%BC?n=1")
    assert sent in request
    assert b"X-Mark: m\r\n" in request
    assert b"Content-Type: application/json\r\n" in request
    assert request.endswith(b'{"q": 1}')


@pytest.mark.parametrize(
    ("raw", "status", "read", "problem", "detail"),
    [
        (_reply(b'{"found": false}'), 200, "miss", "", ""),
        (_reply(b"", "404 Not Found"), 404, "miss", "", ""),
        (_reply(b"oops", "500 Oh"), 500, "upstream_error", "", "names no outcome"),
        (_reply(b"<html>"), 200, "upstream_error", "", "names no outcome"),
        (_reply(b"", "302 Found", b"Location: http://169.254.169.254/\r\n"), 302, "upstream_error", "", "redirects"),
        (_reply(b"x" * (outcome.MOST_BODY_BYTES + 10)), 200, "upstream_error", "", "more than 1 MiB"),
        (b"\x16\x03\x01garbage", None, "upstream_error", "upstream_malformed", "no HTTP answer"),
        (b"", None, "upstream_error", "upstream_closed", "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", None, "upstream_error", "upstream_closed", "broke"),
    ],
)
def test_what_an_upstream_does_is_a_result(
    raw: bytes, status: int | None, read: str, problem: str, detail: str
) -> None:
    _, answer = _recorded(raw)
    with serving(answer) as port:
        found = _result(port)
    assert (found.status, found.outcome, found.problem) == (status, read, problem)
    assert detail in found.detail


def test_an_upstream_that_never_answers_ends_in_time() -> None:
    with serving(lambda _connection: time.sleep(60)) as port:
        began = time.monotonic()
        found = _result(port, timeout_ms=300)
    assert (found.problem, found.outcome) == ("upstream_timeout", "upstream_error")
    assert time.monotonic() - began < 20


def test_an_address_that_is_not_allowed_is_a_result_and_nothing_is_sent() -> None:
    heard, answer = _recorded(_reply(b"{}"))
    with serving(answer) as port:
        found = _result(port, allow=False)
    assert (found.status, found.problem) == (None, "upstream_address_refused")
    assert heard == []


@pytest.mark.parametrize(
    "echoed",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        "s3cret%2Fof%2Bthe%3Dupstream",
        f"Bearer {SECRET} again {SECRET}",
    ],
)
def test_an_upstream_that_sends_the_credential_back_does_not_show_it(echoed: str) -> None:
    _, answer = _recorded(_reply(json.dumps({"found": True, "headers": echoed}).encode()))
    with serving(answer) as port:
        found = _result(port, secret=SECRET)
    assert found.outcome == "hit"
    assert "•••" in found.excerpt
    assert echoed not in found.excerpt


def test_the_excerpt_is_short_masked_and_text() -> None:
    body = json.dumps({"found": True, "phone": "13800138000", "more": "数" * 5000}, ensure_ascii=False).encode()
    _, answer = _recorded(_reply(body))
    with serving(answer) as port:
        found = _result(port)
    assert len(found.excerpt.encode()) <= calling.EXCERPT_BYTES
    assert "13800138000" not in found.excerpt
    assert found.scan.count("phone") == 1
    _, answer = _recorded(_reply(b"\x00\xff\x89PNG"))
    with serving(answer) as port:
        assert "\x00" not in _result(port).excerpt
