"""One finding: what was looked at, whether it is well, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.house import House
from core.settings import Settings


@dataclass(frozen=True)
class Finding:
    """``told`` is worth knowing and no fault. ``mend`` says what to do, in a line."""

    well: bool
    text: str
    mend: str = ""
    told: bool = False

    @property
    def line(self) -> str:
        word = "BAD " if not self.well else "note" if self.told else "ok  "
        return f"{word} {self.text}" + (f": {self.mend}" if self.mend and (self.told or not self.well) else "")


Look = Callable[[Settings], Iterator[Finding]]
Inside = Callable[[House], Iterator[Finding]]


def note(text: str, mend: str = "") -> Finding:
    return Finding(True, text, mend, told=True)
