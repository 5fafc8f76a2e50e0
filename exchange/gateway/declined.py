"""Refusals to callers who are known, counted by organisation, listing, code and quarter of an hour.

Counts of one process only grow, and are told as they stand: what is heard twice counts once. A quarter that is over
and was told is forgotten.
"""

from __future__ import annotations

_QUARTER_S = 900
_MOST_KINDS = 5_000
_MOST_TOLD = 1_000

_Kind = tuple[str, str, str, int]


class Declined:
    """What this process refused, and what of it the sidecar was not told since."""

    __slots__ = ("_counts", "_fresh", "passed_over")

    def __init__(self) -> None:
        self._counts: dict[_Kind, int] = {}
        self._fresh: set[_Kind] = set()
        self.passed_over = 0

    def count(self, whom: tuple[str, str], code: str, now: int) -> None:
        """One more. Beyond so many kinds new ones are passed over: a flood of them must not fill the memory."""
        kind = (*whom, code, now // _QUARTER_S)
        known = self._counts.get(kind, 0)
        if not known and len(self._counts) >= _MOST_KINDS:
            self.passed_over += 1
            return
        self._counts[kind] = known + 1
        self._fresh.add(kind)

    def again(self) -> None:
        """A sidecar listens that may not have heard what was told last."""
        self._fresh = set(self._counts)

    def take(self, now: int) -> list[list[str | int]]:
        """What has grown since the last time, with its count in all; some of it when it is much."""
        present = now // _QUARTER_S
        told = [kind for kind, _ in zip(self._fresh, range(_MOST_TOLD), strict=False)]
        self._fresh.difference_update(told)
        found: list[list[str | int]] = [[*kind, self._counts[kind]] for kind in told]
        for kind in [each for each in self._counts if each[3] < present - 1 and each not in self._fresh]:
            del self._counts[kind]
        return found
