"""Calls through a real gateway process to a real service: what arrives there, what comes back, what is recorded."""

from __future__ import annotations

import socket
from urllib.parse import quote

import pytest

from exchange.gateway.record import Kind, Outcome, Usage
from tests.exchange.gateway import scene
from tests.exchange.gateway.conftest import Stage
from tests.exchange.gateway.running import exchange_bytes, marked, read_all, usages
from tests.servers.exchange import eventually

PATH = f"/i/{scene.LISTING}"


def head(target: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    fixed = ["Host: gateway.test", f"X-Api-Key: {scene.KEY}"]
    return "\r\n".join([f"{method} {target} HTTP/{version}", *fixed, *lines, "", ""]).encode("latin-1")


def record_of(stage: Stage, call_id: str) -> Usage:
    """The record of a call, which is there when its answer is there."""
    return next(each for each in usages(stage.folder) if each.call_id == call_id)


def test_a_call_arrives_with_the_suppliers_credential_and_without_the_callers(stage: Stage) -> None:
    reply = stage.client(Cookie="session=1", Accept="application/json", X_Forwarded_For="1.2.3.4").get(
        "/echo?a=1&b=%20"
    )
    assert reply.status == 200
    seen = reply.json
    assert seen["target"] == "/v1/echo?a=1&b=%20"
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert headers["x-supplier-key"] == "s3cret-of-supplier"
    assert headers["host"] == f"127.0.0.1:{stage.upstream.port}"
    assert headers["accept"] == "application/json"
    assert headers["call-id"] == reply.call_id
    assert not {"x-api-key", "authorization", "cookie", "x-forwarded-for", "connection"} & headers.keys()
    assert "s3cret" not in str(reply.headers)


def test_every_call_is_recorded_with_what_it_was(stage: Stage) -> None:
    reply = stage.client().send("POST", "/echo?status=404", b"12345")
    found = record_of(stage, reply.call_id)
    assert (found.kind, found.outcome, found.status, found.bytes_in) == (Kind.CALL, Outcome.MISS, 404, 5)
    assert found.bytes_out == len(reply.body)
    assert found.live
    assert found.plan_hash == scene.PLAN_HASH
    assert found.address.operation == "post"
    assert found.address.credential_id == scene.KEY_ID
    assert found.address.entitlement_id == scene.ENTITLEMENT
    assert eventually(lambda: reply.call_id in marked(stage.folder, Kind.CONFIRM))


@pytest.mark.parametrize(
    ("query", "outcome", "records"),
    [
        ("status=200", Outcome.HIT, 1),
        ("status=404", Outcome.MISS, 0),
        ("status=201", Outcome.UPSTREAM_ERROR, 0),
        ("status=500", Outcome.UPSTREAM_ERROR, 0),
        ("status=204", Outcome.UPSTREAM_ERROR, 0),
    ],
)
def test_the_status_says_what_a_call_was(stage: Stage, query: str, outcome: Outcome, records: int) -> None:
    reply = stage.client().get(f"/echo?{query}")
    found = record_of(stage, reply.call_id)
    assert (found.outcome, found.records) == (outcome, records)
    assert reply.status == int(query.removeprefix("status="))


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('{"result":{"found":true}}', Outcome.HIT),
        ('{"result":{"found":false}}', Outcome.MISS),
        ('{"result":{"found":1}}', Outcome.MISS),
        ('{"result":{}}', Outcome.MISS),
        ("[]", Outcome.MISS),
    ],
)
def test_a_value_in_the_body_says_what_a_call_was(stage: Stage, body: str, outcome: Outcome) -> None:
    reply = stage.client(Accept_Encoding="gzip").get(f"/found?body={quote(body, safe='[]')}")
    assert reply.body == body.encode()
    assert record_of(stage, reply.call_id).outcome is outcome


