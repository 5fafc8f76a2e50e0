"""What a scan finds: counts and masked examples, never a value in clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Identifier(StrEnum):
    """Kinds of identifier that name a person or an organisation."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PHONE = "phone"
    BANK_CARD = "bank_card"
    PLATE = "plate"
    EMAIL = "email"
    IP_ADDRESS = "ip_address"
    LANDLINE = "landline"
    CREDIT_CODE = "credit_code"
    NAME = "name"
    ADDRESS = "address"


PERSONAL = frozenset(Identifier) - {Identifier.CREDIT_CODE, Identifier.LANDLINE}
"""An organisation's code is public and a landline is mostly an office's; all others name a person or lead to one."""
SENSITIVE = frozenset({Identifier.RESIDENT_ID, Identifier.PASSPORT, Identifier.BANK_CARD})
"""Those whose leak harms the person at once (PIPL 28)."""


@dataclass(frozen=True)
class Found:
    """One identifier in a text: where, of which kind, and how it is shown."""

    kind: Identifier
    start: int
    stop: int
    masked: str


@dataclass(frozen=True)
class ColumnScan:
    """What was found in one column; ``counts`` are cells, not occurrences.

    ``unconfirmed`` are cells that have the form of an identifier while their column speaks against it, as a
    tenth of all serial numbers pass the check of a bank card. They raise no tier; a reviewer sees them.
    """

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    unconfirmed: dict[str, int] = field(default_factory=dict)


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
        """Cells with an identifier of a person; a cell that holds two kinds counts twice."""
        return sum(self.count(kind) for kind in PERSONAL)

    @property
    def sensitive(self) -> int:
        """Cells with an identifier whose leak harms at once."""
        return sum(self.count(kind) for kind in SENSITIVE)

    def as_dict(self) -> dict[str, object]:
        """For storing; columns without a finding are left out."""
        return {"rows": self.rows, "columns": [_stored(c) for c in self.columns if c.counts or c.unconfirmed]}

    @classmethod
    def from_dict(cls, stored: dict[str, object]) -> ScanSummary:
        """What ``as_dict`` stored."""
        columns, rows = stored.get("columns"), stored.get("rows")
        assert isinstance(columns, list)
        assert isinstance(rows, int)
        return cls(rows, tuple(_restored(column) for column in columns))


def _stored(column: ColumnScan) -> dict[str, object]:
    stored: dict[str, object] = {
        "name": column.name,
        "counts": dict(sorted(column.counts.items())),
        "examples": list(column.examples),
    }
    return stored | ({"unconfirmed": dict(sorted(column.unconfirmed.items()))} if column.unconfirmed else {})


def _restored(stored: dict[str, Any]) -> ColumnScan:
    return ColumnScan(
        stored["name"], dict(stored["counts"]), tuple(stored["examples"]), dict(stored.get("unconfirmed", {}))
    )
