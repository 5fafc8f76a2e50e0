"""One connection to an upstream: sends a call on, reads its answer strictly, keeps what belongs to the caller."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Protocol, cast

import httptools

from exchange.gateway.fields import FieldMalformed, Fields

if TYPE_CHECKING:
    from exchange.gateway.pool import Lane

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
_STATUS = re.compile(rb"\AHTTP/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?\Z")
_LENGTH = re.compile(rb"\A[0-9]{1,18}\Z")
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_MOST_TRAILERS = 50
UNTIL_CLOSE = -1
CHUNKED = -2
_BODILESS = (204, 304)

Special = tuple[int, bytes]
_IS_CONNECTION, _IS_LENGTH, _IS_TRANSFER, _IS_ENCODING = range(4)
_FRAMING = (_IS_LENGTH, _IS_TRANSFER)
_SPECIAL = {
    b"connection": _IS_CONNECTION,
    b"content-length": _IS_LENGTH,
    b"transfer-encoding": _IS_TRANSFER,
    b"content-encoding": _IS_ENCODING,
}


def _classify(name: bytes, value: bytes) -> bytes | Special:
    """The line as it is passed back (empty: it is not), or what it says about the answer."""
    lowered = name.lower()
    if lowered in _SPECIAL:
        return _SPECIAL[lowered], value
    return b"" if lowered in _NOT_PASSED_BACK else name + b": " + value + b"\r\n"


_fields: Fields[bytes | Special] = Fields(_classify)
_MOST_HEADS = 1_024
_LONGEST_KEPT = 1_024
Known = tuple[int, bool, int, bytes, bytes]
"""Status, whether the connection may be kept, the body's length, its coding, and the lines that are passed back."""
_heads: dict[bytes, Known] = {}


def _read_head(head: bytes) -> Known:
    """Raises FieldMalformed."""
    lines = head.split(b"\r\n")
    match = _STATUS.match(lines[0])
    if match is None:
        raise FieldMalformed
    keeps, length, coding = match.group(1) == b"1", UNTIL_CLOSE, b""
    passed: list[bytes] = []
    named: list[bytes] = []
    known = _fields.known
    for line in lines[1:]:
        entry = known.get(line)
        if entry is None:
            entry = _fields.read(line)
        if isinstance(entry, bytes):
            passed.append(entry)
            continue
        kind, value = entry
        if kind in _FRAMING:
            length = _framing(kind, value, length)
        elif kind == _IS_ENCODING:
            coding = value.lower()
            passed.append(b"Content-Encoding: " + value + b"\r\n")
        else:
            keeps = _connection(value.lower(), keeps, named)
    if named:
        passed = [line for line in passed if line[: line.find(b":")].lower() not in named]
    return int(match.group(2)), keeps, length, coding, b"".join(passed)


def _framing(kind: int, value: bytes, length: int) -> int:
    """The length that a header states; it is stated once."""
    if length == UNTIL_CLOSE:
        if kind == _IS_LENGTH and _LENGTH.match(value):
            return int(value)
        if kind == _IS_TRANSFER and value.lower() == b"chunked":
            return CHUNKED
    raise FieldMalformed


def _connection(value: bytes, keeps: bool, named: list[bytes]) -> bool:
    for part in value.split(b","):
        token = part.strip()
        if token in (b"close", b"keep-alive"):
            keeps = token == b"keep-alive"
        elif token:
            named.append(token)
    return keeps


class Answered(Protocol):
    """The call that a connection works for."""

    is_head: bool

    def informed(self, status: int, fields: bytes) -> None: ...

    def progressed(self, connection: UpstreamConnection) -> None: ...

    def completed(self, connection: UpstreamConnection) -> None: ...

    def upstream_failed(self, code: str) -> None: ...

    def upstream_writable(self, writable: bool) -> None: ...


