"""Calls that do not end well: whoever breaks off, is slow, or talks nonsense, the record says what happened."""

from __future__ import annotations

import contextlib
import fcntl
import re
import socket
import sys
import termios
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from exchange.gateway.record import Kind, Outcome, Usage
from tests.exchange.gateway import scene
from tests.exchange.gateway.conftest import Stage
from tests.exchange.gateway.running import end_by_reset, exchange_bytes, leave_in_the_middle, marked, read_all, usages
from tests.exchange.gateway.test_calls import PATH, head
from tests.servers.exchange import eventually


def newest(stage: Stage, known: int) -> Usage | None:
    found = list(usages(stage.folder))
    return found[-1] if len(found) > known else None


def ends_as(stage: Stage, known: int, outcome: Outcome) -> Usage:
    assert eventually(lambda: newest(stage, known) is not None)
    found = newest(stage, known)
    assert found is not None
    assert found.outcome is outcome
    return found


def count(stage: Stage) -> int:
    return len(list(usages(stage.folder)))


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_while_the_supplier_works_is_recorded_as_gone(stage: Stage, how: str) -> None:
    known = count(stage)
    connection = socket.create_connection(("127.0.0.1", stage.port))
    connection.sendall(head(f"{PATH}/echo?delay=400"))
    time.sleep(0.1)
    if how == "reset":
        end_by_reset(connection)
    connection.close()
    assert ends_as(stage, known, Outcome.CLIENT_ABORT).bytes_out == 0


def test_a_client_that_stops_sending_still_gets_its_answer(stage: Stage) -> None:
    known = count(stage)
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?delay=300&body=abc"), half_close=True)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.endswith(b"abc")
    found = ends_as(stage, known, Outcome.HIT)
    assert eventually(lambda: found.call_id in marked(stage.folder, Kind.CONFIRM))


def test_a_client_that_goes_away_in_the_middle_of_the_answer_is_recorded_with_what_was_sent(stage: Stage) -> None:
    known = count(stage)
    leave_in_the_middle(stage.port, head(f"{PATH}/echo?size=50000000"))
    found = ends_as(stage, known, Outcome.CLIENT_ABORT)
    assert 0 < found.bytes_out < 50_000_000
    assert found.status == 200


def test_a_client_that_leaves_in_the_middle_of_an_error_is_no_reason_for_it(stage: Stage) -> None:
    known = count(stage)
    leave_in_the_middle(stage.port, head(f"{PATH}/echo?status=500&size=50000000"))
    ends_as(stage, known, Outcome.UPSTREAM_ERROR)


def test_what_is_recorded_of_a_broken_off_answer_had_left(stage: Stage) -> None:
    """The kernel's buffers hold what the client did not read, and nothing is counted beyond them."""
    known = count(stage)
    with socket.create_connection(("127.0.0.1", stage.port)) as connection:
        connection.sendall(head(f"{PATH}/echo?size=50000000"))
        left, seen = -1, 0
        while left != seen or not seen:
            time.sleep(0.2)
            left, seen = seen, queued(connection) + unsent(connection)
    assert ends_as(stage, known, Outcome.CLIENT_ABORT).bytes_out <= left


def queued(connection: socket.socket) -> int:
    """Bytes that have arrived and are not read."""
    answer = fcntl.ioctl(connection, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(answer, sys.byteorder)


def unsent(connection: socket.socket) -> int:
    """Bytes that the other side's kernel keeps for this client."""
    port = connection.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].split(":")[1], 16) == port:
            return int(fields[4].split(":")[0], 16)
    return 0


def test_who_sends_on_and_takes_nothing_has_one_answer_waiting_and_what_it_took_is_confirmed(stage: Stage) -> None:
    known, requests = count(stage), 60
    with socket.create_connection(("127.0.0.1", stage.port), 5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.sendall(head(f"{PATH}/echo?size=200000") * requests)
        assert eventually(lambda: count(stage) > known + 2)
        seen, before = count(stage), -1
        while seen != before:
            time.sleep(0.25)
            seen, before = count(stage), seen
        assert known + 2 < seen < known + requests - 10, "answers pile up that nobody takes"
        taken = b""
        while taken.count(b"Call-Id: ") < 3:
            taken += connection.recv(65_536)
        end_by_reset(connection)
    mine = {each.call_id for each in list(usages(stage.folder))[known:]}
    assert eventually(lambda: mine <= marked(stage.folder, Kind.CONFIRM) | marked(stage.folder, Kind.VOID))
    whole = re.findall(rb"Call-Id: (\S+)", taken)[:2]
    assert {each.decode() for each in whole} <= marked(stage.folder, Kind.CONFIRM)
    assert len(mine & marked(stage.folder, Kind.VOID)) <= 1


def test_refusals_that_nobody_takes_do_not_pile_up(stage: Stage) -> None:
    sent, asked = 0, head("/nothing") * 100
    with socket.create_connection(("127.0.0.1", stage.port), 0.3) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(TimeoutError, ConnectionResetError):  # it reads no more, or lets us go
            while sent < 300 << 20:
                sent += connection.send(asked)
    assert sent < 100 << 20


def test_pipelined_requests_of_a_slow_reader_are_all_answered(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.port), 10) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.sendall(head(f"{PATH}/echo?size=200000") * 39 + head(f"{PATH}/echo?size=9", "Connection: close"))
        time.sleep(0.2)
        got = read_all(connection)
    assert got.count(b"HTTP/1.1 200 OK") == 40
    assert got.endswith(b"\r\n\r\n012345678")


