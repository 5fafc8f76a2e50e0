"""One transfer of a file: past the transport, recorded before its last byte leaves."""

from __future__ import annotations

import base64
import math
import os
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from exchange.gateway import record, tries
from exchange.gateway.decision import identify, outside, why_not
from exchange.gateway.heads import Claim, Head
from exchange.gateway.record import Address, Kind, Outcome
from exchange.gateway.refusals import Refusal, Refused
from exchange.gateway.segments import Segment
from exchange.gateway.sources import NothingYet, Source, source_of
from exchange.gateway.tickets import RangeUnsatisfiable, Ticket, TicketUnknown, matches, open_ticket, wanted

if TYPE_CHECKING:
    from exchange.gateway.client import ClientConnection

_UNCLEAR = ("territory_malformed", "recipient_malformed")
_PIECE = 1 << 19
_BEFORE_OTHERS = 1 << 21
_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 206: b"HTTP/1.1 206 Partial Content\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}


def open_transfer(client: ClientConnection, text: bytes, method: bytes, head: Head) -> Transfer:
    """The transfer that a ticket allows. Raises Refused."""
    if method not in (b"GET", b"HEAD"):
        raise Refused("method_not_allowed", b"Allow: GET, HEAD\r\n")
    if head.refused in _UNCLEAR:
        raise Refused(head.refused)
    try:
        ticket = open_ticket(text, map(bytes.fromhex, client.gateway.snapshot.settings.get("ticket_keys", ())))
    except TicketUnknown:
        raise Refused("ticket_unknown") from None
    try:
        return _allowed(client, ticket, method, head)
    except Refused as refused:
        refused.whom = _holder(client, ticket)
        raise


def _holder(client: ClientConnection, ticket: Ticket) -> tuple[str, str] | None:
    """The organisation that the ticket was made for, and what it is about."""
    entitlement = client.gateway.snapshot.entitlements.get(ticket.entitlement_id)
    return None if entitlement is None else (entitlement.organisation_id, entitlement.listing_id)


def _allowed(client: ClientConnection, ticket: Ticket, method: bytes, head: Head) -> Transfer:
    try:
        _check(client, ticket, head.caller.claim)
        if ticket.holder:
            _check_holder(client, ticket, head)
        part = wanted(head.range, ticket.size) if head.if_range in (None, ticket.etag) else None
    except RangeUnsatisfiable:
        raise Refused("range_not_satisfiable", b"Content-Range: bytes */%d\r\n" % ticket.size) from None
    source = source_of(client.gateway.snapshot.settings, ticket, client.gateway.loop)
    return Transfer(client, ticket, method, head, source, part)


def _check(client: ClientConnection, ticket: Ticket, claim: Claim) -> None:
    """A right that was taken back since the ticket was made is gone at once, and so is a ticket of another tier.

    Raises Refused.

    One that is not known here is younger than the last news: the ticket was sealed when it was in force.
    """
    now = client.gateway.unix()
    if now >= ticket.expires_at:
        raise Refused("ticket_expired")
    entitlement = client.gateway.snapshot.entitlements.get(ticket.entitlement_id)
    if entitlement is None:
        return
    code = why_not(entitlement, now) or outside(entitlement, claim)
    if code is not None:
        raise Refused(code)
    if entitlement.tier != ticket.tier:
        raise Refused("ticket_expired")


def _check_holder(client: ClientConnection, ticket: Ticket, head: Head) -> None:
    """The holder's own key or token comes with the request. Raises Refused."""
    if head.refused is not None:
        raise Refused(head.refused)
    snapshot, caller = client.gateway.snapshot, head.caller
    who = identify(snapshot, caller.credential, client.gateway.unix(), caller.mark)
    if not snapshot.organisations.get(who.organisation_id, False):
        raise Refused("organisation_suspended")
    if who.organisation_id != ticket.holder or not who.live:
        raise Refused("link_of_another")


