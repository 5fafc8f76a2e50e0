"""Request heads: read strictly, once for each distinct block of headers.

A program that calls again sends the same headers with another target, so blocks that were read are kept. What is
not plainly HTTP/1.1 or 1.0 is refused here, before anything looks at who calls.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from exchange.gateway.bounds import Bounds
from exchange.gateway.fields import FieldMalformed, Fields
from exchange.gateway.refusals import Refused

METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
REPEATABLE = frozenset((b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"))
_HTTP_1_1 = b"HTTP/1.1"
_VERSIONS = frozenset((_HTTP_1_1, b"HTTP/1.0"))
TARGET = bytes(range(0x21, 0x7F)).translate(None, b"#\\")
_VERSION = re.compile(rb"\AHTTP/\d\.\d\Z")
_TOKEN = re.compile(rb"\A[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_HOST = re.compile(rb"\A(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\Z")
_LENGTH = re.compile(rb"\A\d{1,15}\Z")
_BEARER = re.compile(rb"\A[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*)\Z")
_COUNTRY = re.compile(rb"\A[A-Z]{2}\Z")
_ORGANISATION = re.compile(rb"\Aorg_[0-9a-z]{26}\Z")
_KEY = re.compile(rb"\A[\x21-\x7e]{1,4096}\Z")

# Spoken between neighbours, or spoken to us: never sent on. A part of an answer would have an outcome without a price.
NOT_SENT_ON = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade http2-settings host content-length expect authorization x-api-key data-purpose data-territory "
    b"data-recipient cookie cookie2 via range if-range forwarded x-forwarded-for x-forwarded-host x-forwarded-proto "
    b"x-forwarded-port x-real-ip call-id".split()
)


def fingerprint(credential: bytes) -> bytes:
    """How credentials are looked up and remembered: never as themselves."""
    return hashlib.sha256(credential).digest()


class Claim(NamedTuple):
    """What a caller says of the use: for which purpose, in which country, for whom. None: it does not say."""

    purpose: bytes | None = None
    territory: bytes | None = None
    recipient: bytes | None = None


NOTHING_CLAIMED = Claim()


class Caller:
    """Who calls, and for what: all heads with the same credential and claim share one.

    ``decided`` is what became of request lines that came with it, ``admissions`` of the listings that they named.
    """

    __slots__ = ("admissions", "claim", "credential", "decided", "mark")

    def __init__(self, credential: bytes | None, claim: Claim) -> None:
        self.credential = credential
        self.claim = claim
        self.mark = fingerprint(credential) if credential is not None else None
        self.decided: dict[bytes, Any] = {}
        self.admissions: dict[bytes, Any] = {}


class Head:
    """What a block of headers says. ``fields`` are the lines that may be sent on, by lower-case name.

    ``plain`` when it says nothing of a body or of the connection; ``refused`` when its credential is not one.
    """

    __slots__ = (
        "caller", "chunked", "close", "credential", "expects", "fields", "forwards", "host", "if_none_match",
        "if_range", "keep_alive", "length", "named", "plain", "purpose", "range", "recipient", "refused", "territory",
    )  # fmt: skip

    caller: Caller

    def __init__(self) -> None:
        self.length = 0
        self.chunked = self.close = self.keep_alive = self.expects = self.plain = False
        self.host: bytes | None = None
        self.credential: bytes | None = None
        self.purpose: bytes | None = None
        self.territory: bytes | None = None
        self.recipient: bytes | None = None
        self.range: bytes | None = None
        self.if_range: bytes | None = None
        self.if_none_match: bytes | None = None
        self.refused: str | None = None
        self.named: tuple[bytes, ...] = ()
        self.fields: list[tuple[bytes, bytes]] = []
        self.forwards: dict[object, bytes] = {}


Field = tuple[bytes, bytes, str, Any]
"""One header line: under which name it may stand once, the line as it is sent on (empty: it is not), and what of a
head it sets to what (empty: nothing)."""


def _classify(name: bytes, value: bytes) -> Field:
    """Raises Refused for a value that cannot be."""
    lowered = name.lower()
    line = b"" if lowered in NOT_SENT_ON else name + b": " + value + b"\r\n"
    reader = _READERS.get(lowered)
    return (lowered, line, "", None) if reader is None else (_ONCE.get(lowered, lowered), line, *reader(value))


class Heads:
    """Reads blocks of headers. Blocks that come again and again are kept, the older half forgotten now and then."""

    def __init__(self, bounds: Bounds, *, kept: int = 1_024, longest_kept: int = 2_048) -> None:
        self._bounds = bounds
        self._kept = kept
        self._longest_kept = longest_kept
        self.known: dict[bytes, Head] = {}
        self._old: dict[bytes, Head] = {}
        self._fields = Fields(_classify)
        self._callers: dict[tuple[bytes | None, Claim], Caller] = {}

    def get(self, block: bytes, before: bytes = b"") -> Head:
        """The head of a block that ends with its empty line; kept when it is the same as ``before``. Raises Refused."""
        head = self.known.get(block) or self._old.get(block) or self._read(block)
        if block == before and len(block) <= self._longest_kept:
            if len(self.known) >= self._kept:
                self._old, self.known = self.known, {}
            self.known[block] = head
        return head

    def _read(self, block: bytes) -> Head:
        if len(block) > self._bounds.head_bytes:
            raise Refused("headers_too_large")
        lines = block.split(b"\r\n")
        if len(lines) - 2 > self._bounds.headers:
            raise Refused("headers_too_large")
        del lines[-2:]
        head, known = Head(), self._fields.known
        once, passed = set[bytes](), []
        for line in lines:
            name, passed_line, attribute, value = known.get(line) or self._line(line)
            if attribute:
                if name in once:
                    raise Refused(_REPEATED.get(name, "request_malformed"))
                once.add(name)
                setattr(head, attribute, value)
            elif name == b"connection":
                _connection(head, value)
            if passed_line:
                passed.append((name, passed_line))
        if head.chunked and b"content-length" in once:
            raise Refused("framing_ambiguous")
        head.plain = not (head.length or head.chunked or head.close or head.refused) and head.host is not None
        head.fields = [each for each in passed if each[0] not in head.named] if head.named else passed
        head.caller = self._caller(head.credential, Claim(head.purpose, head.territory, head.recipient))
        return head

    def _line(self, line: bytes) -> Field:
        try:
            return self._fields.read(line)
        except FieldMalformed:
            raise Refused(_why(line)) from None

    def _caller(self, credential: bytes | None, claim: Claim) -> Caller:
        caller = self._callers.get((credential, claim))
        if caller is None:
            if len(self._callers) >= self._kept:
                self._callers.clear()
            caller = self._callers[credential, claim] = Caller(credential, claim)
        return caller


def _why(line: bytes) -> str:
    """Which refusal fits a line that could not be read."""
    lowered = line.lower()
    framing = b"content-length" in lowered or b"transfer-encoding" in lowered
    return "framing_ambiguous" if framing else "request_malformed"


def _connection(head: Head, tokens: tuple[bytes, ...]) -> None:
    head.close = head.close or b"close" in tokens
    head.keep_alive = head.keep_alive or b"keep-alive" in tokens
    head.named += tuple(token for token in tokens if token not in (b"close", b"keep-alive", b""))


def _read_connection(value: bytes) -> tuple[str, Any]:
    return "", tuple(part.strip().lower() for part in value.split(b","))


def _read_length(value: bytes) -> tuple[str, Any]:
    if not _LENGTH.match(value):
        raise Refused("framing_ambiguous")
    return "length", int(value)


def _read_transfer_encoding(value: bytes) -> tuple[str, Any]:
    if value.lower() != b"chunked":
        raise Refused("framing_ambiguous" if b"chunked" in value.lower() else "transfer_coding_not_supported")
    return "chunked", True


def _read_expect(value: bytes) -> tuple[str, Any]:
    if value.lower() != b"100-continue":
        raise Refused("expectation_failed")
    return "expects", True


def _read_host(value: bytes) -> tuple[str, Any]:
    if not _HOST.match(value):
        raise Refused("host_invalid")
    return "host", value


def _read_authorization(value: bytes) -> tuple[str, Any]:
    match = _BEARER.match(value)
    return ("credential", match.group(1)) if match else ("refused", "credential_unknown")


def _read_api_key(value: bytes) -> tuple[str, Any]:
    return ("credential", value) if _KEY.match(value) else ("refused", "credential_unknown")


def _read_territory(value: bytes) -> tuple[str, Any]:
    return ("territory", value) if _COUNTRY.match(value) else ("refused", "territory_malformed")


def _read_recipient(value: bytes) -> tuple[str, Any]:
    return ("recipient", value) if _ORGANISATION.match(value) else ("refused", "recipient_malformed")


def _read_upgrade(value: bytes) -> tuple[str, Any]:
    raise Refused("upgrade_not_supported")


def _as(attribute: str) -> Callable[[bytes], tuple[str, Any]]:
    return lambda value: (attribute, value)


_READERS: dict[bytes, Callable[[bytes], tuple[str, Any]]] = {
    b"connection": _read_connection,
    b"content-length": _read_length,
    b"transfer-encoding": _read_transfer_encoding,
    b"expect": _read_expect,
    b"host": _read_host,
    b"authorization": _read_authorization,
    b"x-api-key": _read_api_key,
    b"data-purpose": _as("purpose"),
    b"data-territory": _read_territory,
    b"data-recipient": _read_recipient,
    b"upgrade": _read_upgrade,
    b"range": _as("range"),
    b"if-range": _as("if_range"),
    b"if-none-match": _as("if_none_match"),
}
_ONCE = {b"authorization": b"x-api-key"}
_REPEATED = {
    b"content-length": "framing_ambiguous",
    b"transfer-encoding": "framing_ambiguous",
    b"host": "host_invalid",
    b"x-api-key": "credential_repeated",
    b"data-purpose": "purpose_malformed",
    b"data-territory": "territory_malformed",
    b"data-recipient": "recipient_malformed",
}


def request_line(line: bytes, bounds: Bounds) -> tuple[bytes, bytes, bool]:
    """Method, target, and whether it is HTTP/1.1. Raises Refused."""
    parts = line.split(b" ")
    if len(parts) == 3:
        method, target, version = parts
        if (
            method in METHODS
            and target[:1] == b"/"
            and version in _VERSIONS
            and not target.translate(None, TARGET)
            and len(target) <= bounds.target_bytes
        ):
            return method, target, version == _HTTP_1_1
    raise Refused(_why_not(parts, bounds))


def _why_not(parts: list[bytes], bounds: Bounds) -> str:
    if len(parts) != 3 or not _VERSION.match(parts[2]) or not _TOKEN.match(parts[0]):
        return "request_malformed"
    method, target, version = parts
    if version not in _VERSIONS:
        return "version_not_supported"
    if len(target) > bounds.target_bytes:
        return "request_line_too_long"
    if method == b"CONNECT" or b"://" in target or target == b"*":
        return "target_not_origin"
    if method not in METHODS:
        return "method_not_implemented"
    return "target_not_origin" if target[:1] != b"/" else "request_malformed"
