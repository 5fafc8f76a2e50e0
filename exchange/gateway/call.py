"""One call of an interface: reserved, sent on, streamed back, recorded before its last byte leaves, settled."""

from __future__ import annotations

import math
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from exchange.gateway import record
from exchange.gateway.allowance import Verdict
from exchange.gateway.heads import REPEATABLE, Head
from exchange.gateway.outcome import Reading
from exchange.gateway.pool import CannotConnect
from exchange.gateway.record import Kind, Outcome
from exchange.gateway.refusals import REFUSALS, Refusal
from exchange.gateway.segments import MeterStopped, Segment
from exchange.gateway.snapshot import Grant
from exchange.gateway.upstream import UNTIL_CLOSE, UpstreamConnection

if TYPE_CHECKING:
    from exchange.gateway.client import ClientConnection

_KEPT_BODY = 65_536
STATUS_LINES = {status: f"HTTP/1.1 {status} \r\n".encode() for status in range(200, 600)} | {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_BODILESS = frozenset((204, 304))
_TOO_LARGE = Reading(Outcome.UPSTREAM_ERROR)
_LAST_CHUNK = b"0\r\n\r\n"
_FORBIDDEN_TRAILERS = frozenset(
    b"transfer-encoding content-length host authorization x-api-key cookie connection te trailer upgrade expect "
    b"content-encoding content-type content-range data-purpose proxy-authorization".split()
)


class Call:
    """From the grant to the record. One at a time for each connection of a client."""

    __slots__ = (
        "_body", "_body_bytes", "_chunked_out", "_continue", "_headed", "_held", "_kept", "_passed_on", "_reading",
        "_request", "_retried", "_seen", "_uploaded", "at_us", "began_ns", "bytes_in", "bytes_out", "client", "grant",
        "head", "is_head", "method", "over", "parked", "reserved", "seq", "status", "upstream",
    )  # fmt: skip

    def __init__(
        self, client: ClientConnection, grant: Grant, method: bytes, head: Head, seq: int, body: bytes
    ) -> None:
        self.client = client
        self.grant = grant
        self.method = method
        self.head = head
        self.seq = seq
        self.is_head = method == b"HEAD"
        self.began_ns = time.monotonic_ns()
        self.at_us = client.gateway.unix_us()
        self.bytes_in = len(body)
        self.bytes_out = 0
        self.status = 0
        self.upstream: UpstreamConnection | None = None
        self.reserved = False
        self.parked = False
        self.over = False
        self._headed = False
        self._passed_on = False
        self._chunked_out = False
        self._continue = head.expects
        self._uploaded = not client.unread
        self._retried = False
        self._kept = True
        self._request = b""
        self._body: list[bytes] = [body] if body else []
        self._body_bytes = len(body)
        self._held: list[bytes] = []
        self._seen: list[bytes] = []
        self._reading: Reading | None = None

    # Reserving

    def begin(self, path: bytes, query: bytes) -> None:
        """Reserve and send on, or refuse, or wait for a lease."""
        grant, head = self.grant, self.head
        target = grant.target
        framing = b"Transfer-Encoding: chunked\r\n" if head.chunked else b""
        if head.length or (not head.chunked and self.method in (b"POST", b"PUT", b"PATCH")):
            framing = b"Content-Length: %d\r\n" % head.length
        self._request = b"%b %b HTTP/1.1\r\n%b%bCall-Id: %b-%d\r\n\r\n" % (
            self.method,
            target.path(path, query),
            target.fields(head, grant.operation.rule.needs_body),
            framing,
            self.client.gateway.meter.epoch_text,
            self.seq,
        )
        self._reserve()

    def _reserve(self) -> None:
        gateway, grant = self.client.gateway, self.grant
        allowance = grant.entitlement.allowance
        now = time.monotonic_ns()
        verdict = allowance.reserve(now, grant.live)
        if verdict is Verdict.GRANTED:
            self.reserved = True
            self.parked = False
            if allowance.hungry:
                gateway.ask(allowance, grant.live, now)
            self._forward()
        elif verdict is Verdict.WAIT and len(allowance.waiting) < gateway.bounds.waiting:
            gateway.ask(allowance, grant.live, now)
            if not self.parked:
                self.parked = True
                self.client.deadline = time.monotonic() + gateway.bounds.lease_s
            allowance.waiting.append(self._resume)
        else:
            self._not_reserved(verdict, now)

    def _resume(self) -> None:
        if not self.over:
            self._reserve()

    def _not_reserved(self, verdict: Verdict, now: int) -> None:
        allowance = self.grant.entitlement.allowance
        if verdict is Verdict.RATE:
            self._refuse(REFUSALS["rate_limited"], b"Retry-After: %d\r\n" % allowance.next_after_s(now))
        elif verdict is Verdict.CONCURRENCY:
            self._refuse(REFUSALS["concurrency_limited"], b"Retry-After: 1\r\n")
        elif verdict is Verdict.SPENT:
            self._refuse(REFUSALS[allowance.refusal])
        else:
            self._refuse(REFUSALS["gateway_busy"])

    def _refuse(self, refusal: Refusal, extra: bytes = b"") -> None:
        """A refusal of what was not admitted: counted, not recorded."""
        self.over = True
        self.status = refusal.status
        self.client.gateway.refused(refusal, self.seq)
        self.client.answer(refusal, self.method, self.limits() + extra)
        self.client.call_ended(self)

    def limits(self) -> bytes:
        """The headers that tell what the rate still allows."""
        entitlement = self.grant.entitlement
        allowance, now = entitlement.allowance, time.monotonic_ns()
        left, reset = allowance.remaining(now), allowance.full_after_s(now)
        return (
            b'%bRateLimit: "rate";r=%d;t=%d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\nCall-Id: %b-%d\r\n'
            % (entitlement.policy, left, reset, left, reset, self.client.gateway.meter.epoch_text, self.seq)
        )

    # Sending on

    def _forward(self) -> None:
        gateway = self.client.gateway
        connection = gateway.pool.take(self.grant.target.origin, repeatable=self.method in REPEATABLE)
        if connection is not None:
            self._connected(connection)
        else:
            self._connect()

    def _connect(self) -> None:
        target = self.grant.target
        self.client.deadline = time.monotonic() + target.connect_timeout_s + 1.0
        self.client.gateway.spawn(self._connecting())

    async def _connecting(self) -> None:
        target, pool = self.grant.target, self.client.gateway.pool
        try:
            connection = await pool.connect(target.origin, target.connect_timeout_s)
        except CannotConnect as failure:
            if not self.over:
                self.upstream_failed(failure.code)
            return
        if self.over:
            pool.keep(connection)
        else:
            self._connected(connection)

    def _connected(self, connection: UpstreamConnection) -> None:
        self.upstream = connection
        self.client.deadline = time.monotonic() + self.grant.target.timeout_s
        if self._continue and not self._uploaded:
            self._continue = False
            self.client.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = self._request
        if self._body:
            request = b"".join((request, *self._body))
            if self._body_bytes > _KEPT_BODY:
                self._kept = False
            if not self._kept:
                self._body.clear()
        connection.begin(self, self.grant.target.injection.secrets, request)
        if not self._uploaded:
            self.client.read_on(True)

    def body(self, piece: bytes) -> None:
        """A piece of the request's body."""
        self.bytes_in += len(piece)
        if self.bytes_in > self.client.gateway.bounds.body_bytes:
            self._break_off("body_too_large")
            return
        if self.head.chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self._pass_on(piece)

    def body_ended(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """All of the request's body has come."""
        self._uploaded = True
        if self.head.chunked:
            lines = [n + b": " + v + b"\r\n" for n, v in trailers if n.lower() not in _FORBIDDEN_TRAILERS]
            self._pass_on(b"".join((b"0\r\n", *lines, b"\r\n")))
        if self.upstream is not None:
            self.client.deadline = time.monotonic() + self.grant.target.timeout_s

    def _pass_on(self, piece: bytes) -> None:
        connection = self.upstream
        if connection is not None:
            if self._kept:
                self._kept = False
                self._body.clear()
            self.client.deadline = time.monotonic() + self.client.gateway.bounds.body_s
            connection.transport.write(piece)
            return
        self._body.append(piece)
        self._body_bytes += len(piece)
        if self._body_bytes > _KEPT_BODY:
            self.client.read_on(False)

    def body_malformed(self) -> None:
        """The request's body is not framed as it said: what was sent on ends here."""
        self._break_off("framing_ambiguous")

    def upstream_writable(self, writable: bool) -> None:
        if not self._uploaded:
            self.client.read_on(writable)

    # Passing back

    def informed(self, status: int, lines: list[bytes]) -> None:
        """An interim answer; those that mean something to a caller are passed on."""
        if status > 101 and self.client.http11 and not self._headed:
            self.client.transport.write(b"".join((b"HTTP/1.1 %d \r\n" % status, *lines, b"\r\n")))

    def progressed(self) -> None:
        """A part of the answer has come, and it is not the last."""
        connection = self.upstream
        assert connection is not None
        if not self._headed and not self._open_answer(connection):
            return
        held = self._take(connection)
        self._held = []
        if connection.length == UNTIL_CLOSE and not self._chunked_out:
            self._held.append(held.pop())
        client = self.client
        client.deadline = time.monotonic() + client.gateway.bounds.stall_s
        if held:
            self._passed_on = True
            client.transport.writelines(held)
            if client.paused:
                connection.transport.pause_reading()

    def client_writable(self, writable: bool) -> None:
        """The client takes more of the answer, or not for now."""
        if self.upstream is not None:
            transport = self.upstream.transport
            if writable:
                transport.resume_reading()
            else:
                transport.pause_reading()
            self.client.deadline = time.monotonic() + self.client.gateway.bounds.stall_s

    def _open_answer(self, connection: UpstreamConnection) -> bool:
        """Begin the answer with its head; False when it is one that is not passed on."""
        status, client, rule = connection.status, self.client, self.grant.operation.rule
        if 300 <= status < 400 and status != 304 and not rule.knows(status):
            connection.abort()
            self._failed("upstream_redirected")
            return False
        self.status = status
        self._reading = rule.by_status(status)
        if not self._uploaded:
            client.keep = False
        lines = connection.lines
        lines.insert(0, STATUS_LINES[status])
        if connection.length >= 0:
            if status != 204:
                lines.append(b"Content-Length: %d\r\n" % connection.length)
        elif not self.is_head and status not in _BODILESS:
            if client.http11:
                self._chunked_out = True
                lines.append(b"Transfer-Encoding: chunked\r\n")
            else:
                client.keep = False
        lines.append(self.limits())
        lines.append(client.connection_line())
        self._headed = True
        self._held.append(b"".join(lines))
        return True

    def _take(self, connection: UpstreamConnection) -> list[bytes]:
        """What is ready to go: what was held, and what has come of the body, framed for the client."""
        parts, held = connection.parts, self._held
        if not parts:
            return held
        connection.parts = []
        for part in parts:
            size = len(part)
            self.bytes_out += size
            if self._chunked_out:
                held += (b"%x\r\n" % size, part, b"\r\n")
            else:
                held.append(part)
        if self._reading is None:
            self._read(parts)
        return held

    def _read(self, parts: list[bytes]) -> None:
        """Keep the body of an answer that says in its body what it is, as long as it is not too large."""
        if self.bytes_out > self.client.gateway.bounds.pointer_bytes:
            self._reading, self._seen = _TOO_LARGE, []
        else:
            self._seen += parts

    def completed(self) -> None:
        """All of the answer is here: record it, then let its last bytes go."""
        connection = self.upstream
        assert connection is not None
        if not self._headed and not self._open_answer(connection):
            return
        self._held = self._take(connection)
        if self._chunked_out:
            trailers = connection.trailers
            self._held.append(b"".join((b"0\r\n", *trailers, b"\r\n")) if trailers else _LAST_CHUNK)
        reading = self._reading
        if reading is None:
            bounds = self.client.gateway.bounds
            reading = self.grant.operation.rule.by_body(b"".join(self._seen), connection.coding, bounds.pointer_bytes)
        self.upstream = None
        client = self.client
        if connection.release() and self._uploaded and not client.paused:
            client.gateway.pool.keep(connection)
        else:
            connection.transport.abort()
        if client.half_closed:
            self._probe(reading)
        else:
            self._conclude(reading)

    def _probe(self, reading: Reading) -> None:
        """The client stopped sending, perhaps because it is gone: it gets a first piece of the answer alone."""
        if not self._passed_on:
            self._passed_on = True
            self.client.transport.write(self._held[0][:9])
            self._held[0] = self._held[0][9:]
        self.client.probe(lambda: self._conclude(reading))

    def _conclude(self, reading: Reading) -> None:
        """Record the call, and let the answer's last bytes go."""
        if self.over:
            return
        segment = self._record(reading.outcome, self.status, reading.records)
        if segment is None:
            self._unmetered()
            return
        group = self.client.gateway.meter.group
        if group is None:
            self._deliver(segment)
        else:
            self.client.deadline = math.inf
            group.wait(lambda survived: self._synced(segment, survived))

    def _synced(self, segment: Segment, survived: bool) -> None:
        if survived:
            self._deliver(segment)
        else:
            self.client.gateway.meter.voided(segment, self.seq)
            self._unmetered()

    def _deliver(self, segment: Segment) -> None:
        client, held = self.client, self._held
        if client.lost:
            client.gateway.meter.handed(client, segment, self.seq)
            return
        client.transport.write(held[0] if len(held) == 1 else b"".join(held))
        client.gateway.meter.handed(client, segment, self.seq)
        client.call_ended(self)

    def _unmetered(self) -> None:
        """What could not be recorded is not delivered."""
        if self._passed_on:
            self.client.abort()
        else:
            self._reply(REFUSALS["metering_stopped"])

    # Ends that are not answers of the upstream

    def upstream_failed(self, code: str) -> None:
        """The connection broke, or the answer cannot be read. Sent again where that is safe, once."""
        connection, self.upstream = self.upstream, None
        if (
            code == "upstream_closed"
            and connection is not None
            and connection.reused
            and not connection.touched
            and not self._retried
            and self._kept
            and self.method in REPEATABLE
        ):
            self._retried = True
            self.client.gateway.figures.retries += 1
            self._connect()
        else:
            self._failed(code)

    def _failed(self, code: str) -> None:
        self._broken(Outcome.UPSTREAM_ERROR, code)

    def _broken(self, outcome: Outcome, code: str) -> None:
        """Record an end without a whole answer, and say why when nothing of an answer has left."""
        if self.over:
            return
        refusal = REFUSALS[code]
        passed_on = self._passed_on
        segment = self._record(outcome, self.status if passed_on else refusal.status, 0)
        self.client.gateway.figures.refused(code)
        if segment is not None:
            self.client.gateway.meter.ended(segment, self.seq)
        if passed_on:
            self.client.abort()
        else:
            self._reply(refusal if segment is not None else REFUSALS["metering_stopped"])

    def _reply(self, refusal: Refusal) -> None:
        self.client.answer(refusal, self.method, self.limits())
        self.client.call_ended(self)

    def _break_off(self, code: str) -> None:
        """The request broke a rule while under way."""
        self._let_go()
        self._broken(Outcome.REFUSED, code)

    def _let_go(self) -> None:
        connection, self.upstream = self.upstream, None
        if connection is not None:
            connection.abort()

    def client_gone(self) -> None:
        """The client went away before all of the answer was given to its connection."""
        if self.over:
            return
        self._let_go()
        if not self.reserved:
            self.over = True
            return
        segment = self._record(Outcome.CLIENT_ABORT, self.status, 0)
        if segment is not None:
            self.client.gateway.meter.ended(segment, self.seq)

    def expire(self) -> None:
        """The deadline has passed."""
        if self.parked:
            self._refuse(REFUSALS["gateway_stale"])
        elif self._headed and self.client.paused:
            self.client.abort()
        elif not self._uploaded and not self._headed and self.client.reading:
            self._break_off("request_timeout")
        else:
            self._let_go()
            self._failed("upstream_timeout")

    # The record

    def _record(self, outcome: Outcome, status: int, records: int) -> Segment | None:
        """Write the record and settle what was reserved. None when it cannot be written."""
        self.over = True
        grant, gateway = self.grant, self.client.gateway
        meter = gateway.meter
        latency_us = (time.monotonic_ns() - self.began_ns) // 1000
        framed = record.usage(
            Kind.CALL, meter.epoch_bytes, self.seq, self.at_us, grant.live, outcome, status, latency_us,
            self.bytes_in, self.bytes_out, 0, records, grant.entitlement.plan_hash, grant.address,
        )  # fmt: skip
        try:
            segment = meter.append(self.seq, framed)
        except MeterStopped:
            segment = None
        recorded = segment is not None
        grant.entitlement.allowance.settle(
            live=grant.live, recorded=recorded, billed=recorded and outcome in grant.billable
        )
        gateway.figures.called(outcome, latency_us, self.bytes_in, self.bytes_out)
        gateway.access.called(self, outcome, status, latency_us)
        return segment