class Transfer:
    """Sends the head, then all bytes but one; records; sends the last."""

    def __init__(
        self,
        client: ClientConnection,
        ticket: Ticket,
        method: bytes,
        head: Head,
        source: Source,
        part: tuple[int, int] | None,
    ) -> None:
        self.client = client
        self.ticket = ticket
        self.seq = client.gateway.meter.number()
        self.over = False
        self.began_ns = math.inf  # a large file may take its time
        self._began_ns = time.monotonic_ns()
        self._source = source
        self._start, self._stop = part or (0, ticket.size)
        self._at = self._start
        self._unchanged = matches(head.if_none_match, ticket.etag)
        self._status = 304 if self._unchanged else 206 if part else 200
        self._method = method
        self._without_body = method == b"HEAD" or self._unchanged
        self._out = -1
        self._writing = self._reading = False
        self._pending = b""
        self._segment: Segment | None = None

    def begin(self) -> None:
        """Ask for the bytes, then send the head and what follows it."""
        self.client.deadline = math.inf
        self._source.open(self._start, self._start if self._without_body else self._stop, self._opened)

    def _opened(self, found: bool) -> None:
        """Use up one of the link's tries, now that there is something to send."""
        try:
            if not found:
                raise Refused("file_unavailable")
            if self.ticket.tries and self._method == b"GET":
                tries.take(self.client.gateway.options.data, self.ticket)
        except Refused as refused:
            self._refuse(refused.refusal)
        else:
            self._answer()

    def _refuse(self, refusal: Refusal) -> None:
        gateway = self.client.gateway
        self.close()
        gateway.refused(refusal, self.seq, _holder(self.client, self.ticket))
        self.client.answer(refusal, self._method, b"Call-Id: %b-%d\r\n" % (gateway.meter.epoch_text, self.seq))
        self.client.call_ended(self)

    def _answer(self) -> None:
        self._pending = self._head()
        self._out = os.dup(self.client.transport.get_extra_info("socket").fileno())
        self._go_on()

    def _head(self) -> bytes:
        ticket, size = self.ticket, self._stop - self._start
        lines = b"ETag: %b\r\nAccept-Ranges: bytes\r\nCache-Control: private, no-store\r\nDate: %b\r\n" % (
            ticket.etag, self.client.gateway.http_date,
        )  # fmt: skip
        if not self._unchanged:
            digest = base64.b64encode(bytes.fromhex(ticket.sha256))
            lines += (
                b"Content-Type: %b\r\nContent-Length: %d\r\nContent-Disposition: attachment; filename*=UTF-8''%b\r\n"
                b"X-Content-Type-Options: nosniff\r\nRepr-Digest: sha-256=:%b:\r\n"
                % (_media_type(ticket.media_type), size, quote(ticket.name, safe="").encode(), digest)
            )
        if self._status == 206:
            lines += b"Content-Range: bytes %d-%d/%d\r\n" % (self._start, self._stop - 1, ticket.size)
        lines += b"Call-Id: %b-%d\r\n" % (self.client.gateway.meter.epoch_text, self.seq)
        return _STATUS[self._status] + lines + self.client.connection_line()

    def _go_on(self) -> None:
        """Send until the client takes no more for now, or it is another's turn."""
        if self.over:
            return
        try:
            before = self._at
            while self._send():
                if self._at - before >= _BEFORE_OTHERS:
                    self.client.gateway.loop.call_soon(self._go_on)
                    return
        except BlockingIOError:
            self._wait()
        except NothingYet:
            self._wait_for_source()
        except OSError:
            self.client.abort()

    def _send(self) -> bool:
        """Send a piece; False when this is the end, or the record is waited for."""
        self.client.deadline = self.client.gateway.now + self.client.gateway.bounds.stall_s
        if self._start == self._stop and not self._without_body and self._segment is None:
            return self._record_whole()  # the head is all there is
        if self._pending:
            self._pending = self._pending[os.write(self._out, self._pending) :]
            return True
        if self._without_body:
            self._finish()
            return False
        held_back = self._stop - 1
        if self._at < held_back:
            self._at += self._source.send(self._out, self._at, min(_PIECE, held_back - self._at))
            return True
        if self._segment is None:
            self._source.have(self._at)
            return self._record_whole()
        if self._at < self._stop:
            self._at += self._source.send(self._out, self._at, 1)
        self.client.gateway.meter.ended(self._segment, self.seq)
        self._finish()
        return False

    def _record_whole(self) -> bool:
        """Record the whole transfer; True when its last byte may go now."""
        segment = self._record(Outcome.HIT, self._stop - self._start)
        if segment is None:
            self.client.abort()
            return False
        self._segment = segment
        group = self.client.gateway.meter.group
        if group is None:
            return True
        self.client.deadline = math.inf
        group.wait(self._synced)
        return False

    def _synced(self, survived: bool) -> None:
        if survived:
            self._go_on()
        elif not self.over:
            self.client.abort()

    def _record(self, outcome: Outcome, size: int) -> Segment | None:
        gateway, ticket = self.client.gateway, self.ticket
        latency_us = (time.monotonic_ns() - self._began_ns) // 1000
        at_us = (self._began_ns + gateway.unix_ns) // 1000
        address = Address(
            entitlement_id=ticket.entitlement_id, order_id=ticket.order_id, operation=ticket.file_id,
            credential_id=ticket.account,
        )  # fmt: skip
        framed = record.usage(
            Kind.FILE, gateway.meter.epoch_bytes, self.seq, at_us, True, outcome, self._status, latency_us, 0, size,
            self._start, 0, bytes.fromhex(ticket.sha256), address.pack(),
        )  # fmt: skip
        gateway.figures.sent(size)
        gateway.access.other(at_us, self.seq, "file", self._status, size)
        return gateway.meter.append(framed)

    def _wait(self) -> None:
        if not self._writing:
            self._writing = True
            self.client.gateway.loop.add_writer(self._out, self._writable)

    def _writable(self) -> None:
        self._stop_waiting()
        self._go_on()

    def _wait_for_source(self) -> None:
        if not self._reading:
            self._reading = True
            self.client.gateway.loop.add_reader(self._source.wait_for, self._writable)

    def _stop_waiting(self) -> None:
        if self._writing:
            self._writing = False
            self.client.gateway.loop.remove_writer(self._out)
        if self._reading:
            self._reading = False
            self.client.gateway.loop.remove_reader(self._source.wait_for)

    def _finish(self) -> None:
        self.close()
        self.client.call_ended(self)

    def close(self) -> None:
        """Let go of the bytes."""
        if not self.over:
            self.over = True
            self._stop_waiting()
            self._source.close()
            if self._out >= 0:
                os.close(self._out)

    def client_gone(self) -> None:
        """The client went away: what was handed over until then is recorded."""
        if self.over:
            return
        sent, recorded = self._at - self._start, self._segment
        if recorded is not None:
            self.client.gateway.meter.voided(recorded, self.seq)
        elif sent and (segment := self._record(Outcome.CLIENT_ABORT, sent)) is not None:
            self.client.gateway.meter.ended(segment, self.seq)
        self.close()

    def expire(self) -> None:
        """The client takes nothing any more."""
        self.client.abort()

    def body(self, piece: bytes) -> None:
        """Transfers have no request body."""

    def body_ended(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """Transfers have no request body."""

    def body_malformed(self) -> None:
        """Transfers have no request body."""

    def client_writable(self, writable: bool) -> None:
        """The transport is not used, so it is never full."""


def _media_type(text: str) -> bytes:
    """The media type as a header's value; anything else than one is sent as bytes of no type."""
    plain = text.isascii() and text.isprintable() and "/" in text
    return text.encode() if plain else b"application/octet-stream"
