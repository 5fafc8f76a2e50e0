"""States and snapshots of listings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog.files.types import FileSnapshot
from catalog.interfaces.types import InterfaceSnapshot
from catalog.profiles import Profile


class ListingState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    LISTED = "listed"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"


class ListingKind(StrEnum):
    DATASET = "dataset"
    INTERFACE = "interface"


class Scene(StrEnum):
    """What the data is for; also the first facet."""

    SPEECH = "speech"
    TEXT_RECOGNITION = "text_recognition"
    FACES = "faces"
    DRIVING = "driving"
    LANGUAGE = "language"
    OTHER = "other"


class Purpose(StrEnum):
    """What a licence may be for: a closed list, so that a declared purpose can be compared."""

    TRAINING = "training"
    EVALUATION = "evaluation"
    RESEARCH = "research"
    PRODUCT = "product"
    STATISTICS = "statistics"


DECLARATIONS = (
    "source",
    "authorisation",
    "personal_data",
    "important_data",
    "intellectual_property",
    "prohibited",
)
"""What a supplier declares before a review; the checklist's items cite them by these names."""


@dataclass(frozen=True)
class RevisionSnapshot:
    """An immutable set of files, or an interface in their place."""

    id: str
    number: int
    files: tuple[FileSnapshot, ...]
    created_at: datetime
    notes: str
    interface: InterfaceSnapshot | None = None

    @property
    def profile(self) -> Profile | None:
        """That of its first table."""
        return next((file.profile for file in self.files if file.profile is not None), None)


@dataclass(frozen=True)
class OfferSnapshot:
    """Immutable terms: a price plan document, the purposes, and the licence's months (0: without end).

    ``limits`` is the document of what calls may do; None where nothing is called.
    """

    id: str
    plan: Mapping[str, Any]
    purposes: tuple[str, ...]
    term_months: int
    created_at: datetime
    limits: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Described:
    """What a listing says of itself."""

    id: str
    kind: str
    supplier_id: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    scene: str
    origin: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class ListingSnapshot(Described):
    """A listing as it stands. ``tier`` is in force, ``proposed_tier`` is what the data asked for."""

    licence_terms: Mapping[str, str]
    declarations: Mapping[str, str]
    tier: int
    proposed_tier: int | None
    impact: Mapping[str, str] | None
    tier_reasons: tuple[Mapping[str, str], ...]
    state: str
    reason: str
    revision: RevisionSnapshot | None
    offer: OfferSnapshot | None
    version: int
    created_at: datetime
    updated_at: datetime
    listed_at: datetime | None
    review_by: datetime | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True)
class ListingBrief(Described):
    """What a row of a page tells of a listing; ``plan`` is the document of the price on offer, ``revision`` the number
    of what is.
    """

    tier: int
    state: str
    updated_at: datetime
    plan: Mapping[str, Any] | None
    revision: int | None


@dataclass(frozen=True)
class Unfinished:
    """A listing that its supplier has yet to hand in, or to mend."""

    id: str
    state: str
    title: Mapping[str, str]


@dataclass(frozen=True)
class Grade:
    """A listing's tier, which is that of its newest revision, and what was raised by hand, for all of its revisions.

    ``settled``: it is on sale, so the tier is what people approved and not what an edit makes of it.
    """

    tier: int
    raised: int
    revision_id: str | None
    settled: bool

    def of(self, revision_id: str, before: int) -> int:
        """The tier of a revision that had the tier ``before``.

        Only approved it falls, and never because of what another revision holds.
        """
        if revision_id != self.revision_id:
            return max(before, self.raised)
        return self.tier if self.settled else max(before, self.tier)


@dataclass(frozen=True)
class ServedInterface:
    """A listing of an interface as those need it who serve its calls: state, tier and every revision's interface."""

    listing_id: str
    state: str
    tier: int
    revisions: dict[str, InterfaceSnapshot]


@dataclass(frozen=True)
class SampleSnapshot:
    """The rows that the tier shows: identifiers of persons masked, made up, or a line of noised figures a column.

    ``kind`` is the tier's word for it: full, rows, rows_deidentified, synthetic, statistics or none.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int
    obligations: tuple[str, ...]
    kind: str = "rows"
