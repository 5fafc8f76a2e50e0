"""OpenAPI documents that are none, and upstreams that are not what a supplier says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.badinput.stage import Stage
from bench.client import PREFIX, Reply

_GOOD: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Rain", "version": "1"},
    "paths": {"/rain": {"get": {"operationId": "rain", "responses": {"200": {"description": "How much"}}}}},
}
_UNVERSIONED = _GOOD | {"info": {"title": "Rain"}}
_REMOTE = _GOOD | {"paths": {"/rain": {"$ref": "http://169.254.169.254/latest/meta-data"}}}
_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
_DOCUMENTS: tuple[tuple[str, bytes, int, str], ...] = (
    ("an OpenAPI document that is a picture", b"\x89PNG\r\n\x1a\n\x00\x00", 422, "openapi_unreadable"),
    ("one that is prose", b"hello", 422, "openapi_invalid"),
    ("one of Swagger 2.0", b'{"swagger": "2.0"}', 422, "openapi_version"),
    ("one that is cut off", b'{"openapi": "3.1.0", "info"', 422, "openapi_unreadable"),
    (
        "one without a version of its own",
        json.dumps(_GOOD | {"info": {"title": "Rain"}}).encode(),
        422,
        "openapi_invalid",
    ),
    ("one that refers to another machine", json.dumps(_REMOTE).encode(), 422, "openapi_remote_reference"),
    ("one a thousand deep", b'{"openapi": "3.1.0", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}", 422, "openapi_too_deep"),
    ("one a million deep", b"[" * 1_000_000, 422, "openapi_too_deep"),
    ("a bomb of YAML aliases", _BOMB.encode(), 422, "openapi_too_many_parts"),
    ("YAML that would run a program", b"openapi: !!python/object/apply:os.system ['true']", 422, "openapi_unreadable"),
    ("one that names a field twice", b'{"openapi": "3.1.0", "openapi": "3.0.0"}', 422, "openapi_unreadable"),
    ("one of 2 MiB and a byte", b" " * ((2 << 20) + 1), 413, "openapi_too_large"),
)
_ADDRESSES = (
    ("http://169.254.169.254/latest/meta-data", "upstream_address_refused"),
    ("http://[::ffff:127.0.0.2]", "upstream_address_refused"),
    ("http://[::1]:8080", "upstream_address_refused"),
    ("http://10.0.0.1", "upstream_address_refused"),
    ("https://user:secret@api.example.com", "upstream_invalid"),
    ("file:///etc/passwd", "upstream_invalid"),
)
_TRIED = ("interface_trial", "audit_entry")


def play(stage: Stage) -> None:
    for what, raw, status, code in _DOCUMENTS:
        with stage.sheet.case(what) as case:
            reply = stage.supplier.send("POST", f"{PREFIX}/openapi-checks", raw, Content_Type="application/json")
            case.replied(reply, (status, code))
    check = stage.supplier.must("POST", "/openapi-checks", json.dumps(_GOOD).encode())
    for address, code in _ADDRESSES:
        with stage.sheet.case(f"an upstream at {address}") as case:
            case.replied(_make(stage, check["id"], address), (422, code))
    _upstreams(stage, check["id"])


def _make(stage: Stage, check_id: str, address: str) -> Reply:
    body = {
        "openapi_check_id": check_id, "operations": [{"operation": "rain"}],
        "upstream": {"base_url": address, "timeout_ms": 1000, "connect_timeout_ms": 500},
    }  # fmt: skip
    return stage.supplier.send("POST", f"{PREFIX}/interfaces", body)


def _upstreams(stage: Stage, check_id: str) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    _trial(stage, check_id, "an upstream that redirects", _says(redirect), "")
    _trial(stage, check_id, "one that answers garbage", _says(b"\x16\x03\x01\x00garbage\r\n\r\n"), "upstream_malformed")
    _trial(stage, check_id, "one that hangs up in mid-answer", _says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
           "upstream_closed")  # fmt: skip
    _trial(stage, check_id, "one that never answers", lambda _connection: time.sleep(3), "upstream_timeout")
    _trial(stage, check_id, "one that answers a byte at a time", _drips, "upstream_timeout")
    made = _make(stage, check_id, "http://localhost.localdomain:9").body
    with stage.sheet.case("a name that leads to no address, or to one of ours", may_change=_TRIED) as case:
        reply = _try(stage, made["id"])
        problem = reply.body["problem"]
        case.say(f"{reply.status} {reply.body['outcome']} {problem} {reply.body['detail']!r}")
        refused = ("upstream_unresolved", "upstream_address_refused", "upstream_unreachable", "upstream_timeout")
        case.check(reply.status == 201 and problem in refused, "it was called")


def _trial(stage: Stage, check_id: str, what: str, answer: Callable[[socket.socket], object], problem: str) -> None:
    """A trial call is a result whatever the upstream does; it proves nothing then."""
    with _serving(answer) as port:
        made = _make(stage, check_id, f"http://127.0.0.1:{port}").body
        with stage.sheet.case(what, may_change=_TRIED) as case:
            reply = _try(stage, made["id"])
            found = reply.body
            case.say(f"{reply.status} {found['outcome']} {found['problem'] or found['status']} {found['detail']!r}")
            case.check(reply.status == 201 and found["problem"] == problem, f"expected {problem or 'an answer'}")
            case.check(found["outcome"] == "upstream_error" and not found["succeeded"], "it counts as proof")


def _try(stage: Stage, interface_id: str) -> Reply:
    return stage.supplier.send("POST", f"{PREFIX}/interfaces/{interface_id}/trials", {"operation": "rain"})


def _says(raw: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(raw)

    return answer


def _drips(connection: socket.socket) -> None:
    connection.recv(65_536)
    for byte in b"HTTP/1.1 200 OK\r\n" * 10:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@contextmanager
def _serving(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    answer(connection)
                except OSError:
                    return  # the exchange had enough of it

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
