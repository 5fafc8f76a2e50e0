"""Imported references: states, outcomes and snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ReferenceState(StrEnum):
    """Only ``imported`` ones are found by everybody; a vanished one can still be read by its id, marked as such."""

    IMPORTED = "imported"
    QUEUED = "queued"
    QUARANTINED = "quarantined"
    VANISHED = "vanished"


class Outcome(StrEnum):
    """What became of a row of a file; every row has exactly one."""

    IMPORTED = "imported"
    QUEUED = "queued"
    QUARANTINED = "quarantined"
    REPORTED = "reported"


@dataclass(frozen=True)
class Candidate:
    """A row as it would be stored: masked, with its price read and its outcome decided."""

    line: int
    key: str
    address: str
    kind: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    supplier: str
    tags: tuple[str, ...]
    scene: str
    origin: str
    price_kind: str
    price_text: str
    price_details: str
    currency: str | None
    unit_price: int | None
    price_per: int
    price_period: str | None
    source_updated_at: datetime | None
    outcome: Outcome
    reason: str
    content_hash: str = ""


@dataclass(frozen=True)
class Rejected:
    """A row that is not stored, and why. ``key`` is set when it could be read all the same.

    Not ``legible``: it cannot be told which reference the row was about.
    """

    line: int
    reason: str
    key: str = ""
    legible: bool = True


@dataclass(frozen=True)
class ReferenceSnapshot:
    """A listing of another exchange, as this one knows it; it cannot be ordered.

    ``listing_id`` is the listing that its supplier made of it, since ``replaced_at`` on sale.

    ``unit_price`` is in 10⁻⁷ of the minor unit, for ``price_per`` units; None when the price was not
    read, which ``price_text`` then shows as the source wrote it.
    """

    id: str
    source: str
    source_title: Mapping[str, str]
    address: str
    kind: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    supplier: str
    tags: tuple[str, ...]
    scene: str
    origin: str
    price_kind: str
    price_text: str
    price_details: str
    currency: str | None
    unit_price: int | None
    price_per: int
    price_period: str | None
    state: str
    reason: str
    source_updated_at: datetime | None
    imported_at: datetime
    updated_at: datetime
    version: int
    orderable: bool = False
    claimed: bool = False
    listing_id: str | None = None
    replaced_at: datetime | None = None


@dataclass(frozen=True)
class RowReport:
    """One row's outcome with its line and reason."""

    line: int
    outcome: str
    reason: str
    reference_id: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """What one run did. ``rows`` is the sum of imported, queued, quarantined and reported.

    ``created``, ``changed`` and ``unchanged`` divide the rows that are kept; ``vanished`` counts
    references of earlier runs that the file no longer has.
    """

    id: str
    source: str
    file_name: str
    encoding: str
    rows: int = 0
    imported: int = 0
    queued: int = 0
    quarantined: int = 0
    reported: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    seconds: float = 0.0
    note: str = ""
    details: tuple[RowReport, ...] = field(default_factory=tuple)
