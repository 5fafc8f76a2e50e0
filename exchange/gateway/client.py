"""One connection of a client: reads requests, one after the other, and hands each to a call or a transfer."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from exchange.gateway.call import Call
from exchange.gateway.chunks import ChunkReader, ChunksMalformed
from exchange.gateway.heads import Head, request_line
from exchange.gateway.prepared import Prepared, again, prepare
from exchange.gateway.refusals import REFUSALS, Refusal, Refused
from exchange.gateway.transfer import open_transfer
from exchange.gateway.upstream import STATUS_LINES

if TYPE_CHECKING:
    from exchange.gateway.segments import Segment
    from exchange.gateway.server import Gateway

_TCP_INFO = getattr(socket, "TCP_INFO", 11)
_CLOSE_WAIT = 8
_RTT_AT = 68
_SHORTEST_PROBE_S = 0.05
_LINGER_S = 2.0
_LINGER_BYTES = 1 << 20
_JSON = b"Content-Type: application/problem+json; charset=utf-8\r\nCache-Control: no-store\r\n"


class Work(Protocol):
    """What a connection is busy with."""

    @property
    def began_ns(self) -> float: ...

    def body(self, piece: bytes) -> None: ...

    def body_ended(self, trailers: list[tuple[bytes, bytes]]) -> None: ...

    def body_malformed(self) -> None: ...

    def client_gone(self) -> None: ...

    def client_writable(self, writable: bool) -> None: ...

    def expire(self) -> None: ...


class ClientConnection(asyncio.Protocol):
    """``work`` is what is under way; more requests wait in ``_buffer`` until it is done and its answer has left.

    ``paused`` while anything that was written has not left: transports here keep nothing that the kernel takes.
    """

    __slots__ = (
        "_block", "_buffer", "_chunks", "_discarded", "_left", "_waiting", "closing", "deadline", "gateway",
        "half_closed", "http11", "keep", "lost", "paused", "reading", "transport", "unread", "unsettled", "work",
    )  # fmt: skip

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.work: Work | None = None
        self.deadline = gateway.now + gateway.bounds.head_s
        self.http11 = True
        self.keep = True
        self.reading = True
        self.paused = False
        self.half_closed = False
        self.unread = False
        self.closing = False
        self.lost = False
        self.unsettled: tuple[Segment, int] | None = None
        self._buffer = b""
        self._block = b""
        self._waiting = False
        self._left = 0
        self._chunks: ChunkReader | None = None
        self._discarded = -1

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(0)
        gateway = self.gateway
        gateway.clients.add(self)
        if len(gateway.clients) > gateway.bounds.connections:
            self.keep = False
            self.answer(REFUSALS["gateway_busy"], b"GET")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.gateway.clients.discard(self)
        work, self.work = self.work, None
        if work is not None:
            work.client_gone()
        if self.unsettled is not None:
            self.gateway.meter.voided(*self.unsettled)
            self.unsettled = None

    def data_received(self, data: bytes) -> None:
        if self.work is None and not self.paused:
            if self._discarded >= 0:
                self._discard(data)
                return
            if self._buffer:
                data, self._buffer = self._buffer + data, b""
            self._requests(data)
        elif self._left or self._chunks is not None:
            self._body(data)
        elif self._discarded >= 0:
            self._discard(data)
        else:
            self._buffer += data
            if len(self._buffer) > self.gateway.bounds.pipelined_bytes:
                self.read_on(False)

    def eof_received(self) -> bool:
        """A client that stops sending may still wait for its answer; when nothing is under way it is done."""
        self.half_closed = True
        self.keep = False
        if self.closing:
            self.close()
        elif self.work is None:
            self.gateway.loop.call_soon(self._next)
        elif self.unread:
            self.abort()
        return True

    def pause_writing(self) -> None:
        self.paused = True
        if self.work is not None:
            self.work.client_writable(False)

    def resume_writing(self) -> None:
        """Everything that was written has left."""
        self.paused = False
        if self.work is not None:
            self.work.client_writable(True)
            return
        if self.unsettled is not None:
            self.gateway.meter.ended(*self.unsettled)
            self.unsettled = None
        if self.closing:
            self.deadline = self.gateway.now + _LINGER_S
        else:
            self.gateway.loop.call_soon(self._next)

    # Requests

    def _requests(self, data: bytes) -> None:
        """Take whole requests from the data until one is under way; keep the rest."""
        while data:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._unfinished(data)
                return
            if data[:2] == b"\r\n":
                data = data[2:]
                continue
            data = self._request(data, end)
            if self.closing:
                return
            if self.work is not None or self.paused:
                self._buffer = data
                return
        self.deadline = self.gateway.now + self.gateway.bounds.idle_s
        if self.half_closed:
            self.close()

    def _unfinished(self, data: bytes) -> None:
        """A head that has not come to its end: wait for more of it, unless it is wrong already."""
        code = None
        if len(data) > self.gateway.bounds.head_bytes:
            code = "headers_too_large" if b"\r\n" in data else "request_line_too_long"
        elif b"\0" in data or data.count(b"\n") != data.count(b"\r\n") or data[:2] == b"\x16\x03":
            code = "request_malformed"
        if code is not None:
            self._refuse_head(REFUSALS[code])
        elif self.half_closed:
            self.close()
        else:
            if not self._waiting:
                self._waiting = True
                self.deadline = self.gateway.now + self.gateway.bounds.head_s
            self._buffer = data

    def _request(self, data: bytes, end: int) -> bytes:
        """Begin one request; answers what follows its head and is not its body."""
        gateway = self.gateway
        line_end = data.find(b"\r\n")
        line, block, rest = data[:line_end], data[line_end + 2 : end + 4], data[end + 4 :]
        at_ns = time.monotonic_ns()
        self._waiting = False
        head = gateway.heads.known.get(block)
        if head is not None and head.plain and gateway.closed is None:
            now, longest = (at_ns + gateway.unix_ns) * 1e-9, gateway.bounds.target_bytes
            found = again(head.caller, gateway.snapshot, line, now, longest)
            if found is not None:
                self.http11 = True
                self.unread = False
                self.keep = not (gateway.draining or self.half_closed)
                prepared, query = found
                call = self.work = Call(self, prepared, query, head, gateway.meter.number(), at_ns)
                call.reserve(at_ns)
                return rest
        return self._new_request(line, block, rest, at_ns)

    def _new_request(self, line: bytes, block: bytes, rest: bytes, at_ns: int) -> bytes:
        """A request that is not wholly like one before."""
        gateway = self.gateway
        self.http11 = True
        found, method, target = None, b"", b""
        try:
            head = gateway.heads.get(block, self._block)
            self._block = block
            if head.refused is None and gateway.closed is None:
                now, longest = (at_ns + gateway.unix_ns) * 1e-9, gateway.bounds.target_bytes
                found = again(head.caller, gateway.snapshot, line, now, longest)
            if found is None:
                method, target, self.http11 = request_line(line, gateway.bounds)
            self._check(head)
        except Refused as refused:
            self._refuse_head(refused.refusal)
            return b""
        self.keep = not (gateway.draining or self.half_closed) and self._keeps(head)
        body, self.unread = b"", bool(head.length or head.chunked)
        if 0 < head.length <= len(rest):
            body, rest, self.unread = rest[: head.length], rest[head.length :], False
        if found is not None:
            self._begin(*found, head, body, at_ns)
        else:
            self._decide(method, target, head, body, at_ns)
        return self._begin_body(head, rest) if self.unread else rest

    def _check(self, head: Head) -> None:
        if self.http11 and head.host is None:
            raise Refused("host_invalid")
        if head.chunked and not self.http11:
            raise Refused("framing_ambiguous")

    def _keeps(self, head: Head) -> bool:
        return not head.close and (self.http11 or head.keep_alive)

    def _begin_body(self, head: Head, rest: bytes) -> bytes:
        """The body is still coming: what is here of it goes to the work. Answers what follows the body."""
        if self.work is None:
            return b""
        self._left = head.length
        self._chunks = ChunkReader() if head.chunked else None
        if rest:
            self._body(rest)
            rest, self._buffer = self._buffer, b""
        return rest

    def _decide(self, method: bytes, target: bytes, head: Head, body: bytes, at_ns: int) -> None:
        """A request that is not like one before."""
        gateway = self.gateway
        path, _, query = target.partition(b"?")
        if path[:3] != b"/i/":
            self._other(method, path, head)
            return
        try:
            if gateway.closed is not None or head.refused is not None:
                raise Refused(gateway.closed.code if gateway.closed else head.refused or "")
            now = (at_ns + gateway.unix_ns) * 1e-9
            prepared = prepare(gateway.snapshot, head.caller, method, path[2:], now)
        except Refused as refused:
            self._refuse(refused.refusal, method, refused.whom)
            return
        self._begin(prepared, query, head, body, at_ns)

    def _begin(self, prepared: Prepared, query: bytes, head: Head, body: bytes, at_ns: int) -> None:
        gateway = self.gateway
        if head.length > gateway.bounds.body_bytes:
            self._refuse(REFUSALS["body_too_large"], prepared.method)
            return
        call = self.work = Call(self, prepared, query, head, gateway.meter.number(), at_ns)
        call.begin(body)

    def _other(self, method: bytes, path: bytes, head: Head) -> None:
        gateway = self.gateway
        if path == b"/healthz" and method in (b"GET", b"HEAD"):
            closed = gateway.closed
            if closed is None:
                self._send(200, b"Content-Type: application/json\r\n", b'{"status":"serving"}\n', method)
                if not self.keep:
                    self._linger()
            else:
                self._refuse(closed, method)
        elif path[:7] == b"/files/":
            self._transfer(path[7:], method, head)
        else:
            self._refuse(REFUSALS["not_found"], method)

    def _transfer(self, ticket: bytes, method: bytes, head: Head) -> None:
        if self.gateway.closed is not None:
            self._refuse(self.gateway.closed, method)
        elif head.length or head.chunked:
            self._refuse(REFUSALS["body_too_large"], method)
        else:
            try:
                transfer = self.work = open_transfer(self, ticket, method, head)
            except Refused as refused:
                self._refuse(refused.refusal, method, refused.whom)
            else:
                transfer.begin()

    # Bodies

    def _body(self, data: bytes) -> None:
        work = self.work
        assert work is not None
        chunks = self._chunks
        if chunks is None:
            piece = data if len(data) <= self._left else data[: self._left]
            self._left -= len(piece)
            if len(piece) < len(data):
                self._buffer += data[len(piece) :]
            work.body(piece)
            if not self._left and self.work is work:
                self.unread = False
                work.body_ended([])
            return
        try:
            pieces = chunks.feed(data)
        except ChunksMalformed:
            self._chunks = None
            work.body_malformed()
            return
        if chunks.ended:
            self._chunks, self.unread = None, False
            self._buffer += chunks.rest
        for piece in pieces:
            if self.work is work:
                work.body(piece)
        if chunks.ended and self.work is work:
            work.body_ended(chunks.trailers)

    def read_on(self, wanted: bool) -> None:
        """Read from the client, or let it wait."""
        if wanted != self.reading and not self.half_closed and not self.lost:
            self.reading = wanted
            if wanted:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    # Answers

    def connection_line(self) -> bytes:
        """The end of a head: what becomes of the connection."""
        if not self.keep:
            return b"Connection: close\r\n\r\n"
        return b"\r\n" if self.http11 else b"Connection: keep-alive\r\n\r\n"

    def _refuse_head(self, refusal: Refusal) -> None:
        """A refusal of something that could not be read: nothing that follows can be, either."""
        self.keep = False
        self.gateway.refused(refusal)
        self.answer(refusal, b"GET")

    def _refuse(self, refusal: Refusal, method: bytes, whom: tuple[str, str] | None = None) -> None:
        seq = self.gateway.refused(refusal, whom=whom)
        self.answer(refusal, method, b"Call-Id: %b-%d\r\n" % (self.gateway.meter.epoch_text, seq))

    def answer(self, refusal: Refusal, method: bytes, extra: bytes = b"") -> None:
        """Send a refusal. With a body of the request still to come, the connection ends after it."""
        if refusal.close or self.unread:
            self.keep = False
        self._send(refusal.status, _JSON + refusal.headers + extra, refusal.body, method)
        if not self.keep:
            self._linger()

    def _send(self, status: int, lines: bytes, body: bytes, method: bytes) -> None:
        if self.lost:
            return
        self.transport.write(
            b"%b%bDate: %b\r\nContent-Length: %d\r\n%b%b"
            % (
                STATUS_LINES[status], lines, self.gateway.http_date, len(body), self.connection_line(),
                b"" if method == b"HEAD" else body,
            )
        )  # fmt: skip

    def answered(self, segment: Segment, seq: int) -> None:
        """The last byte of a recorded answer was given to the transport: it has left, waits, or never leaves."""
        if self.lost or self.transport.is_closing():
            self.gateway.meter.voided(segment, seq)
        elif self.paused:
            self.unsettled = segment, seq
        else:
            self.gateway.meter.ended(segment, seq)

    def call_ended(self, work: object) -> None:
        """The work is done with; on with the next request once the answer has left, or close."""
        if self.work is not work:
            return
        self.work = None
        if self.closing or self.lost:
            return
        gateway = self.gateway
        if not self.keep or self.unread:
            self._linger()
        elif self.paused:
            self.deadline = gateway.now + gateway.bounds.stall_s
        elif self._buffer or not self.reading:
            self.deadline = gateway.now + gateway.bounds.head_s
            gateway.loop.call_soon(self._next)
        else:
            self.deadline = gateway.now + gateway.bounds.idle_s

    def _next(self) -> None:
        """Requests that came while another one was under way, or the end of them."""
        if self.work is None and not (self.paused or self.lost or self.closing):
            self.read_on(True)
            data, self._buffer = self._buffer, b""
            self._requests(data)

    def _linger(self) -> None:
        """Close so that the client can read the answer first: what it still sends is taken and thrown away."""
        if self.closing or self.lost:
            return
        self.closing = True
        self.deadline = self.gateway.now + (self.gateway.bounds.stall_s if self.paused else _LINGER_S)
        if self.half_closed:
            self.transport.close()
            return
        self._discarded = 0
        self._buffer = b""
        self._left, self._chunks = 0, None
        self.read_on(True)
        self.transport.write_eof()

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > _LINGER_BYTES:
            self.abort()

    def close(self) -> None:
        """Close once everything written has left."""
        self.closing = True
        self.transport.close()

    def abort(self) -> None:
        """Close at once, whatever has not left yet."""
        self.closing = True
        self.transport.abort()

    def probe(self, then: Callable[[], None]) -> None:
        """A client that stopped sending, and was sent a piece of its answer: go on when it still receives."""
        info = self._tcp_info()
        rtt_us = int.from_bytes(info[_RTT_AT : _RTT_AT + 4], "little")
        self.deadline = math.inf
        self.gateway.loop.call_later(max(_SHORTEST_PROBE_S, 2e-6 * rtt_us), self._probed, then)

    def _probed(self, then: Callable[[], None]) -> None:
        if self.lost:
            return
        if self._tcp_info()[:1] == bytes((_CLOSE_WAIT,)):
            then()
        else:
            self.abort()

    def _tcp_info(self) -> bytes:
        try:
            return bytes(self.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 104))
        except OSError:
            return bytes(104)

    def is_older(self, than_ns: int) -> bool:
        """Whether what is under way began before that moment."""
        return self.work is not None and self.work.began_ns < than_ns

    def expire(self) -> None:
        """The deadline has passed."""
        if self.work is not None:
            self.work.expire()
        elif self._buffer and not (self.closing or self.paused):
            self._refuse_head(REFUSALS["request_timeout"])
        else:
            self.abort()
