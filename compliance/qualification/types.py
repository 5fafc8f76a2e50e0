"""Snapshots of qualifications and what they are proven by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Proof(StrEnum):
    """How a document stands: nothing came, it waits, an officer took it or not, or its time is over."""

    MISSING = "missing"
    HANDED_IN = "handed_in"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True)
class DocumentKind:
    name: str
    zh: str
    en: str


@dataclass(frozen=True)
class ProofSnapshot:
    """One document that a level asks for, and how it stands."""

    kind: str
    zh: str
    en: str
    state: str
    document_id: str | None = None
    name: str = ""
    size: int = 0
    valid_until: datetime | None = None
    note: str = ""

    @property
    def lacking(self) -> bool:
        """Whether something has to be handed in before the level can be asked for."""
        return self.state in (Proof.MISSING, Proof.REJECTED, Proof.EXPIRED)


@dataclass(frozen=True)
class QualificationSnapshot:
    """What an organisation's qualification stands at, and what the level it aims at is proven by."""

    organisation_id: str
    state: str
    level: int
    qualified_until: datetime | None
    reason: str
    aim: int
    statement: str
    proofs: tuple[ProofSnapshot, ...]

    @property
    def missing(self) -> tuple[ProofSnapshot, ...]:
        return tuple(each for each in self.proofs if each.lacking)
