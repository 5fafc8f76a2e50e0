"""Usage segments: append-only files of framed records (``docs/formats/usage-segment.md``).

A segment is self-contained: the confirmation of a call stands in the segment of the call, and a segment
gets its closing record when all its calls are confirmed or void. Standard library only.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exchange.gateway import record
from exchange.gateway.record import FRAME, Closing, Kind, Record, RecordUnreadable

MAGIC = b"PHUSAGE\n"
VERSION = 1
_HEADER = struct.Struct(">8sHHI8sQ32sI")
HEADER_BYTES = _HEADER.size
LARGEST_BYTES = 16 << 20
LONGEST_OPEN_S = 60.0


class SegmentUnreadable(ValueError):
    """Not a segment, of another version, or its header is damaged."""


class MeterStopped(Exception):
    """The record could not be written, and nothing of it stays: the disk is full or failing."""


@dataclass(frozen=True, slots=True)
class Header:
    """Whose segment it is. ``key`` is secret: salts come from it."""

    epoch: str
    number: int
    started_at_us: int
    key: bytes

    def pack(self) -> bytes:
        head = _HEADER.pack(
            MAGIC, VERSION, HEADER_BYTES, self.number, bytes.fromhex(self.epoch), self.started_at_us, self.key, 0
        )[:-4]
        return head + crc32(head).to_bytes(4)

    def salt(self, seq: int) -> bytes:
        return record.salt(self.key, self.epoch, seq)


def new_epoch() -> str:
    """A name for one process' life: 16 hexadecimal digits, never used before, in the order of starts."""
    return f"{int(time.time()) & 0xFFFFFFFF:08x}{secrets.token_hex(4)}"


def segment_path(folder: Path, epoch: str, number: int) -> Path:
    return folder / epoch / f"{number:08d}.seg"


def read_header(path: Path) -> Header | None:
    """None while the header is not whole (its writer was killed, or is about to write it). Raises SegmentUnreadable."""
    with path.open("rb") as file:
        packed = file.read(HEADER_BYTES)
    if len(packed) < HEADER_BYTES:
        return None
    magic, version, length, number, epoch, started_at_us, key, checksum = _HEADER.unpack(packed)
    if (magic, version, length) != (MAGIC, VERSION, HEADER_BYTES) or checksum != crc32(packed[:-4]):
        raise SegmentUnreadable(f"{path.name} is no segment of version {VERSION}")
    return Header(epoch.hex(), number, started_at_us, key)


def read(path: Path, offset: int = 0) -> Iterator[tuple[Record, int]]:
    """Every whole record from ``offset`` on (0: from the start), each with the offset of the next.

    Ends at the first frame that is not whole: a record being written, or a torn tail. Raises
    SegmentUnreadable when the header is not one.
    """
    if read_header(path) is None:
        return
    with path.open("rb") as file:
        file.seek(max(offset, HEADER_BYTES))
        at = file.tell()
        while (body := _body(file.read(FRAME.size), file.read)) is not None:
            try:
                parsed = record.parse(body)
            except RecordUnreadable:
                return
            at += FRAME.size + len(body)
            yield parsed, at


def _body(head: bytes, take: Callable[[int], bytes]) -> bytes | None:
    if len(head) < FRAME.size:
        return None
    length, checksum = FRAME.unpack(head)
    if not 0 < length <= record.LONGEST_BODY:
        return None
    body = take(length)
    return body if len(body) == length and crc32(body) == checksum else None


def _whole(written: bytes) -> int:
    """How many of these bytes are whole frames."""
    at = after = 0
    while after <= len(written):
        at = after
        head = written[at : at + FRAME.size]
        after = at + FRAME.size + FRAME.unpack(head)[0] if len(head) == FRAME.size else len(written) + 1
    return at


def follows(rest: bytes) -> bool:
    """Whether a whole frame stands anywhere in what is left of a segment."""
    starts = range(FRAME.size, len(rest))
    return any(_body(rest[at - FRAME.size : at], lambda n, at=at: rest[at : at + n]) is not None for at in starts)  # type: ignore[misc]


@dataclass(slots=True)
class Segment:
    """An open segment and its calls that are neither confirmed nor void yet.

    A call is resolved by adding it to ``confirmed`` or ``void``; that is written with the next record, or by ``flush``.
    """

    path: Path
    descriptor: int
    bytes: int
    opened_at: float
    usages: int = 0
    resolved: int = 0
    confirmed: list[int] = field(default_factory=list)
    void: list[int] = field(default_factory=list)
    synced: int = 0

    @property
    def waits(self) -> bool:
        """Whether marks are to be written or to come."""
        return bool(self.usages > self.resolved or self.confirmed or self.void)


