"""What a file consists of, however it is written: whole rows, and damages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FileShape:
    """How a source writes its files.

    ``header`` names the columns of a file that has no header line. In a ``ragged`` file empty cells at
    the end of a row may be missing, or stand there without a column.
    """

    format: str = "csv"
    encodings: tuple[str, ...] = ("utf-8", "gb18030")
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    skip_lines: int = 0
    records: str = ""
    ragged: bool = False


@dataclass(frozen=True)
class Row:
    """A whole row: the line it begins at, its values by column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Damage:
    """A row that cannot be used, and why. ``values`` holds what could be read all the same."""

    line: int
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)
