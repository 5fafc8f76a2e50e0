"""Files by ticket over a real socket: whole, in ranges, refused, broken off, and what is recorded of each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any

import pytest

from exchange.gateway.record import Kind, Outcome, Usage
from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking, Reply
from tests.exchange.gateway.conftest import Stage
from tests.exchange.gateway.running import exchange_bytes, leave_in_the_middle, marked, usages
from tests.servers.exchange import eventually

CONTENT = bytes(range(256)) * 40_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def seal(document: dict[str, Any], key: bytes = scene.TICKET_KEY) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")
    return (payload + b"." + base64.urlsafe_b64encode(hmac.digest(key, payload, "sha256")).rstrip(b"=")).decode()


def ticket(content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    return {
        "v": 1, "o": scene.ORDER, "e": scene.ENTITLEMENT, "f": "fil_1", "a": "psn_1", "s": len(content),
        "h": hashlib.sha256(content).hexdigest(), "n": "气象 2026.csv", "m": "text/csv", "g": 1,
        "x": int(time.time()) + 600,
    } | changes  # fmt: skip


def keep(stage: Stage, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    path = stage.folder / "files" / digest[:2] / digest[2:4] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def fetch(stage: Stage, document: dict[str, Any], method: str = "GET", **headers: str) -> Reply:
    keep(stage, CONTENT)
    return stage.client().raw(method, f"/files/{seal(document)}", None, chunked=False, **headers)


def record_of(stage: Stage, call_id: str) -> Usage:
    return next(each for each in usages(stage.folder) if each.call_id == call_id)


def test_a_file_arrives_whole_and_is_recorded(stage: Stage) -> None:
    reply = fetch(stage, ticket())
    assert (reply.status, reply.body) == (200, CONTENT)
    assert reply.headers["ETag"] == f'"{DIGEST}"'
    assert reply.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E6%B0%94%E8%B1%A1%202026.csv"
    assert reply.headers["Content-Type"] == "text/csv"
    found = record_of(stage, reply.call_id)
    assert (found.kind, found.outcome, found.bytes_out, found.first_byte) == (Kind.FILE, Outcome.HIT, len(CONTENT), 0)
    assert (found.plan_hash, found.address.operation, found.address.order_id) == (DIGEST, "fil_1", scene.ORDER)
    assert found.address.credential_id == "psn_1"
    assert eventually(lambda: reply.call_id in marked(stage.folder, Kind.CONFIRM))


@pytest.mark.parametrize("content", [b"", b"a", b"ab"])
def test_the_smallest_files(stage: Stage, content: bytes) -> None:
    keep(stage, content)
    reply = fetch(stage, ticket(content))
    assert (reply.status, reply.body) == (200, content)
    assert record_of(stage, reply.call_id).bytes_out == len(content)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10239990-", 10_239_990, 10_240_000),
        ("bytes=-5", 10_239_995, 10_240_000),
        ("bytes=5-99999999999", 5, 10_240_000),
        ("bytes=-99999999999", 0, 10_240_000),
    ],
)
def test_ranges(stage: Stage, asked: str, start: int, stop: int) -> None:
    reply = fetch(stage, ticket(), Range=asked)
    assert (reply.status, reply.body) == (206, CONTENT[start:stop])
    assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    found = record_of(stage, reply.call_id)
    assert (found.first_byte, found.bytes_out) == (start, stop - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_ranges_that_mean_nothing_get_the_whole_file(stage: Stage, asked: str) -> None:
    assert len(fetch(stage, ticket(), Range=asked).body) == len(CONTENT)


@pytest.mark.parametrize("asked", ["bytes=10240000-", "bytes=99999999999-", "bytes=-0"])
def test_ranges_past_the_end(stage: Stage, asked: str) -> None:
    reply = fetch(stage, ticket(), Range=asked)
    assert (reply.status, reply.code) == (416, "range_not_satisfiable")
    assert reply.headers["Content-Range"] == "bytes */10240000"


def test_if_range_decides_whether_a_range_is_meant(stage: Stage) -> None:
    assert fetch(stage, ticket(), Range="bytes=0-4", If_Range=f'"{DIGEST}"').status == 206
    assert fetch(stage, ticket(), Range="bytes=0-4", If_Range='"other"').status == 200


@pytest.mark.parametrize("tag", [f'"{DIGEST}"', f'"a", W/"{DIGEST}"', "*"])
def test_what_one_has_already_is_not_sent(stage: Stage, tag: str) -> None:
    reply = fetch(stage, ticket(), If_None_Match=tag)
    assert (reply.status, reply.body) == (304, b"")


def test_head_has_the_heads_and_sends_nothing(stage: Stage) -> None:
    known = len(list(usages(stage.folder)))
    reply = fetch(stage, ticket(), "HEAD")
    assert (reply.status, reply.headers["Content-Length"], reply.body) == (200, "10240000", b"")
    assert len(list(usages(stage.folder))) == known


def test_a_connection_serves_files_and_calls_in_turn(stage: Stage) -> None:
    client = stage.client()
    whole = client.raw("GET", f"/files/{seal(ticket())}")
    assert (whole.status, whole.code) == (200, "")
    assert whole.body == CONTENT
    assert client.get("/echo?body=a").body == b"a"
    assert client.raw("GET", f"/files/{seal(ticket())}", Range="bytes=1-3").body == CONTENT[1:4]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"x": 1}, 403, "ticket_expired"),
        ({"g": 0}, 403, "ticket_expired"),
        ({"g": "1"}, 404, "ticket_unknown"),
        ({"e": "ent_of_a_right_that_is_not_told_yet", "x": 1}, 403, "ticket_expired"),
        ({"v": 3}, 404, "ticket_unknown"),
        ({"v": 2}, 404, "ticket_unknown"),
        ({"h": "../../etc/passwd"}, 404, "ticket_unknown"),
        ({"h": "0" * 64}, 503, "file_unavailable"),
        ({"s": 5}, 503, "file_unavailable"),
        ({"s": -1}, 404, "ticket_unknown"),
        ({"s": True}, 404, "ticket_unknown"),
        ({"n": None}, 404, "ticket_unknown"),
    ],
)
def test_tickets_that_open_nothing(stage: Stage, changes: dict[str, Any], status: int, code: str) -> None:
    known = len(list(usages(stage.folder)))
    reply = fetch(stage, ticket(**changes))
    assert (reply.status, reply.code) == (status, code)
    assert len(list(usages(stage.folder))) == known


def test_tickets_that_are_none(stage: Stage) -> None:
    good, client = seal(ticket()), stage.client()
    payload, _, mac = good.partition(".")
    others = seal(ticket(n="b")).partition(".")[2]
    for text in ("", "x", payload, f"{payload}.", f"{payload}.{mac}A", good[:-2], f"{payload}.{others}"):
        assert client.raw("GET", f"/files/{text}").code == "ticket_unknown"
    assert client.raw("GET", f"/files/{seal(ticket(), b'other key')}").code == "ticket_unknown"
    assert client.raw("POST", f"/files/{good}").code == "method_not_allowed"


def test_a_right_that_was_taken_back_is_gone_at_once(stage: Stage) -> None:
    keep(stage, CONTENT)
    text = seal(ticket())
    stage.feeder.change("entitlement", scene.ENTITLEMENT, frozen=True)
    try:
        assert stage.client().raw("GET", f"/files/{text}").code == "order_frozen"
    finally:
        stage.feeder.change("entitlement", scene.ENTITLEMENT, frozen=False)
    assert stage.client().raw("GET", f"/files/{text}").status == 200


def test_a_name_and_a_type_cannot_break_out_of_their_headers(stage: Stage) -> None:
    reply = fetch(stage, ticket(n='a"\r\nX-Evil: 1', m="text/csv\r\nX-Evil: 1"))
    assert "X-Evil" not in reply.headers
    assert reply.headers["Content-Type"] == "application/octet-stream"


def test_a_transfer_that_is_broken_off_is_recorded_with_what_left(stage: Stage) -> None:
    keep(stage, CONTENT)
    known = len(list(usages(stage.folder)))
    leave_in_the_middle(stage.port, f"GET /files/{seal(ticket())} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert eventually(lambda: len(list(usages(stage.folder))) > known)
    found = list(usages(stage.folder))[-1]
    assert found.outcome is Outcome.CLIENT_ABORT
    assert 0 < found.bytes_out < len(CONTENT)


def test_a_client_that_takes_nothing_is_let_go(stage: Stage) -> None:
    keep(stage, CONTENT)
    known = len(list(usages(stage.folder)))
    with socket.create_connection(("127.0.0.1", stage.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET /files/{seal(ticket())} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert eventually(lambda: len(list(usages(stage.folder))) > known)
    assert list(usages(stage.folder))[-1].outcome is Outcome.CLIENT_ABORT


def test_pipelined_files_come_in_their_order(stage: Stage) -> None:
    keep(stage, CONTENT)
    ask = f"GET /files/{seal(ticket())} HTTP/1.1\r\nHost: a\r\nRange: bytes={{}}\r\n{{}}\r\n"
    sent = ask.format("0-999999", "") + ask.format("5-9", "") + ask.format("7-7", "Connection: close\r\n")
    got = exchange_bytes(stage.port, sent.encode())
    first, second, third = [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 206")[1:]]
    assert (first, second, third) == (CONTENT[:1_000_000], CONTENT[5:10], CONTENT[7:8])


LINK = "lnk_01jc9x2m5t7rqk8v4e6b0wz3np"
OTHERS_KEY = "ph_live_abcd2346_0123456789012345678901234567890123456789012"


def _link(**changes: Any) -> dict[str, Any]:
    return ticket(v=2, k=scene.BUYER, t=3, l=LINK) | changes


def _no(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.code


def _with(stage: Stage, key: str | None, document: dict[str, Any], method: str = "GET", **headers: str) -> Reply:
    keep(stage, CONTENT)
    client = Asking(stage.port, {"X-Api-Key": key} if key else {})
    return client.raw(method, f"/files/{seal(document)}", None, chunked=False, **headers)


def test_a_link_of_a_sensitive_tier_opens_to_the_holders_own_key_only(stage: Stage) -> None:
    stage.feeder.put(scene.key(OTHERS_KEY, "key_01jc9x2m5t7rqk8v4e6b0wz3nr", organisation_id=scene.SUPPLIER))
    assert _no(_with(stage, None, _link())) == (401, "credential_missing")
    assert _no(_with(stage, "ph_live_nobodys", _link())) == (401, "credential_unknown")
    assert _no(_with(stage, OTHERS_KEY, _link())) == (403, "link_of_another")
    assert _no(_with(stage, scene.TEST_KEY, _link())) == (403, "link_of_another")
    assert _with(stage, scene.KEY, _link()).status == 200
    whom = [scene.BUYER, scene.LISTING]
    assert eventually(lambda: any(each[:3] == [*whom, "link_of_another"] for each in stage.feeder.declined))


def test_a_link_can_be_used_three_times_in_all(stage: Stage) -> None:
    document = _link(l="lnk_01jc9x2m5t7rqk8v4e6b0wz3nq")
    assert _with(stage, scene.KEY, document, "HEAD").status == 200
    assert _no(_with(stage, None, document)) == (401, "credential_missing"), "what is refused uses nothing up"
    assert _with(stage, scene.KEY, document, Range="bytes=0-9").status == 206
    assert [_with(stage, scene.KEY, document).status for _ in range(3)] == [200, 200, 403]
    assert _no(_with(stage, scene.KEY, document)) == (403, "link_used_up")
    assert _with(stage, scene.KEY, document | {"l": LINK[:-1] + "r"}).status == 200


@pytest.mark.parametrize("change", [{"l": "../x"}, {"t": -1}, {"t": "3"}, {"k": None}, {"v": 3}])
def test_links_that_are_none_open_nothing(stage: Stage, change: dict[str, Any]) -> None:
    assert _no(_with(stage, scene.KEY, _link(**change))) == (404, "ticket_unknown")