def test_a_client_that_takes_nothing_holds_nothing_back_and_is_let_go(stage: Stage) -> None:
    known = count(stage)
    with socket.create_connection(("127.0.0.1", stage.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head(f"{PATH}/echo?size=50000000"))
        found = ends_as(stage, known, Outcome.CLIENT_ABORT)
    assert found.bytes_out < 20_000_000, "the answer piled up in the gateway"


def test_a_body_that_is_cut_is_not_sent_on_as_a_whole_one(stage: Stage) -> None:
    known = count(stage)
    with socket.create_connection(("127.0.0.1", stage.port)) as connection:
        connection.sendall(head(f"{PATH}/echo", "Content-Length: 100", method="POST") + b"abc")
        time.sleep(0.1)
    assert ends_as(stage, known, Outcome.CLIENT_ABORT).bytes_in == 3


def test_a_body_that_does_not_come_is_waited_for_a_while(stage: Stage) -> None:
    known = count(stage)
    sent = head(f"{PATH}/echo", "Content-Length: 100", method="POST") + b"abc"
    assert b'"code": "request_timeout"' in exchange_bytes(stage.port, sent, within_s=30)
    assert ends_as(stage, known, Outcome.REFUSED).status == 408


def test_a_chunked_body_that_breaks_its_framing_is_recorded_as_refused(stage: Stage) -> None:
    known = count(stage)
    sent = head(f"{PATH}/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\nzz\r\n"
    assert b'"code": "framing_ambiguous"' in exchange_bytes(stage.port, sent)
    ends_as(stage, known, Outcome.REFUSED)


def test_a_body_that_grows_too_large_on_the_way_is_recorded_as_refused(stage: Stage) -> None:
    known = count(stage)
    with socket.create_connection(("127.0.0.1", stage.port), 5) as connection:
        connection.sendall(head(f"{PATH}/echo", "Transfer-Encoding: chunked", method="POST"))
        chunk = b"%x\r\n%b\r\n" % (1 << 20, b"x" * (1 << 20))
        got = b""
        try:
            for _ in range(20):
                connection.sendall(chunk)
        except OSError:
            pass
        got = read_all(connection)
    assert ends_as(stage, known, Outcome.REFUSED).status == 413
    assert got == b"" or b'"code": "body_too_large"' in got


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "])
def test_a_slow_request_is_cut_off(stage: Stage, sent: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", stage.port), 10) as connection:
        connection.sendall(sent)
        for _ in range(30):
            time.sleep(0.1)
            try:
                if sent:
                    connection.sendall(b"a")
            except OSError:
                break
        got = read_all(connection)
    assert time.monotonic() - began < 20
    assert got == b"" or b'"code": "request_timeout"' in got


def test_an_idle_connection_is_closed(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.port), 10) as connection:
        connection.sendall(head(f"{PATH}/echo?body=abc"))
        assert connection.recv(65_536).endswith(b"abc")
        began = time.monotonic()
        assert connection.recv(10) == b""
        assert 2 < time.monotonic() - began < 20


NONSENSE = {
    "not HTTP": "hello\r\n\r\n",
    "HTTP/2": "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of 99": "HTTP/1.1 099 A\r\nContent-Length: 0\r\n\r\n",
    "a status of 999": "HTTP/1.1 999 A\r\nContent-Length: 0\r\n\r\n",
    "a switch of protocols": "HTTP/1.1 101 A\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "two lengths": "HTTP/1.1 200 A\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": "HTTP/1.1 200 A\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": "HTTP/1.1 200 A\r\nContent-Length: -1\r\n\r\n",
    "another transfer coding": "HTTP/1.1 200 A\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    "a folded header": "HTTP/1.1 200 A\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a bare LF": "HTTP/1.1 200 A\r\nX: a\nY: b\r\nContent-Length: 0\r\n\r\n",
    "a NUL": "HTTP/1.1 200 A\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a space before a colon": "HTTP/1.1 200 A\r\nX : a\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_upstream_that_answers_nonsense_is_an_upstream_error(stage: Stage, name: str) -> None:
    known = count(stage)
    reply = stage.client().get(f"/echo?raw={quote(NONSENSE[name])}")
    assert (reply.status, reply.code) == (502, "upstream_malformed")
    assert ends_as(stage, known, Outcome.UPSTREAM_ERROR).status == 502


def test_an_upstream_whose_head_is_too_long_is_an_upstream_error(stage: Stage) -> None:
    assert stage.client().get("/echo?long_head=100000").code == "upstream_malformed"


@pytest.mark.parametrize("chunks", ["zz\r\nabc\r\n0\r\n\r\n", "5\r\nabc\r\n0\r\n\r\n", "3\r\nabcX\r\n0\r\n\r\n"])
def test_an_upstream_whose_chunks_are_wrong_is_never_passed_off_as_whole(stage: Stage, chunks: str) -> None:
    known = count(stage)
    raw = quote("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?raw={raw}", "Connection: close"))
    assert not got.endswith(b"0\r\n\r\n") or b'"code": "upstream_malformed"' in got
    ends_as(stage, known, Outcome.UPSTREAM_ERROR)


@pytest.mark.parametrize("cut", [0, 10, 60, 150])
@pytest.mark.parametrize("framing", ["", "&chunked=1"])
def test_an_upstream_that_breaks_off_is_never_passed_off_as_whole(stage: Stage, cut: int, framing: str) -> None:
    known = count(stage)
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?size=5000&cut={cut}{framing}", "Connection: close"))
    assert b'"code": "upstream_closed"' in got or (b"HTTP/1.1 200" in got and not got.endswith(b"0\r\n\r\n"))
    ends_as(stage, known, Outcome.UPSTREAM_ERROR)


def test_what_follows_an_answer_is_nobodys(stage: Stage) -> None:
    two = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    client = stage.client()
    assert client.get(f"/echo?on=1&raw={quote(two)}").body == b"a"
    assert client.get("/echo?body=mine").body == b"mine"


def test_an_upstream_that_is_silent_is_given_up(stage: Stage) -> None:
    base = f"http://127.0.0.1:{stage.upstream.port}/v1"
    stage.feeder.put(scene.interface(base, upstream={"timeout_ms": 300}))
    try:
        reply = stage.client().get("/echo?silent=1")
    finally:
        stage.feeder.put(scene.interface(base))
    assert (reply.status, reply.code) == (504, "upstream_timeout")


def test_an_upstream_that_stops_in_the_middle_is_given_up(stage: Stage) -> None:
    known = count(stage)
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?size=10&drip=900", "Connection: close"), within_s=15)
    assert b"HTTP/1.1 200" in got
    assert ends_as(stage, known, Outcome.HIT).bytes_out == 10
    raw = quote("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc")
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?on=1&raw={raw}", "Connection: close"), within_s=15)
    assert got.endswith(b"\r\n\r\nabc")
    assert ends_as(stage, known + 1, Outcome.UPSTREAM_ERROR).bytes_out == 3


def test_a_short_answer_that_stops_in_the_middle_is_not_begun(stage: Stage) -> None:
    known = count(stage)
    raw = quote("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\nabc")
    got = exchange_bytes(stage.port, head(f"{PATH}/echo?on=1&raw={raw}", "Connection: close"), within_s=15)
    assert b'"code": "upstream_timeout"' in got
    assert ends_as(stage, known, Outcome.UPSTREAM_ERROR).bytes_out == 0


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("http://127.0.0.1:1/", 502, "upstream_unreachable"),
        ("http://169.254.169.254/", 502, "upstream_address_refused"),
        ("http://[::ffff:169.254.169.254]/", 502, "upstream_address_refused"),
        ("http://[::1]/", 502, "upstream_address_refused"),
        ("http://10.0.0.1/", 502, "upstream_address_refused"),
        ("http://0x7f000002:8080/", 502, "upstream_address_refused"),
        ("http://no-such-host.invalid/", 502, "upstream_unresolved"),
    ],
)
def test_an_upstream_that_cannot_or_may_not_be_reached(stage: Stage, url: str, status: int, code: str) -> None:
    known = count(stage)
    stage.feeder.put(scene.interface(url))
    try:
        reply = stage.client().get()
    finally:
        stage.feeder.put(scene.interface(f"http://127.0.0.1:{stage.upstream.port}/v1"))
    assert (reply.status, reply.code) == (status, code)
    assert ends_as(stage, known, Outcome.UPSTREAM_ERROR).status == status


