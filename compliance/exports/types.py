"""Values of exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ExportWord(StrEnum):
    """The words of the tier's column."""

    ALLOWED = "allowed"
    NO_PERSONAL_DATA = "no_personal_data"
    COUNTED = "counted"
    ASSESSED = "assessed"
    BLOCKED = "blocked"


class ExportState(StrEnum):
    """Of an order's export: counted before payment, counted for good, or counted no more."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"


class File(Protocol):
    """What has to be known of a file."""

    @property
    def id(self) -> str: ...


class Revision(Protocol):
    """What has to be known of a revision: its files; an interface hands out what nobody has counted."""

    @property
    def id(self) -> str: ...
    @property
    def files(self) -> Sequence[File]: ...
    @property
    def interface(self) -> object | None: ...


@dataclass(frozen=True)
class Count:
    """Distinct persons, and those of them whose data is sensitive."""

    persons: int = 0
    sensitive: int = 0

    def __add__(self, other: Count) -> Count:
        """As if nobody stood in both: never too few."""
        return Count(self.persons + other.persons, self.sensitive + other.sensitive)


@dataclass(frozen=True)
class PersonSetSnapshot:
    """The persons of one file. ``missing`` says why they could not all be counted; empty when they were."""

    file_id: str
    owner_id: str
    sha256: str
    persons: int
    sensitive: int
    identifiers: int
    missing: str
    made_at: datetime


@dataclass(frozen=True)
class Verdict:
    """Whether an order may go abroad, and by which numbers.

    ``before`` is what the exporter and its affiliates have sent or reserved this year (``check`` alone counts it),
    ``after`` what it is with this order. ``accepts`` are the clearances of which one is needed; ``clearance_id`` is
    the one that covers it.
    """

    permitted: bool
    code: str = ""
    word: str = ExportWord.ALLOWED
    destinations: tuple[str, ...] = ()
    before: Count = Count()
    after: Count = Count()
    accepts: tuple[str, ...] = ()
    clearance_id: str | None = None

    @property
    def abroad(self) -> bool:
        return bool(self.destinations)


@dataclass(frozen=True)
class ClearanceSnapshot:
    """What the authorities, a certifier or a filed contract allow an exporter to send abroad, and until when."""

    id: str
    organisation_id: str
    mechanism: str
    number: str
    countries: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    recorded_by: str
    recorded_at: datetime
    withdrawn_at: datetime | None

    def covers(self, mechanisms: Sequence[str], destinations: Sequence[str], moment: datetime) -> bool:
        """Whether it is one of those, in force, for all of these countries; without countries it is for all."""
        in_force = self.withdrawn_at is None and self.valid_from <= moment < self.valid_until
        reached = not self.countries or set(destinations) <= set(self.countries)
        return in_force and self.mechanism in mechanisms and reached


@dataclass(frozen=True)
class ExportSnapshot:
    """One order's export."""

    order_id: str
    supplier_id: str
    year: int
    tier: int
    destinations: tuple[str, ...]
    state: str
    persons: int
    sensitive: int
    clearance_id: str | None
    reserved_at: datetime


@dataclass(frozen=True)
class Counter:
    """What an exporter and its affiliates have sent abroad in a year, and the thresholds it is measured by.

    ``lost``: sets of persons cannot be read, so who stands in several of the files counts several times.
    """

    organisation_id: str
    members: tuple[str, ...]
    year: int
    count: Count
    orders: int
    accepts: tuple[str, ...]
    next_persons: int | None
    next_sensitive: int | None
    lost: bool = False