@pytest.mark.parametrize(
    "query",
    ["body=not json", "body=", "body=" + "[" * 7_000, "size=1500000", "status=204", "head=Content-Encoding: br"],
)
@pytest.mark.parametrize("framing", ["", "&chunked=1", "&until_close=1"])
def test_an_answer_that_does_not_say_what_it_is_has_no_price_and_is_not_delivered(
    stage: Stage, query: str, framing: str
) -> None:
    reply = stage.client().get(f"/read?{quote(query, safe='=[]')}{framing}")
    assert (reply.status, reply.code) == (502, "upstream_unreadable")
    found = record_of(stage, reply.call_id)
    assert (found.outcome, found.status, found.bytes_out) == (Outcome.UPSTREAM_ERROR, 502, 0)


def test_an_answer_that_says_what_it_is_leaves_whole(stage: Stage) -> None:
    body = '{"result":{"found":true},"more":"' + "x" * 500_000 + '"}'
    client = stage.client()
    assert client.send("POST", "/read?mirror=1", body).body == body.encode()
    assert client.send("HEAD", "/found").status == 405, "it would tell for nothing what the body says"


def test_what_came_with_one_answer_does_not_come_with_the_next_one(stage: Stage) -> None:
    """The same connection to the supplier: chunks with a trailer, then a body that ends with the connection."""
    client = stage.client()
    client.get("/echo?chunked=1&trailer=X-Sum%3A+7")
    sent = head(f"{PATH}/echo?until_close=1&body=abc", "Connection: close")
    got = exchange_bytes(stage.port, sent)
    assert got.endswith(b"3\r\nabc\r\n0\r\n\r\n"), got


def test_an_answer_whose_head_comes_in_pieces_is_read_as_one(stage: Stage) -> None:
    """A head like one before, cut right behind its last character or before: what is there is not taken for all."""
    client = stage.client()
    length = len("HTTP/1.1 200 Whatever\r\nContent-Type: application/json\r\nContent-Length: 74") - 2
    whole = f"HTTP/1.1 200 Whatever\r\nContent-Type: application/json\r\nContent-Length: {length}"
    for pause_at in (None, len(whole) + 1, len(whole) + 2, len(whole) + 3, len(whole) - 5):
        asked = f"/echo?size={length}" + (f"&pause_at={pause_at}" if pause_at else "")
        assert client.get(asked).body == (b"0123456789abcdef" * 9)[:length]


def test_where_the_body_decides_it_is_asked_for_uncompressed(stage: Stage) -> None:
    seen = stage.client(Accept_Encoding="gzip, br").get("/found").json
    assert [value for name, value in seen["headers"] if name.lower() == "accept-encoding"] == ["identity"]


