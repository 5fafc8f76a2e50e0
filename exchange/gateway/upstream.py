"""One connection to an upstream: sends a call on, reads its answer strictly, keeps what belongs to the caller."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
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
BODILESS = frozenset((204, 304))
STATUS_LINES = {status: f"HTTP/1.1 {status} \r\n".encode() for status in range(200, 600)} | {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}

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


class Answer:
    """What the head of an answer says. ``start`` is the head as it is passed back, but for what we add.

    ``exact`` is the length of a body that is there and whose end the length tells, else -1.
    """

    __slots__ = ("coding", "exact", "fields", "keeps", "length", "start", "status")

    def __init__(self, status: int, keeps: bool, length: int, coding: bytes, fields: bytes) -> None:
        self.status = status
        self.keeps = keeps
        self.length = length
        self.coding = coding
        self.fields = fields
        framing = b"Content-Length: %d\r\n" % length if length >= 0 and status != 204 else b""
        self.start = STATUS_LINES.get(status, b"") + fields + framing
        self.exact = length if length > 0 and status >= 200 and status not in BODILESS else -1


_NO_ANSWER = Answer(0, False, UNTIL_CLOSE, b"", b"")
_heads: dict[bytes, Answer] = {}


def _read_head(head: bytes) -> Answer:
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
    return Answer(int(match.group(2)), keeps, length, coding, b"".join(passed))


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

    def informed(self, status: int, fields: bytes) -> None: ...

    def progressed(self, connection: UpstreamConnection) -> None: ...

    def completed(self, connection: UpstreamConnection) -> None: ...

    def upstream_failed(self, code: str) -> None: ...

    def upstream_writable(self, writable: bool) -> None: ...


class UpstreamConnection(asyncio.Protocol):
    """While it has a call: ``answer`` and ``parts`` are what has come."""

    __slots__ = (
        "_largest_head", "_left", "_parser", "_pending", "answer", "call", "complete", "headed", "idle_since",
        "is_head", "keeps", "lane", "parts", "reused", "secrets", "touched", "trailers", "transport",
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
        self.parts: list[bytes] = []
        self._pending = b""
        self.keeps = True
        self.trailers: list[bytes] = []
        self.is_head = False
        self.answer = _NO_ANSWER
        self._parser: httptools.HttpResponseParser | None = None

    def begin(self, call: Answered, secrets: tuple[bytes, ...], request: bytes, is_head: bool) -> None:
        """Work for this call: send its request, or the beginning of it."""
        self.call = call
        self.secrets = secrets
        self.is_head = is_head
        self.touched = self.headed = self.complete = False
        self.transport.write(request)

    def release(self) -> bool:
        """The call is over. Whether the connection can serve another one."""
        self.call = None
        self.reused = True
        self._parser = None
        return self.keeps

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
            self.lane.forget(self)
            self.transport.abort()
            return
        if not self.touched:
            self.touched = True
            if self._whole(data):
                call.completed(self)
                return
            self.parts = []
            self._pending = b""
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

    def _whole(self, data: bytes) -> bool:
        """The commonest case, an answer in one piece with a head like one before: take it, and say so."""
        end = data.find(b"\r\n\r\n")
        answer = _heads.get(data[:end]) if end >= 0 else None
        if answer is None or answer.exact != len(data) - end - 4 or self.is_head:
            return False
        if self.secrets and self._tells(data[:end]):
            return False
        self.answer = answer
        self.keeps = answer.keeps
        self.headed = self.complete = True
        self.parts = [data[end + 4 :]]
        return True

    def _tells(self, text: bytes) -> bool:
        """Whether it gives the injected credential away."""
        for secret in self.secrets:  # noqa: SIM110  (a generator costs more than the look)
            if text.find(secret) >= 0:  # "in" makes and drops an exception each time
                return True
        return False

    def eof_received(self) -> bool:
        self.keeps = False
        self.lane.forget(self)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lane.lost(self)
        call, self.call = self.call, None
        if call is None:
            return
        if exc is None and self.headed and self.answer.length == UNTIL_CLOSE and not self.complete:
            self.complete = True
            self.keeps = False
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
            if self.answer.status >= 200:
                self.headed = True
                self._frame()
                return data
            if self.answer.status == 101:
                raise FieldMalformed
            if self.call is not None:
                self.call.informed(self.answer.status, self.answer.fields)

    def _read(self, head: bytes) -> None:
        """Take over what a head says; one that came a moment ago is known, but for a credential that it gives away."""
        known = _heads.get(head)
        if known is None:
            known = _read_head(head)
            if len(head) <= _LONGEST_KEPT:
                if len(_heads) >= _MOST_HEADS:
                    _heads.clear()
                _heads[head] = known
        if self.secrets and self._tells(head):
            lines = known.fields.splitlines(keepends=True)
            fields = b"".join(line for line in lines if not self._tells(line))
            known = Answer(known.status, known.keeps, known.length, known.coding, fields)
        self.answer = known
        self.keeps = known.keeps

    def _frame(self) -> None:
        """How the body ends."""
        self.trailers = []
        if self.answer.status in BODILESS or self.is_head or self.answer.length == 0:
            self.complete = True
        elif self.answer.length == CHUNKED:
            self._parser = httptools.HttpResponseParser(self)
            self._parser.feed_data(_CHUNKED_HEAD)
        elif self.answer.length == UNTIL_CLOSE:
            self.keeps = False
        self._left = self.answer.length

    # Bodies

    def _body(self, data: bytes) -> None:
        if self.complete:  # more than one answer: what follows is nobody's
            self.keeps = False
        elif self._parser is not None:
            self._feed(self._parser, data)
        elif self.answer.length == UNTIL_CLOSE:
            self.parts.append(data)
        else:
            size = len(data)
            if size > self._left:
                data = data[: self._left]
                self.keeps = False
            self._left -= size
            self.parts.append(data)
            self.complete = self._left <= 0

    def _feed(self, parser: httptools.HttpResponseParser, data: bytes) -> None:
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.complete:
                raise
            self.keeps = False

    def on_message_begin(self) -> None:
        if self.complete:
            raise FieldMalformed

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete or name.lower() in _NOT_A_TRAILER or self._tells(value):
            return
        if len(self.trailers) < _MOST_TRAILERS:
            self.trailers.append(name + b": " + value + b"\r\n")

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.complete = True
