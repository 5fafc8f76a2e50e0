"""A client for calls to addresses that somebody else named: it goes nowhere else, follows no redirect, ends in time.

The address is judged when the connection is made, and it is the judged address that is connected to.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.addresses import address_allowed, allow_list

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

_loading = threading.Lock()
__all__ = ["CallFailed", "OutgoingAnswer", "OutgoingCall", "address_allowed", "allow_list", "call"]


@dataclass(frozen=True)
class OutgoingCall:
    """One request. The times bound connecting and the whole call; ``most_bytes`` bounds what is read of the answer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    connect_timeout_ms: int = 5_000
    timeout_ms: int = 30_000
    most_bytes: int = 1 << 20


@dataclass(frozen=True)
class OutgoingAnswer:
    """The answer as it came. ``complete`` is whether all of its body was read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool
    latency_us: int

    def header(self, name: str) -> str:
        """The first header of that name, empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class CallFailed(Exception):
    """There is no answer; ``code`` says why: ``upstream_unresolved``, ``upstream_address_refused``,

    ``upstream_unreachable``, ``upstream_tls``, ``upstream_timeout``, ``upstream_closed`` or ``upstream_malformed``.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def call(request: OutgoingCall, allow: Sequence[str] = ()) -> OutgoingAnswer:
    """Send one request and read its answer, whatever the status; never to an address that is not allowed.

    Plain http goes only to what ``allow`` names, for everybody on the way reads it.

    Raises CallFailed. Call it outside of any unit of work.
    """
    _load_client()
    began = time.monotonic()
    deadline = began + request.timeout_ms / 1000
    parts = urlsplit(request.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    secured = parts.scheme == "https"
    soon = min(deadline, began + request.connect_timeout_ms / 1000)
    raw = _connect(host, port, soon, lambda ip: address_allowed(ip, port, allow, plain=not secured))
    with _cut_off(raw, deadline) as late, _explained(late), _secured(raw, host) if secured else raw as connection:
        response = _exchange(connection, request, host, port)
        body, complete = _body(response, request.most_bytes)
    headers = tuple((str(name), str(value)) for name, value in response.headers.items())
    return OutgoingAnswer(response.status, headers, body, complete, int((time.monotonic() - began) * 1_000_000))


def _load_client() -> None:
    """Whole before a part of it is named: its modules import each other, and threads must not begin that together."""
    with _loading:
        import urllib3  # noqa: F401


def _connect(host: str, port: int, deadline: float, allowed: Callable[[str], bool]) -> socket.socket:
    """A connection to the first of the host's addresses that is allowed and answers."""
    found = _resolve(host, port, deadline)
    addresses = [ip for ip in found if allowed(ip)]
    if not addresses:
        raise CallFailed("upstream_address_refused", f"{host} leads to {found[0]}, which calls may not go to.")
    problem: OSError | None = None
    for ip in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((ip, port), timeout=left)
        except OSError as error:
            problem = error
    if problem is None or isinstance(problem, TimeoutError):
        raise CallFailed("upstream_timeout", f"{host} took no connection in time.")
    raise CallFailed("upstream_unreachable", f"{host}: {problem.strerror or problem}.")


def _resolve(host: str, port: int, deadline: float) -> list[str]:
    """The host's addresses; looked up in a thread of its own, for a lookup cannot be told when to give up."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put([str(entry[4][0]) for entry in found])

    threading.Thread(target=look_up, daemon=True).start()
    try:
        addresses = answers.get(timeout=max(0.001, deadline - time.monotonic()))
    except queue.Empty:
        raise CallFailed("upstream_timeout", f"{host} was not looked up in time.") from None
    if not addresses:
        raise CallFailed("upstream_unresolved", f"{host} has no address.")
    return list(dict.fromkeys(addresses))


@contextmanager
def _cut_off(connection: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """End the connection at the deadline, however slowly the other side keeps it going."""
    late, twin = threading.Event(), connection.dup()

    def end() -> None:
        late.set()
        try:
            twin.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    connection.settimeout(max(0.001, deadline - time.monotonic()) + 1)
    try:
        yield late
    finally:
        timer.cancel()
        twin.close()
        connection.close()


@contextmanager
def _explained(late: threading.Event) -> Iterator[None]:
    """Whatever goes wrong with the connection, as CallFailed; a body that the deadline cut short is no body."""
    from http.client import HTTPException

    from urllib3.exceptions import HTTPError

    try:
        yield
    except (OSError, HTTPException, HTTPError, ValueError) as error:
        raise _reason(error, late=late.is_set()) from error
    if late.is_set():
        raise CallFailed("upstream_timeout", "No whole answer came in time.")


def _reason(error: Exception, *, late: bool) -> CallFailed:
    from http.client import IncompleteRead

    from urllib3.exceptions import IncompleteRead as TooShort

    causes = (error, error.__cause__)
    if late or any(isinstance(cause, TimeoutError) for cause in causes):
        return CallFailed("upstream_timeout", "No whole answer came in time.")
    if isinstance(error, ssl.SSLError):
        return CallFailed("upstream_tls", f"TLS: {getattr(error, 'verify_message', '') or error.reason}.")
    if any(isinstance(cause, (OSError, IncompleteRead, TooShort)) for cause in causes):
        return CallFailed("upstream_closed", "The connection or its framing broke before the answer was whole.")
    return CallFailed("upstream_malformed", f"What came is no HTTP answer: {str(error)[:120]!r}.")


def _secured(connection: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(connection, server_hostname=host)


def _exchange(connection: socket.socket, request: OutgoingCall, host: str, port: int) -> BaseHTTPResponse:
    from urllib3.connection import HTTPConnection

    sender = HTTPConnection(host, port)
    sender.sock = connection
    standard = 443 if isinstance(connection, ssl.SSLSocket) else 80
    shown = f"[{host}]" if ":" in host else host
    headers = {
        "Host": shown if port == standard else f"{shown}:{port}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sender.request(
        request.method, target, body=request.body, headers=headers | dict(request.headers), preload_content=False,
        decode_content=False,
    )  # fmt: skip
    return sender.getresponse()


def _body(response: BaseHTTPResponse, most: int) -> tuple[bytes, bool]:
    parts, size = [], 0
    while size <= most and (part := response.read(min(65_536, most + 1 - size))):
        parts.append(part)
        size += len(part)
    whole = b"".join(parts)
    return whole[:most], size <= most
