"""Public ids: UUIDv7 (RFC 9562) shown as TypeIDs, a short prefix and Crockford base 32.

They sort by the time they were made, on one machine; not by commit order, so never use one as a
feed cursor. The text form is also the stored form: one id, one spelling, everywhere.
"""

from __future__ import annotations

import os
import re
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PATTERN = re.compile(r"\A([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}\Z")


class _Ticks:
    """Milliseconds with a sequence inside each, never going back within this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._sequence = 0

    def take(self) -> tuple[int, int]:
        with self._lock:
            ms = time.time_ns() // 1_000_000
            if ms > self._ms:
                self._ms, self._sequence = ms, int.from_bytes(os.urandom(1)) & 0x7F
            elif self._sequence < 0xFFF:
                self._sequence += 1
            else:
                self._ms, self._sequence = self._ms + 1, 0
            return self._ms, self._sequence


_ticks = _Ticks()


def _uuid7() -> int:
    """128 bits: 48 of milliseconds, version, 12 of sequence within the millisecond, variant, 62 random."""
    ms, sequence = _ticks.take()
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return (ms << 80) | (0x7 << 76) | (sequence << 64) | (0b10 << 62) | random


def new_id(prefix: str) -> str:
    """A fresh id such as ``ord_01j…``: three letters, an underscore, 26 characters."""
    value = _uuid7()
    return prefix + "_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_id(prefix: str, text: str) -> bool:
    """Whether ``text`` is spelled as an id of that kind (says nothing about existence)."""
    match = _PATTERN.match(text)
    return bool(match) and match.group(1) == prefix if match else False


def check_id(prefix: str, text: str) -> str:
    """``text`` unchanged. Raises ValueError when it is not spelled as an id of that kind."""
    if not is_id(prefix, text):
        raise ValueError(f"not an id of kind {prefix}_")
    return text
