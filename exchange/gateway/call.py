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


_NOTHING: list[bytes] = []


class Call:
    """From the grant to the record. One at a time for each connection of a client."""

    status = 0
    at_us = 0
    bytes_in = 0
    bytes_out = 0
    _sent = 0
    upstream: UpstreamConnection | None = None
    reserved = False
    parked = False
    over = False
    _headed = False
    _passed_on = False
    _chunked_out = False
    _retried = False
    _kept = True
    _request = b""
    _reading: Reading | None = None
    _body: list[bytes] = _NOTHING
    _seen: list[bytes]
    _held: list[bytes]

    def __init__(
        self, client: ClientConnection, grant: Grant, method: bytes, head: Head, seq: int, began_ns: int
    ) -> None:
        self.client = client
        self.gateway = client.gateway
        self.grant = grant
        self.method = method
        self.head = head
        self.seq = seq
        self.is_head = method == b"HEAD"
        self.began_ns = began_ns
        self._uploaded = not client.unread

    # Reserving

    def begin(self, request: bytes, body: bytes = b"") -> None:
        """Reserve and send this request on, or refuse, or wait for a lease. ``body`` is all of it, or nothing yet."""
        self._request = request
        if body:
            self._body = [body]
            self.bytes_in = len(body)
        self._reserve(self.began_ns)

    def _reserve(self, now: int) -> None:
        grant = self.grant
        allowance = grant.entitlement.allowance
        verdict = allowance.reserve(now, grant.live)
        if verdict is not None:
            self._wait(verdict, now)
            return
        self.reserved = True
        if allowance.hungry:
            self.gateway.ask(allowance, grant.live, now)
        target = grant.target
        lane = target.lane or self.gateway.pool.lane_of(target)
        connection = lane.take(now, self.method in REPEATABLE)
        if connection is None:
            self._connect()
        else:
            self._connected(connection)

    def _wait(self, verdict: Verdict, now: int) -> None:
        """Nothing was reserved: wait for the lease when there may be one, else refuse."""
        gateway, allowance = self.gateway, self.grant.entitlement.allowance
        if verdict is not Verdict.WAIT or len(allowance.waiting) >= gateway.bounds.waiting:
            self._not_reserved(verdict, now)
            return
        gateway.ask(allowance, self.grant.live, now)
        if not self.parked:
            self.parked = True
            self.client.deadline = gateway.now + gateway.bounds.lease_s
        if allowance.promised(now):
            self.client.deadline = min(self.client.deadline, gateway.now + gateway.bounds.recall_s)
        allowance.waiting.append(self._resume)

    def _resume(self) -> None:
        if not self.over:
            self._reserve(time.monotonic_ns())

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
        self.gateway.refused(refusal, self.seq)
        self.client.answer(refusal, self.method, self.limits(time.monotonic_ns()) + extra)
        self.client.call_ended(self)

    def limits(self, now: int) -> bytes:
        """The headers that tell what the rate still allows."""
        entitlement = self.grant.entitlement
        left, reset = entitlement.allowance.left(now)
        return (
            b'%bRateLimit: "rate";r=%d;t=%d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\nCall-Id: %b-%d\r\n'
            % (entitlement.policy, left, reset, left, reset, self.gateway.meter.epoch_text, self.seq)
        )

    # Sending on

    def _connect(self) -> None:
        target = self.grant.target
        self.client.deadline = self.gateway.now + target.connect_timeout_s + 1.0
        self.gateway.spawn(self._connecting())

    async def _connecting(self) -> None:
        target, pool = self.grant.target, self.gateway.pool
        lane = pool.lane_of(target)
        try:
            connection = await pool.connect(lane, target.connect_timeout_s)
        except CannotConnect as failure:
            if not self.over:
                self.upstream_failed(failure.code)
            return
        if self.over:
            lane.keep(connection, time.monotonic_ns())
        else:
            self._connected(connection)

    def _connected(self, connection: UpstreamConnection) -> None:
        self.upstream = connection
        self.parked = False
        self.client.deadline = self.gateway.now + self.grant.target.timeout_s
        if not self._uploaded and self.head.expects and not self._retried:
            self.client.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = self._request
        if self._body:
            request = b"".join((request, *self._body))
            if self.bytes_in > _KEPT_BODY:
                self._kept = False
                self._body = []
        connection.begin(self, self.grant.target.injection.secrets, request)
        if not self._uploaded:
            self.client.read_on(True)

    def body(self, piece: bytes) -> None:
        """A piece of the request's body."""
        self.bytes_in += len(piece)
        if self.bytes_in > self.gateway.bounds.body_bytes:
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
            self.client.deadline = self.gateway.now + self.grant.target.timeout_s

    def _pass_on(self, piece: bytes) -> None:
        connection = self.upstream
        if connection is not None:
            if self._kept:
                self._kept = False
                self._body = []
            self.client.deadline = self.gateway.now + self.gateway.bounds.body_s
            connection.transport.write(piece)
            return
        self._body = [*self._body, piece]
        if self.bytes_in > _KEPT_BODY:
            self.client.read_on(False)

    def body_malformed(self) -> None:
        """The request's body is not framed as it said: what was sent on ends here."""
        self._break_off("framing_ambiguous")

    def upstream_writable(self, writable: bool) -> None:
        if not self._uploaded:
            self.client.read_on(writable)

    # Passing back

    def informed(self, status: int, fields: bytes) -> None:
        """An interim answer; those that mean something to a caller are passed on."""
        if status > 101 and self.client.http11 and not self._headed:
            self.client.transport.write(b"HTTP/1.1 %d \r\n%b\r\n" % (status, fields))

    def progressed(self, connection: UpstreamConnection) -> None:
        """A part of the answer has come, and it is not the last."""
        if not self._headed and not self._open_answer(connection, time.monotonic_ns()):
            return
        held = self._take(connection)
        self._held = []
        if connection.length == UNTIL_CLOSE and not self._chunked_out:
            self._held.append(held.pop())
        client = self.client
        client.deadline = self.gateway.now + self.gateway.bounds.stall_s
        if held:
            self._passed_on = True
            self._sent = self.bytes_out
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
            self.client.deadline = self.gateway.now + self.gateway.bounds.stall_s

    def _open_answer(self, connection: UpstreamConnection, now: int) -> bool:
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
        length = connection.length
        framing = b""
        if length >= 0:
            if status != 204:
                framing = b"Content-Length: %d\r\n" % length
        elif not self.is_head and status not in _BODILESS:
            if client.http11:
                self._chunked_out = True
                framing = b"Transfer-Encoding: chunked\r\n"
            else:
                client.keep = False
        self._headed = True
        self._held = [
            b"".join((STATUS_LINES[status], connection.fields, framing, self.limits(now), client.connection_line()))
        ]
        self._seen = []
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
        if self.bytes_out > self.gateway.bounds.pointer_bytes:
            self._reading, self._seen = _TOO_LARGE, []
        else:
            self._seen += parts

    def completed(self, connection: UpstreamConnection) -> None:
        """All of the answer is here: record it, then let its last bytes go."""
        now = time.monotonic_ns()
        if not self._headed and not self._open_answer(connection, now):
            return
        held = self._held = self._take(connection)
        if self._chunked_out:
            trailers = connection.trailers
            held.append(b"".join((b"0\r\n", *trailers, b"\r\n")) if trailers else _LAST_CHUNK)
        reading = self._reading
        if reading is None:
            bounds = self.gateway.bounds
            reading = self.grant.operation.rule.by_body(b"".join(self._seen), connection.coding, bounds.pointer_bytes)
        self.upstream = None
        client = self.client
        if connection.release() and self._uploaded and not client.paused:
            connection.lane.keep(connection, now)
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
        elif self.gateway.meter.group is None:
            self._deliver(segment)
        else:
            self.client.deadline = math.inf
            self.gateway.meter.group.wait(lambda survived: self._synced(segment, survived))

    def _synced(self, segment: Segment, survived: bool) -> None:
        if survived:
            self._deliver(segment)
        else:
            self.gateway.meter.voided(segment, self.seq)
            self._unmetered()

    def _deliver(self, segment: Segment) -> None:
        client = self.client
        if not client.lost:
            client.transport.write(b"".join(self._held))
        self.gateway.meter.handed(client, segment, self.seq)
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
            self.gateway.figures.retries += 1
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
        self.gateway.figures.refused(code)
        if segment is not None:
            self.gateway.meter.ended(segment, self.seq)
        if passed_on:
            self.client.abort()
        else:
            self._reply(refusal if segment is not None else REFUSALS["metering_stopped"])

    def _reply(self, refusal: Refusal) -> None:
        self.client.answer(refusal, self.method, self.limits(time.monotonic_ns()))
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
        self.bytes_out = self._sent
        if not self.reserved:
            self.over = True
            return
        segment = self._record(Outcome.CLIENT_ABORT, self.status, 0)
        if segment is not None:
            self.gateway.meter.ended(segment, self.seq)

    def expire(self) -> None:
        """The deadline has passed."""
        if self.parked:
            self._refuse(REFUSALS[self.grant.entitlement.allowance.given_up(time.monotonic_ns())])
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
        grant, gateway = self.grant, self.gateway
        meter, entitlement, live = gateway.meter, grant.entitlement, grant.live
        began_ns = self.began_ns
        latency_us = (time.monotonic_ns() - began_ns) // 1000
        at_us = self.at_us = (began_ns + gateway.unix_ns) // 1000
        framed = record.usage(
            Kind.CALL, meter.epoch_bytes, self.seq, at_us, live, outcome, status, latency_us,
            self.bytes_in, self.bytes_out, 0, records, entitlement.plan_hash, grant.address,
        )  # fmt: skip
        try:
            segment = meter.append(framed)
        except MeterStopped:
            segment = None
        entitlement.allowance.settle(live, segment is not None, segment is not None and grant.billed[outcome])
        gateway.figures.called(outcome, latency_us, self.bytes_in, self.bytes_out)
        if gateway.access.wanted:
            gateway.access.called(self, outcome, status, latency_us)
        return segment