@pytest.mark.parametrize("size", [0, 1, 1_000, 100_000, 10_000_000])
@pytest.mark.parametrize("framing", ["", "&chunked=1", "&until_close=1"])
def test_bodies_of_every_size_and_framing_arrive_whole(stage: Stage, size: int, framing: str) -> None:
    reply = stage.client().get(f"/echo?size={size}{framing}")
    assert reply.body == (b"0123456789abcdef" * (size // 16 + 1))[:size]
    assert record_of(stage, reply.call_id).bytes_out == size


def test_large_bodies_go_up_as_they_came(stage: Stage) -> None:
    body = b"x" * 3_000_000
    assert stage.client().send("POST", "/echo", body).json["body"] == body.decode()
    pieces = [b"a" * 70_000, b"b" * 3, b"c" * 500_000]
    reply = stage.client().send("POST", "/echo", iter(pieces), chunked=True, Transfer_Encoding="chunked")
    assert reply.json["body"] == b"".join(pieces).decode()
    assert record_of(stage, reply.call_id).bytes_in == 570_003


def test_trailers_travel_both_ways_but_those_that_frame_or_sign_do_not(stage: Stage) -> None:
    sent = head(
        f"{PATH}/echo?chunked=1&trailer=X-Sum%3A+7", "Transfer-Encoding: chunked", "Connection: close", method="POST"
    )
    got = exchange_bytes(stage.port, sent + b"3\r\nabc\r\n0\r\nX-Check: 9\r\nAuthorization: no\r\n\r\n")
    assert b"0\r\nX-Sum: 7\r\n\r\n" in got
    assert stage.upstream.seen[-1].trailers == [("X-Check", "9")]


def test_head_has_the_heads_of_get_and_no_body(stage: Stage) -> None:
    client = stage.client()
    reply = client.send("HEAD", "/echo?size=1000")
    assert (reply.status, reply.headers["Content-Length"], reply.body) == (200, "1000", b"")
    assert client.get("/echo?size=3").body == b"012"


@pytest.mark.parametrize("status", ["204", "304"])
def test_answers_without_a_body_leave_the_connection_usable(stage: Stage, status: str) -> None:
    client = stage.client()
    assert client.get(f"/echo?status={status}").body == b""
    assert client.get("/echo?size=3").body == b"012"


def test_interim_answers_are_passed_on(stage: Stage) -> None:
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?informed=103&size=2", "Connection: close"))
    assert got.startswith(b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_who_expects_to_be_told_to_continue_is_told(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.port), 5) as connection:
        connection.sendall(head(f"{PATH}/echo", "Content-Length: 4", "Expect: 100-continue", method="POST"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert b'"body": "body"' in connection.recv(65_536)


def test_who_expects_to_continue_but_may_not_is_refused_at_once(stage: Stage) -> None:
    sent = head(f"{PATH}/nothing", "Content-Length: 4", "Expect: 100-continue", method="POST")
    got = exchange_bytes(stage.port, sent)
    assert got.startswith(b"HTTP/1.1 404 ")
    assert b"100 Continue" not in got


def test_pipelined_requests_are_answered_in_their_order(stage: Stage) -> None:
    sent = b"".join(head(f"{PATH}/echo?body={n}&delay={30 - 10 * n}") for n in range(3))
    sent += head(f"{PATH}/nothing") + head(f"{PATH}/echo?body=4", "Connection: close")
    got = exchange_bytes(stage.port, sent)
    statuses = [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"200", b"404", b"200"]
    bodies = [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 ")[1:]]
    assert [bodies[n] for n in (0, 1, 2, 4)] == [b"0", b"1", b"2", b"4"]


def test_a_request_arrives_in_pieces_of_one_byte(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head(f"{PATH}/echo", "Transfer-Encoding: chunked", "Connection: close", method="POST"):
            connection.sendall(bytes((byte,)))
        for byte in b"3;x=y\r\nabc\r\n0\r\n\r\n":
            connection.sendall(bytes((byte,)))
        assert b'"body": "abc"' in read_all(connection)


@pytest.mark.parametrize("keep", [False, True])
def test_http_1_0_is_answered_without_chunks(stage: Stage, keep: bool) -> None:
    lines = ["Connection: keep-alive"] if keep else []
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?body=abc", *lines, version="1.0"), within_s=1)
    assert (b"Connection: keep-alive\r\n" in got) is keep
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?size=5000&chunked=1", *lines, version="1.0"))
    assert b"chunked" not in got.lower()
    assert got.endswith(b"\r\n\r\n" + (b"0123456789abcdef" * 313)[:5000])


def test_what_belongs_to_the_connection_does_not_travel(stage: Stage) -> None:
    lines = [
        "Connection: close, X-Own",
        "X-Own: 1",
        "X-Other: 2",
        "TE: trailers",
        "Keep-Alive: 5",
        "Proxy-Authorization: a",
    ]
    path = f"{PATH}/echo?head=Connection:+X-Theirs|X-Theirs:+1|Set-Cookie:+a=b|X-Kept:+1|Keep-Alive:+9|Call-Id:+fake"
    got = exchange_bytes(stage.port, head(path, *lines))
    passed = got.partition(b"\r\n\r\n")[0]
    assert b"X-Kept: 1" in passed
    assert not [name for name in (b"X-Theirs", b"Set-Cookie", b"Keep-Alive", b"fake") if name in passed]
    names = {name.lower() for name, _ in stage.upstream.seen[-1].headers}
    assert "x-other" in names
    assert not {"x-own", "te", "keep-alive", "proxy-connection", "connection"} & names


def test_a_header_that_gives_the_credential_away_is_left_out(stage: Stage) -> None:
    reply = stage.client().get("/echo?head=X-Debug:+key=s3cret-of-supplier|X-Kept:+1")
    assert reply.headers["X-Kept"] == "1"
    assert "X-Debug" not in reply.headers


INJECTED = {
    "query": ("api key", "a&b"),
    "basic": ("", "user:pass"),
    "header": ("X-Key", "abc"),
    "none": ("", None),
}


@pytest.mark.parametrize("kind", INJECTED)
def test_each_kind_of_credential_is_injected(stage: Stage, kind: str) -> None:
    base, (name, value) = f"http://127.0.0.1:{stage.upstream.port}/v1", INJECTED[kind]
    stage.feeder.put(scene.interface(base, credential={"kind": kind, "name": name, "value": value}))
    try:
        mine = "&api%20key=mine&api+key=too&%61pi%20key=3&X=2" if kind == "query" else ""
        seen = stage.client(X_Key="mine").get(f"/echo?x=1{mine}").json
    finally:
        stage.feeder.put(scene.interface(base))
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert seen["target"] == ("/v1/echo?x=1&X=2&api%20key=a%26b" if kind == "query" else "/v1/echo?x=1")
    assert headers.get("authorization") == ("Basic dXNlcjpwYXNz" if kind == "basic" else None)
    assert headers["x-key"] == ("abc" if kind == "header" else "mine")


def test_the_answer_tells_the_limits(stage: Stage) -> None:
    headers = stage.client().get().headers
    assert headers["RateLimit-Policy"] == '"rate";q=100000;w=1'
    assert headers["RateLimit-Limit"] == "100000"
    assert int(headers["RateLimit-Remaining"]) >= 99_000
    assert headers["RateLimit"].startswith('"rate";r=')
    assert headers["RateLimit-Reset"] in ("0", "1")


def test_connections_to_the_upstream_are_kept_and_calls_that_may_be_repeated_survive_their_end(stage: Stage) -> None:
    client, before = stage.client(), stage.upstream.connections
    for _ in range(5):
        assert client.get("/echo").status == 200
    assert stage.upstream.connections - before <= 1
    assert client.get("/echo?close=1").code == "upstream_closed"


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    reply = stage.client().get("/echo?status=302&head=Location:+http://127.0.0.1:1/")
    assert (reply.status, reply.code) == (502, "upstream_redirected")
    assert "Location" not in reply.headers
    assert record_of(stage, reply.call_id).outcome is Outcome.UPSTREAM_ERROR


def test_calls_with_a_test_key_are_metered_as_tests(stage: Stage) -> None:
    reply = stage.client(X_Api_Key=scene.TEST_KEY).get()
    assert record_of(stage, reply.call_id).mode == "test"


def test_the_bearer_form_of_a_key_works_too(stage: Stage) -> None:
    client = stage.client()
    client.headers = {"Authorization": f"Bearer {scene.KEY}"}
    assert client.get().status == 200
    client.headers["X-Api-Key"] = scene.KEY
    assert client.get().code == "credential_repeated"


def test_a_path_with_parameters_reaches_its_operation(stage: Stage) -> None:
    reply = stage.client().get("/people/%E5%BC%A0?x=1")
    assert reply.json["target"] == "/v1/people/%E5%BC%A0?x=1"
    assert record_of(stage, reply.call_id).address.operation == "person"
    assert stage.client().get("/people/a/b").code == "operation_not_found"
    refused = stage.client().send("DELETE", "/people/a")
    assert (refused.status, refused.code, refused.headers["Allow"]) == (405, "method_not_allowed", "GET, HEAD")