class Writer:
    """The writing end of one process: one ``os.write`` for records and the confirmations waiting beside them."""

    def __init__(
        self, folder: Path, epoch: str, *, largest_bytes: int = LARGEST_BYTES, longest_open_s: float = LONGEST_OPEN_S
    ) -> None:
        self.epoch = epoch
        self.epoch_bytes = bytes.fromhex(epoch)
        self._folder = folder / epoch
        self._largest_bytes = largest_bytes
        self._longest_open_s = longest_open_s
        self._number = 0
        self._retired: list[Segment] = []
        self._named = False
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._current = self._open()

    @property
    def current(self) -> Segment:
        return self._current

    def append(self, framed: bytes, usages: int = 1) -> Segment:
        """Write framed usage records, all or none; answers the segment to confirm them in. Raises MeterStopped."""
        segment = self._current
        if segment.bytes + len(framed) > self._largest_bytes:
            segment = self._rotate()
        self._write(segment, framed)
        segment.usages += usages
        return segment

    def flush(self) -> None:
        """Write the confirmations that wait. Raises MeterStopped; they go on waiting then."""
        if self._current.confirmed or self._current.void:
            self._write(self._current, b"")
        for segment in self._retired:
            if segment.confirmed or segment.void:
                self._write(segment, b"")
        if self._retired:
            self._close_settled()

    def tick(self, now: float) -> None:
        """Called now and then: a segment that has been open long enough makes room for the next."""
        if self._current.usages and now - self._current.opened_at > self._longest_open_s:
            self._rotate()
        self.flush()

    def unsynced(self) -> list[int]:
        """Descriptors, the caller's to sync and close, of what was written since the last time."""
        found = []
        for segment in [*self._retired, self._current]:
            if segment.synced < segment.bytes:
                segment.synced = segment.bytes
                found.append(os.dup(segment.descriptor))
        if self._named:
            self._named = False
            found.append(os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        return found

    def probe(self) -> None:
        """Find out whether a record can be written, by opening the next segment. Raises MeterStopped."""
        self._rotate()

    def close(self) -> None:
        """A clean end. Calls still unresolved stay so, and their segment gets no closing record."""
        self._retired.append(self._current)
        try:
            self.flush()
        finally:
            for segment in self._retired:
                os.close(segment.descriptor)
            self._retired.clear()

    def _write(self, segment: Segment, framed: bytes) -> None:
        """Append the frame, and before it the marks that wait. What a full disk cut is taken back.

        Whole frames stay, for they may have been read by now; marks among them come again, which says nothing new.
        """
        confirmed, void = segment.confirmed, segment.void
        if confirmed:
            framed = record.marks(Kind.CONFIRM, confirmed) + framed
        if void:
            framed = record.marks(Kind.VOID, void) + framed
        try:
            written = os.write(segment.descriptor, framed)
        except OSError as error:
            raise MeterStopped(error.strerror) from error
        if written != len(framed):
            segment.bytes += _whole(framed[:written])
            os.ftruncate(segment.descriptor, segment.bytes)
            raise MeterStopped("the disk is full")
        segment.bytes += written
        if confirmed:
            segment.resolved += len(confirmed)
            segment.confirmed = []
        if void:
            segment.resolved += len(void)
            segment.void = []

    def _open(self) -> Segment:
        path = self._folder / f"{self._number + 1:08d}.seg"
        header = Header(self.epoch, self._number + 1, time.time_ns() // 1000, secrets.token_bytes(32)).pack()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MeterStopped(error.strerror) from error
        segment = Segment(path, descriptor, 0, time.monotonic())
        try:
            self._write(segment, header)
        except MeterStopped:
            os.close(descriptor)
            path.unlink()
            raise
        self._number += 1
        self._named = True
        return segment

    def _rotate(self) -> Segment:
        fresh = self._open()
        self._retired.append(self._current)
        self._current = fresh
        self._close_settled()
        return fresh

    def _close_settled(self) -> None:
        """Give their closing record to the retired segments that wait for nothing any more."""
        for segment in [each for each in self._retired if not each.waits]:
            self._write(segment, record.closing(segment.usages))
            os.close(segment.descriptor)
            self._retired.remove(segment)


def closed(path: Path) -> bool:
    """Whether the segment ends with its closing record."""
    return any(isinstance(found, Closing) for found, _ in read(path))
