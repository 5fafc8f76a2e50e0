"""One call of an interface: reserved, sent on, streamed back, recorded before its last byte leaves, settled."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from exchange.gateway import record
from exchange.gateway.allowance import Verdict
from exchange.gateway.heads import REPEATABLE, Head
from exchange.gateway.outcome import Reading
from exchange.gateway.pool import CannotConnect
from exchange.gateway.prepared import Prepared
from exchange.gateway.record import Kind, Outcome
from exchange.gateway.refusals import REFUSALS, Refusal, Refused
from exchange.gateway.segments import Segment
from exchange.gateway.upstream import BODILESS, UNTIL_CLOSE, UpstreamConnection

if TYPE_CHECKING:
    from exchange.gateway.client import ClientConnection

_KEPT_BODY = 65_536
_LEAVES_WHOLE = 65_536
"""An answer that is known to be no longer than this leaves in one piece, once it is recorded: nobody has half of it."""
_UNREADABLE = Reading(Outcome.UPSTREAM_ERROR)
_LAST_CHUNK = b"0\r\n\r\n"
_FORBIDDEN_TRAILERS = frozenset(
    b"transfer-encoding content-length host authorization x-api-key cookie connection te trailer upgrade expect "
    b"content-encoding content-type content-range data-purpose data-territory data-recipient "
    b"proxy-authorization".split()
)


_NOTHING: list[bytes] = []
_PARKED, _RESERVED, _HEADED, _PASSED_ON = range(1, 5)
"""Waiting for a lease; reserved; the answer's head is made; a part of the answer has left."""


