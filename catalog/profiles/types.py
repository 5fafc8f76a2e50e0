"""What is known of a table, and of files that are not tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from compliance.recognisers import ScanSummary

FIRST_ROWS = 100


@dataclass(frozen=True)
class Column:
    """One column. ``distinct`` is None when there were more than were counted; the histogram has up to ten bins."""

    name: str
    type: str
    nulls: int
    distinct: int | None
    minimum: str | None
    maximum: str | None
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A table's profile: columns, rows, the first rows as text, and the scan for identifiers."""

    rows: int
    columns: tuple[Column, ...]
    first_rows: tuple[tuple[str, ...], ...]
    scan: ScanSummary
    encoding: str = "utf-8"
    truncated_cells: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"scan": self.scan.as_dict()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Profile:
        return cls(
            rows=stored["rows"],
            columns=tuple(Column(**(c | {"histogram": tuple(c["histogram"])})) for c in stored["columns"]),
            first_rows=tuple(tuple(row) for row in stored["first_rows"]),
            scan=ScanSummary.from_dict(stored["scan"]),
            encoding=stored["encoding"],
            truncated_cells=stored["truncated_cells"],
        )


@dataclass(frozen=True)
class Description:
    """What is known of a file: a profile when it is a table, and facts such as dimensions or duration."""

    profile: Profile | None = None
    facts: dict[str, Any] = field(default_factory=dict)
