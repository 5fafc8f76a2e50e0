"""The bytes of a usage record (``docs/formats/usage-segment.md``). Standard library only: the loader reads with it."""

from __future__ import annotations

import hashlib
import hmac
import struct
from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

FRAME = struct.Struct(">II")
LONGEST_BODY = 65_536
_FIXED = struct.Struct(">BBBBHH8sQQQQQQI32s")
_CLOSING = struct.Struct(">BQ")
_ADDRESS = ("entitlement_id", "order_id", "organisation_id", "supplier_id", "listing_id", "operation", "credential_id")
_LONGEST_TEXT = 255
_MOST_MARKED = 4_096
_MARKS: dict[int, struct.Struct] = {}


class Kind(IntEnum):
    """What a record says."""

    CALL = 1
    FILE = 2
    CONFIRM = 3
    VOID = 4
    CLOSING = 5


class Outcome(IntEnum):
    """How a call ended for its price."""

    HIT = 1
    MISS = 2
    UPSTREAM_ERROR = 3
    CLIENT_ABORT = 4
    REFUSED = 5

    @property
    def text(self) -> str:
        return self.name.lower()


class RecordUnreadable(ValueError):
    """The bytes are not a record of this version."""


@dataclass(frozen=True, slots=True)
class Address:
    """Whose call it was and of what: the part of a record that is the same for many calls."""

    entitlement_id: str = ""
    order_id: str = ""
    organisation_id: str = ""
    supplier_id: str = ""
    listing_id: str = ""
    operation: str = ""
    credential_id: str = ""

    def pack(self) -> bytes:
        """Raises ValueError for a text longer than 255 bytes."""
        packed = b""
        for name in _ADDRESS:
            text = getattr(self, name).encode()
            if len(text) > _LONGEST_TEXT:
                raise ValueError(f"{name} is longer than {_LONGEST_TEXT} bytes")
            packed += bytes((len(text),)) + text
        return packed


@dataclass(frozen=True, slots=True)
class Usage:
    """One call, or one transfer of a file (then ``operation`` is the file, ``credential_id`` the account)."""

    kind: Kind
    epoch: str
    seq: int
    at_us: int
    live: bool
    outcome: Outcome
    status: int
    latency_us: int
    bytes_in: int
    bytes_out: int
    first_byte: int
    records: int
    plan_hash: str
    address: Address
    raw: bytes

    @property
    def call_id(self) -> str:
        return call_id(self.epoch, self.seq)

    @property
    def mode(self) -> str:
        return "live" if self.live else "test"


@dataclass(frozen=True, slots=True)
class Marks:
    """Recorded calls whose last byte was handed to the kernel (``CONFIRM``) or whose client was gone (``VOID``)."""

    kind: Kind
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """Nothing follows; so many calls and files stand in this segment, all of them confirmed or void."""

    usages: int


Record = Usage | Marks | Closing


def call_id(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def salt(key: bytes, epoch: str, seq: int) -> bytes:
    """What hides a record's leaf from its neighbours; known to whoever holds the segment's key."""
    return hmac.new(key, bytes.fromhex(epoch) + seq.to_bytes(8), hashlib.sha256).digest()[:16]


def frame(body: bytes) -> bytes:
    return FRAME.pack(len(body), crc32(body)) + body


def usage(
    kind: int,
    epoch: bytes,
    seq: int,
    at_us: int,
    live: bool,
    outcome: int,
    status: int,
    latency_us: int,
    bytes_in: int,
    bytes_out: int,
    first_byte: int,
    records: int,
    plan_hash: bytes,
    address: bytes,
) -> bytes:
    """A framed record of a call or a file; ``address`` as ``Address.pack`` gave it."""
    body = (
        _FIXED.pack(
            kind, live, outcome, 0, status, 0, epoch, seq, at_us, latency_us, bytes_in, bytes_out, first_byte,
            records, plan_hash,
        )
        + address
    )  # fmt: skip
    return FRAME.pack(len(body), crc32(body)) + body


def marks(kind: Kind, seqs: Sequence[int]) -> bytes:
    """Frames that name these calls; usually one."""
    count = len(seqs)
    if count > _MOST_MARKED:
        return marks(kind, seqs[:_MOST_MARKED]) + marks(kind, seqs[_MOST_MARKED:])
    form = _MARKS.get(count)
    if form is None:
        form = _MARKS[count] = struct.Struct(f">B{count}Q")
    body = form.pack(kind, *seqs)
    return FRAME.pack(len(body), crc32(body)) + body


def closing(usages: int) -> bytes:
    return frame(_CLOSING.pack(Kind.CLOSING, usages))


def parse(body: bytes) -> Record:
    """The record in a frame's body. Raises RecordUnreadable."""
    try:
        kind = Kind(body[0])
        if kind in (Kind.CALL, Kind.FILE):
            return _parse_usage(kind, body)
        if kind is Kind.CLOSING:
            return Closing(_CLOSING.unpack(body)[1])
        return Marks(kind, struct.unpack(f">{(len(body) - 1) // 8}Q", body[1:]))
    except (ValueError, IndexError, struct.error) as error:
        raise RecordUnreadable(str(error)) from None


def _parse_usage(kind: Kind, body: bytes) -> Usage:
    fixed = _FIXED.unpack_from(body)
    _, live, outcome, _, status, _, epoch, seq, at_us, latency_us, bytes_in, bytes_out, first_byte, records, plan = (
        fixed
    )
    texts, at = [], _FIXED.size
    for _ in _ADDRESS:
        length = body[at]
        text = body[at + 1 : at + 1 + length]
        if len(text) != length:
            raise RecordUnreadable("a text is cut")
        texts.append(text.decode())
        at += 1 + length
    if at != len(body):
        raise RecordUnreadable("bytes are left over")
    return Usage(
        kind, epoch.hex(), seq, at_us, bool(live), Outcome(outcome), status, latency_us, bytes_in, bytes_out,
        first_byte, records, plan.hex(), Address(*texts), body,
    )  # fmt: skip
