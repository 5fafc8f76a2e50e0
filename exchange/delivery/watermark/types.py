"""What a table can carry, what a copy changed, and what a trace says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Unmarkable(Exception):
    """A file that cannot carry a mark; ``reason`` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Layout:
    """How a table is written: ``delimiter`` is empty for lines of JSON."""

    format: str
    encoding: str
    delimiter: str
    header: bool
    names: tuple[str, ...]


@dataclass(frozen=True)
class Carrier:
    """A column whose cells carry a symbol each, out of ``base``; ``places`` is the decimal place that is changed."""

    column: int
    kind: str
    base: int
    places: int = 0
    ragged: bool = False


@dataclass(frozen=True)
class Survey:
    """A table as far as marks are concerned. ``unique``: columns in which no value comes twice."""

    layout: Layout
    rows: int
    carriers: tuple[Carrier, ...]
    unique: frozenset[int]
    sample: tuple[tuple[str, ...], ...]

    @property
    def honeytokens(self) -> int:
        """How many made-up rows a copy gets: one in 200, at least 4, at most 400."""
        return min(400, max(4, self.rows // 200))


@dataclass(frozen=True)
class Changes:
    """What a copy changed: ``cells`` of ``rows`` rows by a step each, and made-up rows that were put in."""

    rows: int
    cells: int
    honeytokens: int
    columns: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows, "cells": self.cells, "honeytokens": self.honeytokens,
            "columns": [{"name": name, "change": change} for name, change in self.columns],
        }  # fmt: skip


@dataclass(frozen=True)
class SoundChanges:
    """What a copy changed in so many sounds: some of their samples, by two steps at most."""

    files: int = 0
    samples: int = 0
    changed: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"files": self.files, "samples": self.samples, "changed": self.changed}

    def __add__(self, other: SoundChanges) -> SoundChanges:
        return SoundChanges(self.files + other.files, self.samples + other.samples, self.changed + other.changed)


@dataclass(frozen=True)
class Evidence:
    """What speaks against one holder of a copy.

    ``score`` is the logarithm of how many times likelier the leak is if it came from that copy; an innocent reaches
    ``threshold`` with a chance of at most e to the minus ``threshold``, whatever was done to the file.
    """

    candidate: str
    score: float
    threshold: float
    positions: int
    agreeing: int
    honeytokens: int

    @property
    def accused(self) -> bool:
        return self.score >= self.threshold


@dataclass(frozen=True)
class Trace:
    """The outcome for one file: rows of the leak, how many were recognised, and the evidence, strongest first."""

    rows: int
    recognised: int
    evidence: tuple[Evidence, ...]

    @property
    def accused(self) -> tuple[Evidence, ...]:
        return tuple(each for each in self.evidence if each.accused)
