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
from collections.abc import Callable
from pathlib import Path

SLOTS = 1 << 16
PROCESSES = 16
_HEADER_BYTES = 64
_SLOT_BYTES = 24
_MARK_BYTES = 16
_TAT = struct.Struct("=q")
_COUNT = struct.Struct("=I")
_PROBES = 256


class NoRoom(Exception):
    """Every place in the file, or every column, is taken."""


class SharedLimits:
    """The mapped file, and this process' column in it.

    First how many columns were ever taken; then the slots, each the mark of a name and its theoretical arrival time;
    then the columns, each a count for every slot. Locks beyond the end: one for each column, one for new slots.
    """

    def __init__(self, path: Path, *, slots: int = SLOTS) -> None:
        """Raises NoRoom when there are as many processes as the file has columns."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._slots = slots
        self._columns_at = _HEADER_BYTES + slots * _SLOT_BYTES
        self._size = self._columns_at + PROCESSES * slots * _COUNT.size
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < self._size:
            os.ftruncate(self._file, self._size)
        self._map = mmap.mmap(self._file, self._size)
        self._found: dict[str, int] = {}
        self._cleared: set[int] = set()
        self.column = self._claim_column()
        self._with_lock(PROCESSES, self._count_column)
        self.forget_the_dead()

    def _claim_column(self) -> int:
        """The first column whose process is gone; its counts start at nothing."""
        for column in range(PROCESSES):
            if self._try(column):
                self._clear(column)
                return column
        raise NoRoom("too many gateway processes on one machine")

    def _count_column(self) -> None:
        used = _COUNT.unpack_from(self._map)[0]
        _COUNT.pack_into(self._map, 0, max(used, self.column + 1))

    def _try(self, lock: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._size + lock)
        except OSError:
            return False
        return True

    def _release(self, lock: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._size + lock)

    def _with_lock(self, lock: int, act: Callable[[], None]) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._size + lock)
        try:
            act()
        finally:
            self._release(lock)

    def _clear(self, column: int) -> None:
        size = self._slots * _COUNT.size
        at = self._columns_at + column * size
        self._map[at : at + size] = bytes(size)

    def forget_the_dead(self) -> None:
        """Drop what processes had under way that are gone; called now and then."""
        for column in range(_COUNT.unpack_from(self._map)[0]):
            if column == self.column:
                continue
            if not self._try(column):
                self._cleared.discard(column)
            else:
                if column not in self._cleared:
                    self._clear(column)
                    self._cleared.add(column)
                self._release(column)

    def slot(self, name: str) -> int:
        """The number of the slot of that name; made when it is not there. Raises NoRoom."""
        index = self._found.get(name)
        if index is None:
            self._with_lock(PROCESSES, lambda: self._find(name))
            index = self._found[name]
        return index

    def _find(self, name: str) -> None:
        mark = hashlib.sha256(name.encode()).digest()[:_MARK_BYTES]
        first = int.from_bytes(mark[:8]) % self._slots
        for step in range(_PROBES):
            index = (first + step) % self._slots
            at = _HEADER_BYTES + index * _SLOT_BYTES
            found = self._map[at : at + _MARK_BYTES]
            if found == bytes(_MARK_BYTES):
                self._map[at : at + _MARK_BYTES] = mark
            if found in (mark, bytes(_MARK_BYTES)):
                self._found[name] = index
                return
        raise NoRoom("too many entitlements are called on one machine")

    def lock(self, slot: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _HEADER_BYTES + slot * _SLOT_BYTES)

    def unlock(self, slot: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _HEADER_BYTES + slot * _SLOT_BYTES)

    def tat(self, slot: int) -> int:
        """The theoretical arrival time kept in the slot, in nanoseconds of the machine's monotonic clock."""
        value: int = _TAT.unpack_from(self._map, _HEADER_BYTES + slot * _SLOT_BYTES + _MARK_BYTES)[0]
        return value

    def set_tat(self, slot: int, value: int) -> None:
        _TAT.pack_into(self._map, _HEADER_BYTES + slot * _SLOT_BYTES + _MARK_BYTES, value)

    def under_way(self, slot: int) -> int:
        """Calls under way in all processes."""
        total, at = 0, self._columns_at + slot * _COUNT.size
        for _ in range(_COUNT.unpack_from(self._map)[0]):
            total += _COUNT.unpack_from(self._map, at)[0]
            at += self._slots * _COUNT.size
        return total

    def set_own(self, slot: int, count: int) -> None:
        """Calls under way in this process."""
        at = self._columns_at + (self.column * self._slots + slot) * _COUNT.size
        _COUNT.pack_into(self._map, at, count)
