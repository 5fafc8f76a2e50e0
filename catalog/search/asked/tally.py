"""What this process was asked since it last wrote it down."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

EVERY_S = 30.0
_MOST = 2000


@dataclass(frozen=True)
class Counts:
    """By day and words: how often asked, how often nothing was found, and of each listing how often it was shown."""

    asked: Counter[tuple[str, str]]
    nothing: Counter[tuple[str, str]]
    shown: Counter[tuple[str, str, str]]


@dataclass
class Tally:
    """Kept by threads that search at the same time. Whoever asks the same again on one day counts once.

    Whoever asks is known here only as a hash whose salt is drawn anew every day and never leaves memory.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _askers: set[tuple[bytes, str]] = field(default_factory=set)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _day: str = ""
    _written_at: float = field(default_factory=time.monotonic)
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    _nothing: Counter[tuple[str, str]] = field(default_factory=Counter)
    _shown: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, day: str, words: str, asker: str, listing_ids: Sequence[str], *, nothing: bool) -> None:
        """Somebody asked: ``asker`` tells them apart from others. All of whom nothing is known are one."""
        with self._lock:
            if self._is_again(day, words, asker) or len(self._asked) >= _MOST:
                return
            self._asked[day, words] += 1
            self._nothing[day, words] += nothing
            self._shown.update((listing_id, day, words) for listing_id in listing_ids)

    def take(self, *, due_only: bool = False) -> Counts | None:
        """What is to be written down now; it is this caller's from here on."""
        with self._lock:
            if not self._asked or (due_only and time.monotonic() - self._written_at < EVERY_S):
                return None
            taken = Counts(self._asked, self._nothing, self._shown)
            self._asked, self._nothing, self._shown = Counter(), Counter(), Counter()
            self._written_at = time.monotonic()
            return taken

    def _is_again(self, day: str, words: str, asker: str) -> bool:
        if day != self._day or len(self._askers) >= 50 * _MOST:
            self._day, self._askers, self._salt = day, set(), secrets.token_bytes(16)
        hidden = hashlib.blake2b(asker.encode(), key=self._salt, digest_size=16).digest()
        again = (hidden, words) in self._askers
        self._askers.add((hidden, words))
        return again


def place_of(peer: str) -> str:
    """The place that a client's address stands for: of IPv6 the network, as one household has all its addresses."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
