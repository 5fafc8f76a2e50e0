"""Rate and concurrency of an entitlement, shared by the gateway processes of one machine.

A file in memory that all of them map. A slot is changed under a lock of its own bytes, which the kernel lets go
of when its holder dies. How many calls each process has under way stands in that process' own column, so that what
a dead one had under way can be forgotten.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
from pathlib import Path

SLOTS = 1 << 16
PROCESSES = 16
_SLOT = struct.Struct("=16sq16I")
_TAT_AT = 16
_COLUMN_AT = 24
_TAT = struct.Struct("=q")
_COUNT = struct.Struct("=I")
_COUNTS = struct.Struct("=16I")
_PROBES = 256


class NoRoom(Exception):
    """Every place in the file, or every column, is taken."""


class SharedLimits:
    """The mapped file, and this process' column in it."""

    def __init__(self, path: Path, *, slots: int = SLOTS) -> None:
        """Raises NoRoom when there are as many processes as the file has columns."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._slots = slots
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = slots * _SLOT.size
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
        self._map = mmap.mmap(self._file, size)
        self._columns_at = size
        self._found: dict[str, int] = {}
        self.column = self._claim_column()

    def _claim_column(self) -> int:
        """The first column whose process is gone; its counts start at nothing. Held by a lock past the slots."""
        for column in range(PROCESSES):
            if self._try_column(column):
                self._clear(column)
                return column
        raise NoRoom("too many gateway processes on one machine")

    def _try_column(self, column: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._columns_at + column)
        except OSError:
            return False
        return True

    def _clear(self, column: int) -> None:
        for index in range(self._slots):
            at = index * _SLOT.size + _COLUMN_AT + column * _COUNT.size
            if self._map[at : at + _COUNT.size] != b"\0\0\0\0":
                _COUNT.pack_into(self._map, at, 0)

    def forget_the_dead(self) -> None:
        """Drop what processes had under way that are gone."""
        for column in range(PROCESSES):
            if column != self.column and self._try_column(column):
                self._clear(column)
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._columns_at + column)

    def slot(self, name: str) -> int:
        """Where the slot of that name begins; made when it is not there. Raises NoRoom."""
        at = self._found.get(name)
        if at is None:
            at = self._found[name] = self._find(name)
        return at

    def _find(self, name: str) -> int:
        mark = hashlib.sha256(name.encode()).digest()[:16]
        first = int.from_bytes(mark[:8]) % self._slots
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._columns_at + PROCESSES)
        try:
            for step in range(_PROBES):
                at = (first + step) % self._slots * _SLOT.size
                found = self._map[at : at + 16]
                if found == mark:
                    return at
                if found == bytes(16):
                    self._map[at : at + 16] = mark
                    return at
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._columns_at + PROCESSES)
        raise NoRoom("too many entitlements are called on one machine")

    def lock(self, at: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, at)

    def unlock(self, at: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, at)

    def tat(self, at: int) -> int:
        """The theoretical arrival time kept in the slot, in nanoseconds of the machine's monotonic clock."""
        value: int = _TAT.unpack_from(self._map, at + _TAT_AT)[0]
        return value

    def set_tat(self, at: int, value: int) -> None:
        _TAT.pack_into(self._map, at + _TAT_AT, value)

    def under_way(self, at: int) -> int:
        """Calls under way in all processes."""
        return sum(_COUNTS.unpack_from(self._map, at + _COLUMN_AT))

    def set_own(self, at: int, count: int) -> None:
        """Calls under way in this process."""
        _COUNT.pack_into(self._map, at + _COLUMN_AT + self.column * _COUNT.size, count)