def test_an_early_answer_to_a_long_body_arrives(stage: Stage) -> None:
    raw = quote("HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    with socket.create_connection(("127.0.0.1", stage.port), 5) as connection:
        connection.sendall(head(f"{PATH}/echo?raw={raw}", "Content-Length: 8000000", method="POST"))
        try:
            for _ in range(80):
                connection.sendall(b"x" * 100_000)
        except OSError:
            pass
        assert read_all(connection)[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 413", b"HTTP/1.1 502", b"")


def test_who_asks_whether_it_serves_and_wants_no_more_is_let_go(stage: Stage) -> None:
    def takes_s() -> float:
        began = time.monotonic()
        got = exchange_bytes(stage.port, b"GET /healthz HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n", within_s=30)
        assert got.endswith(b'serving"}\n')
        return time.monotonic() - began

    assert min(takes_s() for _ in range(3)) < 2, "as long as an idle connection is kept"


def test_nothing_is_left_under_way(stage: Stage) -> None:
    assert eventually(lambda: all(beat["in_flight"] == 0 for beat in stage.feeder.beats.values()))
    found = list(usages(stage.folder))
    assert len({each.call_id for each in found}) == len(found)
    settled = marked(stage.folder, Kind.CONFIRM) | marked(stage.folder, Kind.VOID)
    assert {each.call_id for each in found} == settled
