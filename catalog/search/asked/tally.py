"""What this process was asked since it last wrote it down."""

from __future__ import annotations

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
    """Kept by threads that search at the same time. Whoever asks the same again on one day counts once."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _askers: set[tuple[str, str]] = field(default_factory=set)
    _day: str = ""
    _written_at: float = field(default_factory=time.monotonic)
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    _nothing: Counter[tuple[str, str]] = field(default_factory=Counter)
    _shown: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, day: str, words: str, asker: str, listing_ids: Sequence[str], *, nothing: bool) -> None:
        """Somebody asked; ``asker`` is empty for whoever did not say who they are."""
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
            self._day, self._askers = day, set()
        if not asker:
            return False
        again = (asker, words) in self._askers
        self._askers.add((asker, words))
        return again
