"""One connection to an upstream: sends a call on, reads its answer with httptools, keeps what belongs to the caller."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import httptools

from exchange.gateway.upstreams import Origin

# Spoken between neighbours, or ours to say: never passed back. Cookies of a supplier are none of the caller's.
_NOT_PASSED_BACK = frozenset(
    b"keep-alive proxy-authenticate proxy-connection proxy-authentication-info te upgrade set-cookie set-cookie2 "
    b"call-id ratelimit ratelimit-policy ratelimit-limit ratelimit-remaining ratelimit-reset alt-svc via "
    b"strict-transport-security trailer".split()
)
_NOT_A_TRAILER = _NOT_PASSED_BACK | frozenset(
    b"content-length transfer-encoding connection host authorization content-encoding content-type content-range "
    b"cache-control expect range age date expires location retry-after vary".split()
)
_CONNECTION, _LENGTH, _TRANSFER, _ENCODING, _DROP = range(5)
_SPECIAL = dict.fromkeys(_NOT_PASSED_BACK, _DROP) | {
    b"connection": _CONNECTION,
    b"content-length": _LENGTH,
    b"transfer-encoding": _TRANSFER,
    b"content-encoding": _ENCODING,
}
UNTIL_CLOSE = -1
CHUNKED = -2


class Answered(Protocol):
    """The call that a connection works for."""

    is_head: bool

    def informed(self, status: int, lines: list[bytes]) -> None: ...

    def progressed(self) -> None: ...

    def completed(self) -> None: ...

    def upstream_failed(self, code: str) -> None: ...

    def upstream_writable(self, writable: bool) -> None: ...


class Keeper(Protocol):
    """Who keeps connections between calls."""

    def lost(self, connection: UpstreamConnection) -> None: ...


class UpstreamConnection(asyncio.Protocol):
    """While it has a call: ``status``, ``lines``, ``parts`` and the framing of the answer as far as it has come."""

    __slots__ = (
        "_head_bytes", "_keeper", "_keeps", "_largest_head", "_named", "_overrun", "_parser", "call", "coding", "complete",
        "headed", "idle_since", "length", "lines", "origin", "parts", "reused", "secrets", "status", "touched",
        "trailers", "transport",
    )  # fmt: skip

    def __init__(self, keeper: Keeper, origin: Origin, largest_head: int) -> None:
        self._keeper = keeper
        self._largest_head = largest_head
        self._parser = httptools.HttpResponseParser(self)
        self.origin = origin
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.call: Answered | None = None
        self.secrets: tuple[bytes, ...] = ()
        self.reused = False
        self.touched = False
        self.idle_since = 0.0
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.lines: list[bytes] = []
        self.parts: list[bytes] = []
        self.trailers: list[bytes] = []
        self.length = UNTIL_CLOSE
        self.coding = b""
        self.headed = False
        self.complete = False
        self._named: list[bytes] = []
        self._head_bytes = 0
        self._keeps = False
        self._overrun = False

    def begin(self, call: Answered, secrets: tuple[bytes, ...], request: bytes) -> None:
        """Work for this call: send its request, or the beginning of it."""
        self.call = call
        self.secrets = secrets
        self.touched = False
        self._reset()
        self.transport.write(request)

    def release(self) -> bool:
        """The call is over. Whether the connection can serve another one."""
        self.call = None
        clean = self.complete and self._keeps and not self._overrun
        self.reused = True
        return clean and not self.transport.is_closing()

    def abort(self) -> None:
        """Drop the call and the connection."""
        self.call = None
        self.transport.abort()

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        call = self.call
        if call is None:  # an answer that nobody asked for
            self.transport.abort()
            return
        self.touched = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.complete:
                self.abort()
                call.upstream_failed("upstream_malformed")
                return
            self._overrun = True
        if self.complete:
            call.completed()
        elif self.headed:
            call.progressed()
        else:
            self._head_bytes += len(data)
            if self._head_bytes > self._largest_head:
                self.abort()
                call.upstream_failed("upstream_malformed")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._keeper.lost(self)
        call, self.call = self.call, None
        if call is None:
            return
        if exc is None and self.headed and self.length == UNTIL_CLOSE and not self.complete:
            self.complete = True
            self._overrun = True
            call.completed()
        elif not self.complete:
            call.upstream_failed("upstream_closed")

    def pause_writing(self) -> None:
        if self.call is not None:
            self.call.upstream_writable(False)

    def resume_writing(self) -> None:
        if self.call is not None:
            self.call.upstream_writable(True)

    # httptools

    def on_message_begin(self) -> None:
        if self.complete:
            self._overrun = True
            raise _Overrun

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.headed:
            self._trailer(name, value)
            return
        special = _SPECIAL.get(name.lower())
        if special is not None:
            self._special(special, name, value)
        elif not self.secrets or not self._tells(value):
            self.lines.append(name + b": " + value + b"\r\n")

    def _tells(self, value: bytes) -> bool:
        """Whether a header gives the injected credential away."""
        return any(secret in value for secret in self.secrets)

    def _special(self, special: int, name: bytes, value: bytes) -> None:
        if special == _LENGTH:
            self.length = int(value)
        elif special == _TRANSFER:
            if value.lower() != b"chunked":
                raise _Unreadable
            self.length = CHUNKED
        elif special == _ENCODING:
            self.coding = value.lower()
            self.lines.append(name + b": " + value + b"\r\n")
        elif special == _CONNECTION:
            self._named += [token for part in value.split(b",") if (token := part.strip().lower()) not in _USUAL]

    def _trailer(self, name: bytes, value: bytes) -> None:
        if name.lower() not in _NOT_A_TRAILER and not self._tells(value) and len(self.trailers) < 50:
            self.trailers.append(name + b": " + value + b"\r\n")

    def on_headers_complete(self) -> None:
        status = self.status = self._parser.get_status_code()
        if not 100 <= status < 600 or status == 101:
            raise _Unreadable
        if self._named:
            self.lines = [line for line in self.lines if line[: line.index(b":")].lower() not in self._named]
        if status < 200:
            return
        self.headed = True
        self._keeps = self._parser.should_keep_alive()
        if self.call is not None and self.call.is_head:
            self.complete = True
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        if self.headed:
            self.complete = True
            return
        lines, self.lines, self._named, self.length = self.lines, [], [], UNTIL_CLOSE
        self._head_bytes = 0
        if self.call is not None:
            self.call.informed(self.status, lines)


_USUAL = (b"close", b"keep-alive", b"")


class _Overrun(Exception):
    """More came than one answer."""


class _Unreadable(Exception):
    """An answer that cannot be passed on."""
