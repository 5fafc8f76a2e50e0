"""What a scan finds: counts and masked examples, never a value in clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Identifier(StrEnum):
    """Kinds of identifier that name a person or an organisation."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PHONE = "phone"
    BANK_CARD = "bank_card"
    PLATE = "plate"
    EMAIL = "email"
    IP_ADDRESS = "ip_address"
    CREDIT_CODE = "credit_code"


PERSONAL = frozenset(Identifier) - {Identifier.CREDIT_CODE}
"""An organisation's code is public; all others name a person or lead to one."""


@dataclass(frozen=True)
class Found:
    """One identifier in a text: where, of which kind, and how it is shown."""

    kind: Identifier
    start: int
    stop: int
    masked: str


@dataclass(frozen=True)
class ColumnScan:
    """What was found in one column; ``counts`` are cells, not occurrences."""

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanSummary:
    """A whole file's findings; ``rows`` is how many were read."""

    rows: int = 0
    columns: tuple[ColumnScan, ...] = ()

    def count(self, kind: str) -> int:
        """Cells that hold an identifier of that kind, over all columns."""
        return sum(column.counts.get(kind, 0) for column in self.columns)

    @property
    def personal(self) -> int:
        """Cells with an identifier of a person."""
        return sum(self.count(kind) for kind in PERSONAL)

    def as_dict(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "columns": [
                {"name": c.name, "counts": dict(sorted(c.counts.items())), "examples": list(c.examples)}
                for c in self.columns
                if c.counts
            ],
        }

    @classmethod
    def from_dict(cls, stored: dict[str, object]) -> ScanSummary:
        columns = stored.get("columns")
        assert isinstance(columns, list)
        rows = stored.get("rows")
        assert isinstance(rows, int)
        return cls(rows, tuple(ColumnScan(c["name"], dict(c["counts"]), tuple(c["examples"])) for c in columns))