class UpstreamConnection(asyncio.Protocol):
    """While it has a call: ``status``, ``fields``, ``parts`` and the framing of the answer as far as it has come."""

    __slots__ = (
        "_keeps", "_largest_head", "_left", "_parser", "_pending", "call", "coding", "complete", "fields", "headed",
        "idle_since", "lane", "length", "parts", "reused", "secrets", "status", "touched", "trailers",
        "transport",
    )  # fmt: skip

    def __init__(self, lane: Lane, largest_head: int) -> None:
        self._largest_head = largest_head
        self.lane = lane
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.call: Answered | None = None
        self.secrets: tuple[bytes, ...] = ()
        self.reused = False
        self.touched = False
        self.complete = False
        self.idle_since = 0
        self.fields = b""
        self.parts: list[bytes] = []
        self.trailers: list[bytes] = []
        self.status = 0
        self.length = UNTIL_CLOSE
        self._parser: httptools.HttpResponseParser | None = None

    def begin(self, call: Answered, secrets: tuple[bytes, ...], request: bytes) -> None:
        """Work for this call: send its request, or the beginning of it."""
        self.call = call
        self.secrets = secrets
        self.touched = self.headed = self.complete = False
        self.parts = []
        self._pending = b""
        self._parser = None
        self.transport.write(request)

    def release(self) -> bool:
        """The call is over. Whether the connection can serve another one."""
        self.call = None
        self.reused = True
        return self._keeps and self.complete and not self.transport.is_closing()

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
            if not self.headed:
                data = self._head(self._pending + data if self._pending else data)
            if data:
                self._body(data)
        except (FieldMalformed, httptools.HttpParserError):
            self.abort()
            call.upstream_failed("upstream_malformed")
            return
        if self.complete:
            call.completed(self)
        elif self.headed:
            call.progressed(self)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lane.lost(self)
        call, self.call = self.call, None
        if call is None:
            return
        if exc is None and self.headed and self.length == UNTIL_CLOSE and not self.complete:
            self.complete = True
            self._keeps = False
            call.completed(self)
        elif not self.complete:
            call.upstream_failed("upstream_closed")

    def pause_writing(self) -> None:
        if self.call is not None:
            self.call.upstream_writable(False)

    def resume_writing(self) -> None:
        if self.call is not None:
            self.call.upstream_writable(True)

    # Heads

    def _head(self, data: bytes) -> bytes:
        """Read heads, interim ones too; answers what follows the last. Raises FieldMalformed."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > self._largest_head or not data.startswith(b"HTTP/1."[: len(data)]):
                    raise FieldMalformed
                self._pending = data
                return b""
            if end > self._largest_head:
                raise FieldMalformed
            self._read(data[:end])
            data = data[end + 4 :]
            if self.status >= 200:
                self.headed = True
                self._frame()
                return data
            if self.status == 101:
                raise FieldMalformed
            if self.call is not None:
                self.call.informed(self.status, self.fields)

    def _read(self, head: bytes) -> None:
        """Take over what a head says; one that came a moment ago is known, but for a credential that it gives away."""
        known = _heads.get(head)
        if known is None:
            known = _read_head(head)
            if len(head) <= _LONGEST_KEPT:
                if len(_heads) >= _MOST_HEADS:
                    _heads.clear()
                _heads[head] = known
        self.status, self._keeps, self.length, self.coding, self.fields = known
        for secret in self.secrets:
            if secret in head:
                self.fields = b"".join(line for line in self.fields.splitlines(keepends=True) if secret not in line)

    def _frame(self) -> None:
        """How the body ends."""
        if self.status in _BODILESS or (self.call is not None and self.call.is_head) or self.length == 0:
            self.complete = True
        elif self.length == CHUNKED:
            self.trailers = []
            self._parser = httptools.HttpResponseParser(self)
            self._parser.feed_data(_CHUNKED_HEAD)
        elif self.length == UNTIL_CLOSE:
            self._keeps = False
        self._left = self.length

    # Bodies

    def _body(self, data: bytes) -> None:
        if self.complete:  # more than one answer: what follows is nobody's
            self._keeps = False
        elif self._parser is not None:
            self._feed(self._parser, data)
        elif self.length == UNTIL_CLOSE:
            self.parts.append(data)
        else:
            size = len(data)
            if size > self._left:
                data = data[: self._left]
                self._keeps = False
            self._left -= size
            self.parts.append(data)
            self.complete = self._left <= 0

    def _feed(self, parser: httptools.HttpResponseParser, data: bytes) -> None:
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.complete:
                raise
            self._keeps = False

    def on_message_begin(self) -> None:
        if self.complete:
            raise FieldMalformed

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete or name.lower() in _NOT_A_TRAILER or any(secret in value for secret in self.secrets):
            return
        if len(self.trailers) < _MOST_TRAILERS:
            self.trailers.append(name + b": " + value + b"\r\n")

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.complete = True
