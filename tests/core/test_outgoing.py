"""Where a call to a foreign address may go, and what becomes of an upstream that does not behave."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from core import outgoing
from core.addresses import address_allowed, allow_entry, allow_list
from core.outgoing import CallFailed, OutgoingAnswer, OutgoingCall

CLOSED = {
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%eth0"],
    "metadata": [
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
    ],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "broadcast and reserved": ["255.255.255.255", "240.0.0.1", "192.0.0.8"],
    "documentation and tests": [
        "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "2001:db8::1", "3fff::1", "100::1",
    ],
    "unique local": ["fc00::1", "fd12:3456::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0"],
    "compatible and translated": ["::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8"],
    "6to4 and Teredo": ["2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2001::1", "2001:0:808:808::1"],
    "site-local and others": ["fec0::1", "5f00::1", "4000::1"],
    "no address": ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3", "1.2.3.4.5", "::g"],
}  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2400:3200::1"]
WRAPPED_PUBLIC = ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize(("kind", "ip"), [(kind, ip) for kind, ips in CLOSED.items() for ip in ips])
def test_no_call_goes_there(kind: str, ip: str) -> None:
    assert not address_allowed(ip, 443, ())


@pytest.mark.parametrize("ip", PUBLIC + WRAPPED_PUBLIC)
def test_public_addresses_are_open(ip: str) -> None:
    assert address_allowed(ip, 443, ())


@pytest.mark.parametrize("ip", PUBLIC + WRAPPED_PUBLIC)
def test_plain_http_goes_only_where_an_entry_says(ip: str) -> None:
    assert not address_allowed(ip, 80, (), plain=True)
    assert not address_allowed(ip, 80, ["127.0.0.1", "10.0.0.0/8"], plain=True)
    assert not address_allowed(ip, 80, [f"[{ip}]:8080", "8.8.8.8:8080"], plain=True)
    assert address_allowed(ip, 80, [*PUBLIC], plain=True)
    with pytest.raises(CallFailed) as refused:
        outgoing.call(OutgoingCall("GET", f"http://{f'[{ip}]' if ':' in ip else ip}/"), ["127.0.0.1"])
    assert refused.value.code == "upstream_address_refused"


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    assert not address_allowed("8.8.8.8", port, ())


@pytest.mark.parametrize(
    ("ip", "port", "allow", "allowed"),
    [
        ("127.0.0.1", 9000, ["127.0.0.1:9000"], True),
        ("127.0.0.1", 9001, ["127.0.0.1:9000"], False),
        ("127.0.0.2", 9000, ["127.0.0.1:9000"], False),
        ("::ffff:127.0.0.1", 9000, ["127.0.0.1:9000"], True),
        ("::1", 9000, ["127.0.0.1:9000"], False),
        ("::1", 9000, ["[::1]:9000"], True),
        ("::1", 9001, ["::1"], True),
        ("10.1.2.3", 80, ["10.1.0.0/16"], True),
        ("10.2.0.1", 80, ["10.1.0.0/16"], False),
        ("10.1.2.3", 80, ["10.1.0.0/16:8080"], False),
        ("10.1.2.3", 8080, ["192.168.0.0/16", "10.1.0.0/16:8080"], True),
        ("fd00::5", 80, ["fd00::/64"], True),
        ("169.254.169.254", 80, ["169.254.0.0/16"], False),
        ("169.254.169.254", 80, ["0.0.0.0/0"], False),
        ("169.254.169.254", 80, ["169.254.169.254:80"], True),
        ("fe80::1%eth0", 80, ["fe80::/10"], False),
    ],
)
def test_the_allow_list_opens_what_it_names_and_no_more(ip: str, port: int, allow: list[str], allowed: bool) -> None:
    assert address_allowed(ip, port, allow) is allowed


@pytest.mark.parametrize("entry", ["localhost:80", "10.0.0.1:0", "10.0.0.1:x", "10.0.0.0/33", "[::1]80", "10.0.0.1/8"])
def test_an_entry_that_is_none_says_so(entry: str) -> None:
    with pytest.raises(ValueError):
        allow_list(f"127.0.0.1:9000, {entry}")


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_unicast_and_wrapped_public_ipv4_is_open(address: ipaddress.IPv6Address) -> None:
    if address_allowed(str(address), 443, ()):
        wrapped = address.ipv4_mapped or (address in ipaddress.ip_network("64:ff9b::/96"))
        assert wrapped or address.is_global


@given(st.ip_addresses(v=4))
def test_mapped_and_plain_are_judged_alike(address: ipaddress.IPv4Address) -> None:
    plain = address_allowed(str(address), 443, ())
    assert address_allowed(f"::ffff:{address}", 443, ()) is plain
    assert address_allowed(f"64:ff9b::{address}", 443, ()) is plain
    assert not plain or (address.is_global and not address.is_multicast)


@given(st.text(max_size=40))
def test_no_text_makes_it_fail(text: str) -> None:
    assert address_allowed(text, 443, ()) in (True, False)
    with suppress(ValueError):
        allow_entry(text)


# ---- the client, against servers that really answer ------------------------------------------------------------------


@contextmanager
def serving(answer: Callable[[socket.socket], None], *, family: int = socket.AF_INET) -> Iterator[int]:
    """A server on the loopback; ``answer`` is called with each connection."""
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _says(raw: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(raw)

    return answer


def _ask(port: int, *, host: str = "127.0.0.1", scheme: str = "http", **options: object) -> OutgoingAnswer:
    request = OutgoingCall("GET", f"{scheme}://{host}:{port}/x?y=1", **options)  # type: ignore[arg-type]
    return outgoing.call(request, [f"127.0.0.1:{port}"])


def _failure(port: int, **options: object) -> str:
    with pytest.raises(CallFailed) as failed:
        _ask(port, **options)  # type: ignore[arg-type]
    return failed.value.code


def test_an_answer_is_read_with_its_headers_and_time() -> None:
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX-Mark: a\r\n\r\nnone")

    with serving(answer) as port:
        found = _ask(port, headers={"X-Sent": "b"})
    assert (found.status, found.body, found.complete, found.header("x-mark")) == (404, b"none", True, "a")
    assert found.latency_us > 0
    assert heard[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in heard[0]
    assert b"X-Sent: b\r\n" in heard[0]


def test_a_chunked_answer_is_put_together() -> None:
    with serving(
        _says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    ) as port:
        assert _ask(port).body == b"abcde"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")

    with serving(answer) as port:
        assert _ask(port).status == 302
    assert len(asked) == 1


def test_a_large_answer_is_cut_and_told() -> None:
    with serving(_says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000)) as port:
        found = _ask(port, most_bytes=1000)
    assert (len(found.body), found.complete) == (1000, False)


def test_the_loopback_is_refused_unless_it_is_named() -> None:
    with serving(_says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"):
            with pytest.raises(CallFailed) as failed:
                outgoing.call(OutgoingCall("GET", f"http://{host}:{port}/"))
            assert failed.value.code == "upstream_address_refused", host


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "0.0.0.0", "10.0.0.1"])
def test_closed_addresses_are_refused_before_anything_is_sent(host: str) -> None:
    began = time.monotonic()
    with pytest.raises(CallFailed) as failed:
        outgoing.call(OutgoingCall("GET", f"http://{host}/"), ["127.0.0.1:1"])
    assert failed.value.code == "upstream_address_refused"
    assert time.monotonic() - began < 10


def test_a_name_that_leads_to_a_closed_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked: what is judged is what is connected to, so a second look-up cannot differ."""
    answers = iter(["127.0.0.1", "8.8.8.8"])

    def rebinding(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(CallFailed) as failed:
        outgoing.call(OutgoingCall("GET", "http://rebound.example/"))
    assert failed.value.code == "upstream_address_refused"
    assert next(answers) == "8.8.8.8"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\x00\xff garbage\r\n\r\n", "upstream_malformed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "upstream_malformed"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "upstream_closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "upstream_closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "upstream_closed"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000, "upstream_malformed"),
        (b"", "upstream_closed"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_named(raw: bytes, code: str) -> None:
    with serving(_says(raw)) as port:
        assert _failure(port) == code


def test_nobody_there_and_no_such_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert _failure(port) == "upstream_unreachable"
    assert _failure(port, host="nowhere.invalid") == "upstream_unresolved"
    assert _failure(port, host="a" * 70 + ".example") == "upstream_unresolved"


def _drip(start: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(start)
        for _ in range(1200):
            time.sleep(0.05)
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection: time.sleep(60),
        _drip(b"", b"H"),
        _drip(b"HTTP/1.1 200 OK\r\nA: ", b"b"),
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "status line", "header", "body", "body to the end", "endless 100"],
)
def test_a_call_ends_in_time_however_slow_the_other_side_is(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as port:
        began = time.monotonic()
        assert _failure(port, timeout_ms=400) == "upstream_timeout"
        assert time.monotonic() - began < 20


def test_tls_is_verified_and_a_slow_handshake_ends_in_time(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with serving(answer) as port:
        assert _failure(port, scheme="https") == "upstream_tls"
    with serving(lambda connection: time.sleep(60)) as port:
        began = time.monotonic()
        assert _failure(port, scheme="https", timeout_ms=400) == "upstream_timeout"
        assert time.monotonic() - began < 20


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    began = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(began).not_valid_after(began + dt.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
