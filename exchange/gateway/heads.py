"""Request heads: read strictly, once for each distinct block of headers.

A program that calls again sends the same headers with another target, so blocks that were read are kept. What is
not plainly HTTP/1.1 or 1.0 is refused here, before anything looks at who calls.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
_KEY = re.compile(rb"\A[\x21-\x7e]{1,4096}\Z")

# Spoken between neighbours, or spoken to us: never sent on.
NOT_SENT_ON = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade http2-settings host content-length expect authorization x-api-key data-purpose cookie cookie2 via "
    b"forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-real-ip call-id".split()
)


class Head:
    """What a block of headers says. ``fields`` are the lines that may be sent on, by lower-case name.

    ``plain`` when it says nothing of a body or of the connection. ``decided`` is what became of request lines that
    came with it.
    """

    __slots__ = (
        "chunked", "close", "credential", "decided", "expects", "fields", "forwards", "host", "if_none_match",
        "if_range", "keep_alive", "length", "plain", "purpose", "range", "refused",
    )  # fmt: skip

    def __init__(self) -> None:
        self.length = 0
        self.chunked = False
        self.close = False
        self.keep_alive = False
        self.expects = False
        self.plain = False
        self.host: bytes | None = None
        self.credential: bytes | None = None
        self.purpose: bytes | None = None
        self.range: bytes | None = None
        self.if_range: bytes | None = None
        self.if_none_match: bytes | None = None
        self.refused: str | None = None
        self.fields: list[tuple[bytes, bytes]] = []
        self.forwards: dict[object, bytes] = {}
        self.decided: dict[bytes, Any] = {}


@dataclass(slots=True)
class Field:
    """One header line: its name, who reads it, and the line as it is sent on (empty: it is not)."""

    name: bytes
    value: bytes
    line: bytes
    reader: Callable[[Head, bytes, set[bytes]], None] | None
    repeated: str


def _classify(name: bytes, value: bytes) -> Field:
    lowered = name.lower()
    line = b"" if lowered in NOT_SENT_ON else name + b": " + value + b"\r\n"
    return Field(lowered, value, line, _READERS.get(lowered), _REPEATED.get(lowered, "request_malformed"))


class Heads:
    """Reads blocks of headers; those read lately are answered from memory, the older half forgotten now and then."""

    def __init__(self, bounds: Bounds, *, kept: int = 2_048, longest_kept: int = 2_048) -> None:
        self._bounds = bounds
        self._kept = kept
        self._longest_kept = longest_kept
        self.known: dict[bytes, Head] = {}
        self._old: dict[bytes, Head] = {}
        self._fields = Fields(_classify)

    def get(self, block: bytes) -> Head:
        """The head of a block that ends with its empty line. Raises Refused."""
        head = self.known.get(block)
        if head is None:
            head = self._old.get(block) or self._read(block)
            if len(block) <= self._longest_kept:
                self._keep(block, head)
        return head

    def _keep(self, block: bytes, head: Head) -> None:
        if len(self.known) >= self._kept:
            self._old, self.known = self.known, {}
        self.known[block] = head

    def _read(self, block: bytes) -> Head:
        if len(block) > self._bounds.head_bytes:
            raise Refused("headers_too_large")
        lines = block.split(b"\r\n")
        if len(lines) - 2 > self._bounds.headers:
            raise Refused("headers_too_large")
        known, read = self._fields.known, self._fields.read
        found = []
        for line in lines[:-2]:
            try:
                found.append(known.get(line) or read(line))
            except FieldMalformed:
                raise Refused(_why(line)) from None
        return _head(found)


def _why(line: bytes) -> str:
    """Which refusal fits a line that could not be read."""
    lowered = line.lower()
    framing = b"content-length" in lowered or b"transfer-encoding" in lowered
    return "framing_ambiguous" if framing else "request_malformed"


def _head(found: list[Field]) -> Head:
    head, once, named = Head(), set[bytes](), set[bytes]()
    for each in found:
        if each.reader is not None:
            if each.name in once:
                raise Refused(each.repeated)
            if each.name != b"connection":
                once.add(each.name)
            each.reader(head, each.value, named)
    if head.chunked and b"content-length" in once:
        raise Refused("framing_ambiguous")
    head.plain = not (head.length or head.chunked or head.close or head.refused) and head.host is not None
    head.fields = [(each.name, each.line) for each in found if each.line and each.name not in named]
    return head


def _connection(head: Head, value: bytes, named: set[bytes]) -> None:
    for part in value.split(b","):
        token = part.strip().lower()
        head.close = head.close or token == b"close"
        head.keep_alive = head.keep_alive or token == b"keep-alive"
        if token not in (b"close", b"keep-alive", b""):
            named.add(token)


def _length(head: Head, value: bytes, _: set[bytes]) -> None:
    if not _LENGTH.match(value):
        raise Refused("framing_ambiguous")
    head.length = int(value)


def _transfer_encoding(head: Head, value: bytes, _: set[bytes]) -> None:
    if value.lower() != b"chunked":
        raise Refused("framing_ambiguous" if b"chunked" in value.lower() else "transfer_coding_not_supported")
    head.chunked = True


def _expect(head: Head, value: bytes, _: set[bytes]) -> None:
    if value.lower() != b"100-continue":
        raise Refused("expectation_failed")
    head.expects = True


def _host(head: Head, value: bytes, _: set[bytes]) -> None:
    if not _HOST.match(value):
        raise Refused("host_invalid")
    head.host = value


def _authorization(head: Head, value: bytes, _: set[bytes]) -> None:
    match = _BEARER.match(value)
    _credential(head, match.group(1) if match else b"", "credential_unknown")


def _api_key(head: Head, value: bytes, _: set[bytes]) -> None:
    _credential(head, value if _KEY.match(value) else b"", "credential_unknown")


def _credential(head: Head, text: bytes, otherwise: str) -> None:
    if head.credential is not None or head.refused is not None:
        head.refused = "credential_repeated"
    elif text:
        head.credential = text
    else:
        head.refused = otherwise


def _purpose(head: Head, value: bytes, _: set[bytes]) -> None:
    head.purpose = value


def _upgrade(head: Head, value: bytes, _: set[bytes]) -> None:
    raise Refused("upgrade_not_supported")


def _range(head: Head, value: bytes, _: set[bytes]) -> None:
    head.range = value


def _if_range(head: Head, value: bytes, _: set[bytes]) -> None:
    head.if_range = value


def _if_none_match(head: Head, value: bytes, _: set[bytes]) -> None:
    head.if_none_match = value


_READERS = {
    b"connection": _connection,
    b"content-length": _length,
    b"transfer-encoding": _transfer_encoding,
    b"expect": _expect,
    b"host": _host,
    b"authorization": _authorization,
    b"x-api-key": _api_key,
    b"data-purpose": _purpose,
    b"upgrade": _upgrade,
    b"range": _range,
    b"if-range": _if_range,
    b"if-none-match": _if_none_match,
}
_REPEATED = {
    b"content-length": "framing_ambiguous",
    b"transfer-encoding": "framing_ambiguous",
    b"host": "host_invalid",
    b"authorization": "credential_repeated",
    b"x-api-key": "credential_repeated",
    b"data-purpose": "purpose_malformed",
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


def fingerprint(credential: bytes) -> bytes:
    """How credentials are looked up and remembered: never as themselves."""
    return hashlib.sha256(credential).digest()
