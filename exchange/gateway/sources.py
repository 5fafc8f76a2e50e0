"""Where the bytes of a transfer come from: a file of this machine, or an object of a bucket.

A local file is sent by sendfile. An object is read by a thread of its own into a pipe, which holds it up when the
client is slow; the event loop takes from the pipe what is there.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from exchange.gateway.objects import ObjectUnavailable, Place, chunks
from exchange.gateway.refusals import Refused
from exchange.gateway.tickets import Ticket

_reading = threading.BoundedSemaphore(512)
"""So many objects are read at once; who comes then is told to try again."""


class NothingYet(Exception):
    """More will come; ``wait_for`` of the source becomes readable then."""


class Source(Protocol):
    """``send`` raises BlockingIOError when the client takes no more, NothingYet, and OSError when bytes are missing."""

    wait_for: int

    def open(self, start: int, stop: int, told: Callable[[bool], None]) -> None:
        """Make ready for that range; ``told`` hears, now or later, whether it can be had."""
        ...

    def send(self, out: int, at: int, most: int) -> int:
        """Send bytes that stand from ``at`` on; answers how many went, at least one."""
        ...

    def have(self, at: int) -> None:
        """That one byte from ``at`` on is here: what is recorded as sent must not be missing then."""
        ...

    def close(self) -> None: ...


def source_of(settings: Mapping[str, Any], ticket: Ticket, loop: asyncio.AbstractEventLoop) -> Source:
    """The file that a ticket names. Raises Refused when it is not here."""
    objects = settings.get("objects")
    if objects:
        return ObjectSource(Place(**objects), ticket, loop)
    return LocalSource(Path(settings["files"]) / ticket.place, ticket.size)


class LocalSource:
    """A file, held open."""

    wait_for = -1

    def __init__(self, path: Path, size: int) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise Refused("file_unavailable") from None
        if os.fstat(self._file).st_size != size:
            self.close()
            raise Refused("file_unavailable")

    def open(self, start: int, stop: int, told: Callable[[bool], None]) -> None:
        told(True)

    def send(self, out: int, at: int, most: int) -> int:
        sent = os.sendfile(out, self._file, at, most)
        if not sent:
            raise OSError("the file is shorter than it was")
        return sent

    def have(self, at: int) -> None:
        """It is held open."""

    def close(self) -> None:
        os.close(self._file)


class ObjectSource:
    """An object, read from ``start`` to ``stop`` once, in order."""

    def __init__(self, place: Place, ticket: Ticket, loop: asyncio.AbstractEventLoop) -> None:
        self._place, self._name, self._size, self._loop = place, ticket.place, ticket.size, loop
        self._told: Callable[[bool], None] | None = None
        self._waiting = b""
        self.wait_for = -1

    def open(self, start: int, stop: int, told: Callable[[bool], None]) -> None:
        if start == stop or not _reading.acquire(blocking=False):
            told(start == stop)
            return
        self._told = told
        self.wait_for, into = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.wait_for, False)
        threading.Thread(target=self._read, args=(into, start, stop), name="object", daemon=True).start()

    def _read(self, into: int, start: int, stop: int) -> None:
        """In the thread: the whole range into the pipe. Its end comes early when the bucket fails for good."""
        found = False
        try:
            for chunk in chunks(self._place, self._name, start, stop, self._size):
                if not found:
                    found = True
                    self._tell(True)
                _pour(into, chunk)
        except (ObjectUnavailable, BrokenPipeError):
            pass
        finally:
            os.close(into)
            _reading.release()
            if not found:
                self._tell(False)

    def _tell(self, found: bool) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._heard, found)

    def _heard(self, found: bool) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(found)

    def send(self, out: int, at: int, most: int) -> int:
        if not self._waiting:
            self._take(most)
        sent = os.write(out, self._waiting[:most])
        self._waiting = self._waiting[sent:]
        return sent

    def have(self, at: int) -> None:
        if not self._waiting:
            self._take(1)

    def _take(self, most: int) -> None:
        try:
            self._waiting = os.read(self.wait_for, most)
        except BlockingIOError:
            raise NothingYet from None
        if not self._waiting:
            raise OSError("the bucket sent less than it has")

    def close(self) -> None:
        self._told = None
        if self.wait_for >= 0:
            os.close(self.wait_for)
            self.wait_for = -1


def _pour(into: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(into, left) :]