class Call:
    """From the grant to the record. One at a time for each connection of a client."""

    __slots__ = (
        "_again", "_body", "_chunked_out", "_held", "_left", "_phase", "_query", "_reading", "_seen", "_uploaded",
        "at_us", "began_ns", "bytes_in", "bytes_out", "client", "gateway", "grant", "head", "latency_us", "method",
        "over", "prepared", "seq", "status", "upstream",
    )  # fmt: skip

    _held: list[bytes]
    _seen: list[bytes]
    at_us: int
    latency_us: int

    def __init__(
        self, client: ClientConnection, prepared: Prepared, query: bytes, head: Head, seq: int, began_ns: int
    ) -> None:
        self.client = client
        self.gateway = client.gateway
        self.prepared = prepared
        self.grant = prepared.grant
        self.method = prepared.method
        self.head = head
        self.seq = seq
        self.began_ns = began_ns
        self.upstream: UpstreamConnection | None = None
        self.status = self.bytes_in = self.bytes_out = self._left = self._phase = 0
        self.over = self._chunked_out = False
        self._again = True
        self._uploaded = not client.unread
        self._query = query
        self._body: list[bytes] = _NOTHING
        self._reading: Reading | None = None

    # Reserving

    def begin(self, body: bytes) -> None:
        """Reserve and send on, or refuse, or wait for a lease. ``body`` is all of it, or nothing yet."""
        if body:
            self._body = [body]
            self.bytes_in = len(body)
        self.reserve(self.began_ns)

    def reserve(self, now: int) -> None:
        """Reserve what the call needs and send it on, or see to what is missing."""
        grant = self.grant
        allowance = grant.allowance
        verdict = allowance.reserve(now, grant.live)
        if verdict is not None:
            self._wait(verdict, now)
            return
        self._phase = _RESERVED
        if allowance.hungry:
            self.gateway.ask(allowance, grant.live, now)
        target = grant.target
        lane = target.lane or self.gateway.pool.lane_of(target)
        connection = lane.take(now, self.method in REPEATABLE)
        if connection is not None:
            self._connected(connection)
        else:
            self._connect()

    def _wait(self, verdict: Verdict, now: int) -> None:
        """Nothing was reserved: wait for the lease when there may be one, else refuse."""
        gateway, allowance = self.gateway, self.grant.entitlement.allowance
        if verdict is not Verdict.WAIT or len(allowance.waiting) >= gateway.bounds.waiting:
            self._not_reserved(verdict, now)
            return
        gateway.ask(allowance, self.grant.live, now)
        if self._phase != _PARKED:
            self._phase = _PARKED
            self.client.deadline = gateway.now + gateway.bounds.lease_s
        if allowance.promised(now):
            self.client.deadline = min(self.client.deadline, gateway.now + gateway.bounds.recall_s)
        allowance.waiting.append(self._resume)
        gateway.parked.add(allowance)

    def _resume(self) -> None:
        """A lease has come, or something has changed: decide again, as if the call came now."""
        if self.over:
            return
        gateway = self.gateway
        try:
            if gateway.closed is not None:
                raise Refused(gateway.closed.code)
            self.prepared = self.prepared.anew(gateway.snapshot, self.head.caller, gateway.unix())
        except Refused as refused:
            self._refuse(refused.refusal)
            return
        self.grant = self.prepared.grant
        self.reserve(time.monotonic_ns())

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
        right = self.grant.entitlement
        self.gateway.refused(refusal, self.seq, (right.organisation_id, right.listing_id))
        self.client.answer(refusal, self.method, self.limits(time.monotonic_ns()) + extra)
        self.client.call_ended(self)

    def limits(self, now: int) -> bytes:
        """The headers that tell what the rate still allows."""
        grant = self.grant
        left, reset = grant.allowance.left(now)
        return (
            b'%bRateLimit: "rate";r=%d;t=%d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\nCall-Id: %b-%d\r\n'
            % (grant.policy, left, reset, left, reset, self.gateway.meter.epoch_text, self.seq)
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
        client, target = self.client, self.grant.target
        request = self.prepared.request(self._query, self.head, self.gateway.meter.epoch_text, self.seq)
        client.deadline = self.gateway.now + target.timeout_s
        if self._body:
            request = b"".join((request, *self._body))
            if self.bytes_in > _KEPT_BODY:
                self._again, self._body = False, _NOTHING
        if not self._uploaded:
            self._invite()
        connection.begin(self, target.injection.secrets, request, self.method == b"HEAD")

    def _invite(self) -> None:
        """More of the request's body may come."""
        if self.head.expects and self._again and not self.bytes_in:
            self.client.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
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
            self._again, self._body = False, _NOTHING
            self.client.deadline = self.gateway.now + self.gateway.bounds.body_s
            connection.transport.write(piece)
            return
        if self._body:
            self._body.append(piece)
        else:
            self._body = [piece]
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
        if status > 101 and self.client.http11:
            self.client.transport.write(b"HTTP/1.1 %d \r\n%b\r\n" % (status, fields))

    def progressed(self, connection: UpstreamConnection) -> None:
        """A part of the answer has come, and it is not the last."""
        if self._phase < _HEADED and not self._open_answer(connection, time.monotonic_ns()):
            return
        client, held, length = self.client, self._take(connection), connection.answer.length
        client.deadline = self.gateway.now + self.gateway.bounds.stall_s
        if self._reading is None:
            if self.bytes_out > self.gateway.bounds.pointer_bytes:
                self._let_go()
                self._failed("upstream_unreadable")
            return
        if 0 <= length <= _LEAVES_WHOLE:
            return
        self._held = [held.pop()] if length == UNTIL_CLOSE and not self._chunked_out else []
        if held:
            self._phase = _PASSED_ON
            client.transport.writelines(held)
            if client.paused:
                connection.transport.pause_reading()
            else:
                self._has_left()

    def _has_left(self) -> None:
        """The kernel has all of the answer's body that was passed on."""
        self._left = max(0, self.bytes_out - sum(map(len, self._held)))

    def client_writable(self, writable: bool) -> None:
        """The client takes more of the answer, or not for now."""
        if self.upstream is not None:
            transport = self.upstream.transport
            if writable:
                self._has_left()
                transport.resume_reading()
            else:
                transport.pause_reading()
            self.client.deadline = self.gateway.now + self.gateway.bounds.stall_s

    def _open_answer(self, connection: UpstreamConnection, now: int) -> bool:
        """Begin the answer with its head; False when it is one that is not passed on."""
        answer, client, rule = connection.answer, self.client, self.grant.operation.rule
        status = self.status = answer.status
        reading = self._reading = rule.by_status(status)
        if reading is not None and 300 <= status < 400 and status != 304 and not rule.knows(status):
            connection.abort()
            self._failed("upstream_redirected")
            return False
        if not self._uploaded:
            client.keep = False
        framing = b"" if answer.length >= 0 else self._framing(status)
        self._phase = _HEADED
        self._held = [answer.start, framing, self.limits(now), client.connection_line()]
        self._seen = _NOTHING
        return True

    def _framing(self, status: int) -> bytes:
        """How the end of a body is told whose length is not known."""
        if self.method == b"HEAD" or status in BODILESS:
            return b""
        if self.client.http11:
            self._chunked_out = True
            return b"Transfer-Encoding: chunked\r\n"
        self.client.keep = False
        return b""

    def _take(self, connection: UpstreamConnection) -> list[bytes]:
        """What is ready to go: what was held, and what has come of the body, framed for the client."""
        parts, held = connection.parts, self._held
        if not parts:
            return held
        connection.parts = []
        self.bytes_out += sum(map(len, parts))
        if self._chunked_out:
            for part in parts:
                held += (b"%x\r\n" % len(part), part, b"\r\n")
        else:
            held += parts
        if self._reading is None:
            if self._seen:
                self._seen += parts
            else:
                self._seen = parts
        return held

    def completed(self, connection: UpstreamConnection) -> None:
        """All of the answer is here: record it, then let its last bytes go."""
        now = time.monotonic_ns()
        if self._phase < _HEADED and not self._open_answer(connection, now):
            return
        held = self._held = self._take(connection)
        if self._chunked_out:
            trailers = connection.trailers
            held.append(b"".join((b"0\r\n", *trailers, b"\r\n")) if trailers else _LAST_CHUNK)
        reading, read = self._reading, self._reading is None
        if reading is None:
            reading = self._reading = self._read(connection.answer.coding)
        self.upstream = None
        client = self.client
        if connection.release() and self._uploaded and not client.paused:
            connection.lane.keep(connection, now)
        else:
            connection.transport.abort()
        if read and reading.outcome is Outcome.UPSTREAM_ERROR:
            self._failed("upstream_unreadable")
        elif client.half_closed:
            self._probe()
        else:
            self._conclude()

    def _read(self, coding: bytes) -> Reading:
        """What the answer's body says it is. One that does not say is not delivered: it has no price."""
        largest = self.gateway.bounds.pointer_bytes
        if self.bytes_out > largest:
            return _UNREADABLE
        return self.grant.operation.rule.by_body(b"".join(self._seen), coding, largest)

    def _probe(self) -> None:
        """The client stopped sending, perhaps because it is gone: it gets a first piece of the answer alone."""
        if self._phase < _PASSED_ON:
            self._phase = _PASSED_ON
            self.client.transport.write(self._held[0][:9])
            self._held[0] = self._held[0][9:]
        self.client.probe(self._conclude)

    def _conclude(self) -> None:
        """Record the call, and let the answer's last bytes go."""
        reading = self._reading
        if not self.over and reading is not None:
            self.gateway.meter.record(self._framed(reading.outcome, self.status, reading.records), self._recorded)

    def _recorded(self, segment: Segment | None) -> None:
        assert self._reading is not None
        self._settle(self._reading.outcome, self.status, recorded=segment is not None)
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
        client.answered(segment, self.seq)
        client.call_ended(self)

    def _unmetered(self) -> None:
        """What could not be recorded is not delivered."""
        if self._phase == _PASSED_ON:
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
            and self._again
            and self.method in REPEATABLE
        ):
            self._again = False
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
        passed_on = self._phase == _PASSED_ON
        self.bytes_out = self._left
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
        """The client went away before all of the answer was given to its connection: what has left is recorded."""
        if self.over:
            return
        self._let_go()
        if self._phase < _RESERVED:
            self.over = True
            return
        self.bytes_out = self._left
        errs = self._reading is not None and self._reading.outcome is Outcome.UPSTREAM_ERROR
        segment = self._record(Outcome.UPSTREAM_ERROR if errs else Outcome.CLIENT_ABORT, self.status, 0)
        if segment is not None:
            self.gateway.meter.ended(segment, self.seq)

    def expire(self) -> None:
        """The deadline has passed."""
        if self._phase == _PARKED:
            self._refuse(REFUSALS[self.grant.entitlement.allowance.given_up(time.monotonic_ns())])
        elif self._phase >= _HEADED and self.client.paused:
            self.client.abort()
        elif not self._uploaded and self._phase < _HEADED and self.client.reading:
            self._break_off("request_timeout")
        else:
            self._let_go()
            self._failed("upstream_timeout")

    # The record

    def _record(self, outcome: Outcome, status: int, records: int) -> Segment | None:
        """Write the record and settle what was reserved. None when it cannot be written."""
        segment = self.gateway.meter.append(self._framed(outcome, status, records))
        self._settle(outcome, status, recorded=segment is not None)
        return segment

    def _framed(self, outcome: Outcome, status: int, records: int) -> bytes:
        """The record. The call is over with it."""
        self.over = True
        grant, meter, began_ns = self.grant, self.gateway.meter, self.began_ns
        self.latency_us = (time.monotonic_ns() - began_ns) // 1000
        self.at_us = (began_ns + self.gateway.unix_ns) // 1000
        return record.usage(
            Kind.CALL, meter.epoch_bytes, self.seq, self.at_us, grant.live, outcome, status, self.latency_us,
            self.bytes_in, self.bytes_out, 0, records, grant.plan_hash, grant.address,
        )  # fmt: skip

    def _settle(self, outcome: Outcome, status: int, *, recorded: bool) -> None:
        """Give back what was reserved and is not used, and note the call."""
        grant, gateway = self.grant, self.gateway
        grant.allowance.settle(grant.live, recorded, recorded and grant.billed[outcome])
        gateway.figures.noted.append((outcome, self.latency_us, self.bytes_in, self.bytes_out))
        if gateway.access.wanted:
            gateway.access.called(self, outcome, status)
