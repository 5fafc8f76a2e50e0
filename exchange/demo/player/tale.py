"""Tells the story: chapters and steps, in Chinese or in English, each with what was answered."""

from __future__ import annotations

import time
from collections.abc import Callable

from exchange.demo.player.client import Difference


class Tale:
    """Prints as things happen; ``steps`` counts what was found as expected."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.steps = 0

    def pick(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def chapter(self, zh: str, en: str) -> None:
        print(f"\n── {self.pick(zh, en)} " + "─" * 12, flush=True)

    def done(self, zh: str, en: str, answer: object = "") -> None:
        """A step that went as expected, with what the exchange answered."""
        self.steps += 1
        told = f"  ✓ {self.pick(zh, en)}"
        print(f"{told}\n      → {answer}" if answer != "" else told, flush=True)

    def check(self, holds: bool, zh: str, en: str, answer: object = "") -> None:
        """A step whose outcome is looked at here. Raises Difference when it does not hold."""
        if not holds:
            raise Difference(f"{self.pick(zh, en)}: {answer!r}")
        self.done(zh, en, answer)


def eventually(holds: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
    """Wait for what a background process does. Raises Difference when it takes too long."""
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise Difference(f"{what}: not within {within_s:.0f} s")
        time.sleep(0.1)
