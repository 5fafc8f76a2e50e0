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
        """A line, also when what was said of an error has several."""
        word = "BAD " if not self.well else "note" if self.told else "ok  "
        first = self.text.strip().partition("\n")[0]
        return f"{word} {first}" + (f": {self.mend}" if self.mend and (self.told or not self.well) else "")


Look = Callable[[Settings], Iterator[Finding]]
Inside = Callable[[House], Iterator[Finding]]


def note(text: str, mend: str = "") -> Finding:
    return Finding(True, text, mend, told=True)
