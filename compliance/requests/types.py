"""Values of data subjects' requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml


class RequestState(StrEnum):
    """Not confirmed yet; with the suppliers; all of them have answered; answered by the exchange; never confirmed."""

    UNCONFIRMED = "unconfirmed"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    LAPSED = "lapsed"


class Outcome(StrEnum):
    """What came of it."""

    FULFILLED = "fulfilled"
    PARTLY = "partly"
    REFUSED = "refused"
    NOT_HELD = "not_held"


@dataclass(frozen=True)
class Kind:
    """One thing that may be asked for: the days it may take, its names, and the law."""

    id: str
    days: int
    names: Mapping[str, str]
    basis: str


@dataclass(frozen=True)
class Words:
    """The document of kinds, times and letters."""

    kinds: Mapping[str, Kind]
    code_hours: int
    forget_days: int
    letters: Mapping[str, Mapping[str, Mapping[str, str]]]
    kept: Mapping[str, str]


@cache
def words() -> Words:
    """What ``kinds.yaml`` says."""
    raw = yaml.safe_load((files("compliance.requests") / "kinds.yaml").read_text(encoding="utf-8"))
    kinds = {
        name: Kind(name, each["days"], {"zh": each["zh"], "en": each["en"]}, each["basis"])
        for name, each in raw["kinds"].items()
    }
    return Words(kinds, raw["code_hours"], raw["forget_days"], raw["letters"], raw["kept"])


@dataclass(frozen=True)
class TaskSnapshot:
    """What one supplier has to do about a request: the files in which the person was found, and what it answered.

    ``answer`` is None when it was not given, or is forgotten. ``kept`` names files that must be kept, and why.
    """

    request_id: str
    organisation_id: str
    kind: str
    state: str
    due_at: datetime | None
    file_ids: tuple[str, ...]
    outcome: str
    answered_at: datetime | None
    answer: str | None = None
    particulars: Mapping[str, str] | None = None
    kept: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class RequestSnapshot:
    """A request as officers see it, and, without the particulars, the person.

    ``particulars`` are what the person told of itself; empty when they are forgotten.
    """

    id: str
    kind: str
    state: str
    outcome: str
    created_at: datetime
    confirmed_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    particulars: Mapping[str, str]
    answer: str | None
    account_id: str | None
    tasks: tuple[TaskSnapshot, ...]
    overdue: bool
    version: int


@dataclass(frozen=True)
class RequestBrief:
    """One line of a list."""

    id: str
    kind: str
    state: str
    outcome: str
    created_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    overdue: bool
