"""Profiles and descriptions, with the plain documents that they are stored as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from compliance.recognisers import ScanSummary


@dataclass(frozen=True)
class ColumnProfile:
    """One column. ``distinct`` is None beyond what is counted; the bounds are None for texts and identifiers."""

    name: str
    type: str
    nulls: int
    distinct: int | None
    minimum: str | None
    maximum: str | None
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A table in numbers. The first rows are kept with identifiers masked.

    ``complete`` is whether every row was looked at: of a large table only ever fewer are, though all are counted.
    """

    format: str
    encoding: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    first_rows: tuple[tuple[str, ...], ...]
    scan: ScanSummary
    complete: bool = True
    ragged: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"scan": self.scan.as_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Profile:
        columns = tuple(ColumnProfile(**{**c, "histogram": tuple(c["histogram"])}) for c in stored["columns"])
        rows = tuple(tuple(row) for row in stored["first_rows"])
        scan = ScanSummary.from_dict(stored["scan"])
        return cls(**{**stored, "columns": columns, "first_rows": rows, "scan": scan})


@dataclass(frozen=True)
class Description:
    """What a file is: a profile when it can be read as a table, and facts of its format."""

    profile: Profile | None = None
    facts: dict[str, Any] = field(default_factory=dict)
