"""Tickets for files, as the web process sealed them, and the part of the file that a request asks for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

LONGEST = 4_096
_FORM = re.compile(rb"\A([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})\Z")
_DIGEST = re.compile(r"\A[0-9a-f]{64}\Z")
_RANGE = re.compile(rb"\Abytes=(\d{0,18})-(\d{0,18})\Z")
_TEXTS = {"o": "order_id", "e": "entitlement_id", "f": "file_id", "a": "account", "n": "name", "m": "media_type"}
_VERSIONS = {1: _TEXTS, 2: _TEXTS | {"k": "holder", "l": "link"}}
_NUMBERS = ("size", "tier", "expires_at", "tries")
_LINK = re.compile(r"\Alnk_[0-9a-z]{26}\Z")


class TicketUnknown(Exception):
    """Not a ticket, or not sealed by this exchange."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One file that may be fetched until ``expires_at`` (unix seconds).

    ``tier`` is that under which it was given out. With a ``holder`` only by a credential of that organisation; with
    ``tries`` so many times under the name ``link``.
    """

    order_id: str
    entitlement_id: str
    file_id: str
    account: str
    name: str
    media_type: str
    sha256: str
    size: int
    tier: int
    expires_at: int
    holder: str = ""
    tries: int = 0
    link: str = ""

    @property
    def etag(self) -> bytes:
        return b'"%b"' % self.sha256.encode()

    @property
    def place(self) -> str:
        """Where the store keeps the bytes, below its root."""
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"


def open_ticket(text: bytes, keys: Iterable[bytes]) -> Ticket:
    """The ticket that this text is, sealed by one of ``keys``. Raises TicketUnknown."""
    match = _FORM.match(text) if len(text) <= LONGEST else None
    if match is None:
        raise TicketUnknown
    payload, seal = match.groups()
    if not any(hmac.compare_digest(seal, _seal(key, payload)) for key in keys):
        raise TicketUnknown
    try:
        return _read(json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise TicketUnknown from None


def _seal(key: bytes, payload: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, payload, hashlib.sha256)).rstrip(b"=")


def _read(document: dict[str, Any]) -> Ticket:
    version = document["v"]
    if version not in _VERSIONS:
        raise TicketUnknown
    texts = {name: document[short] for short, name in _VERSIONS[version].items()}
    numbers = (document["s"], document["g"], document["x"], document["t"] if version > 1 else 0)
    if (
        not all(isinstance(text, str) for text in texts.values())
        or not all(type(number) is int and number >= 0 for number in numbers)
        or not _DIGEST.match(document["h"])
        or (version > 1 and not _LINK.match(document["l"]))
    ):
        raise TicketUnknown
    return Ticket(**texts, sha256=document["h"], **dict(zip(_NUMBERS, numbers, strict=True)))


class RangeUnsatisfiable(Exception):
    """The file has no byte of the range."""


def wanted(header: bytes | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of the one range asked for; None for all of it, also when several are asked for.

    Raises RangeUnsatisfiable.
    """
    match = _RANGE.match(header.replace(b" ", b"")) if header else None
    if match is None or match.group(0) == b"bytes=-":
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0:
            raise RangeUnsatisfiable
        return max(0, size - int(last)), size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeUnsatisfiable
    return start, min(size, int(last) + 1) if last else size


def matches(header: bytes | None, etag: bytes) -> bool:
    """Whether If-None-Match names the file's bytes."""
    if header is None:
        return False
    given = [each.strip().removeprefix(b"W/") for each in header.split(b",")]
    return etag in given or b"*" in given
