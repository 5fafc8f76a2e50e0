"""The one clock. Nothing else in the product asks the operating system for the time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """UTC time, moved by an offset that all processes of one exchange share.

    The offset lives in a file of the data folder, so that a demonstration can let an acceptance
    period run out without waiting. ``movable=False`` (production) ignores the file and refuses to
    write it.
    """

    def __init__(self, offset_file: Path | None = None, *, movable: bool = False) -> None:
        self._file = offset_file if movable else None
        self._seen: tuple[int, int] = (-1, -1)
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        return datetime.now(UTC) + self._current_offset()

    def advance(self, by: timedelta) -> datetime:
        """Move the shared clock forwards. Raises ValueError for a step back or an unmovable clock."""
        if self._file is None:
            raise ValueError("this clock cannot be moved")
        if by < timedelta(0):
            raise ValueError("a clock only moves forwards: entries already made would lie in the future")
        total = self._current_offset() + by
        temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(str(total.total_seconds()))
        temporary.replace(self._file)
        return self.now()

    def offset(self) -> timedelta:
        """How far this exchange's time is ahead of the machine's."""
        return self._current_offset()

    def _current_offset(self) -> timedelta:
        if self._file is None:
            return timedelta(0)
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return timedelta(0)
        if (stat.st_mtime_ns, stat.st_ino) != self._seen:
            self._offset = timedelta(seconds=float(self._file.read_text() or 0))
            self._seen = (stat.st_mtime_ns, stat.st_ino)
        return self._offset
