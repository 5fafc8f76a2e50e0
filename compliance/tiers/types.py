"""Tiers: levels that decide every control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


class ProfileInvalid(ValueError):
    """A tier profile that cannot be used, with the reason."""


@dataclass(frozen=True)
class TierRow:
    """One tier's controls, each a word of the profile's closed vocabulary.

    ``sample_rows`` None means all of them, ``review_months`` None never again; ``signatories`` people
    at each end accept terms; ``not_built`` names what the tier demands and the exchange cannot carry
    out, and is empty where it can.
    """

    level: int
    name: Mapping[str, str]
    metadata: str
    sample: str
    sample_rows: int | None
    buy: str
    delivery: str
    listing_approval: str
    order_approval: str
    contract: str
    link: str
    export: str
    records_years: int
    review_months: int | None
    signatories: int
    second_factor: str
    fields: str
    countries: str
    quota: str
    not_built: str


@dataclass(frozen=True)
class ProposalRule:
    """A level and its reason, for data of which all of ``when`` holds: a least number, or one of several words."""

    when: Mapping[str, int | tuple[str, ...]]
    level: int
    reason: Mapping[str, str]


@dataclass(frozen=True)
class TierProposal:
    """The level that the data itself asks for, with the reasons that led to it."""

    level: int
    reasons: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Impact:
    """What a harm to an object, of a degree, makes of data: a level, or ``core``, which no exchange takes in."""

    object: str
    degree: str
    level: int
    reason: Mapping[str, str]
    core: bool = False


@dataclass(frozen=True)
class ExportThreshold:
    """From so many persons a year on, or so many whose data is sensitive, one of these clearances is needed."""

    persons: int
    sensitive: int
    accepts: tuple[str, ...]


@dataclass(frozen=True)
class TierProfile:
    """A versioned set of tiers; ``row(level)`` never guesses."""

    name: str
    version: int
    effective_from: date
    rows: tuple[TierRow, ...]
    orders: Mapping[str, tuple[str, ...]]
    findings: tuple[ProposalRule, ...]
    otherwise: tuple[ProposalRule, ...]
    exports: tuple[ExportThreshold, ...] = ()
    degrees: tuple[str, ...] = ()
    impacts: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    """For each object the level by degree; None is core data."""
    impact_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def row(self, level: int) -> TierRow:
        """Raises KeyError for a level that the profile does not have."""
        for row in self.rows:
            if row.level == level:
                return row
        raise KeyError(level)

    @property
    def highest(self) -> int:
        return self.rows[-1].level
