"""Counting the persons in a file: at once when it is small, else by the job that scans it; kept out of every delivery's
reach.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from catalog.files.models import StoredFile
from catalog.profiles.description import UNREADABLE
from catalog.profiles.tables import Place, tables, unread
from catalog.profiles.types import Description, Profile
from catalog.profiles.whole import OTHERS
from compliance.exports import persons
from compliance.exports import queries as exports
from compliance.exports import service as counting
from compliance.exports.sets import SetFigures, Sorter
from compliance.recognisers import PERSONAL
from core.db import Uow
from core.house import House

BEING_COUNTED = "being_counted"
_COUNTED_AT_ONCE = 4 << 20

Counted = tuple[SetFigures | None, str]


def count(house: House, stream: BinaryIO, name: str, size: int, described: Description) -> Counted:
    """The set of a file's persons, and why it is not whole. That of a large file is left to the job."""
    profile, facts = described.profile, described.facts
    if not complete(profile, facts) or (size > _COUNTED_AT_ONCE and not _holds_nobody(profile, facts)):
        return None, BEING_COUNTED
    return count_all(house, stream, name, described)


def keep(uow: Uow, file: StoredFile, counted: Counted) -> None:
    """Remember what ``count`` answered, in the unit that keeps the file."""
    figures, missing = counted
    counting.keep_persons(uow, file.id, file.owner_id, figures, missing=missing)


def count_all(
    house: House, stream: BinaryIO, name: str, described: Description, *, start: Place | None = None,
    spilled: tuple[str, ...] = (), reached: Callable[[Place, Sorter], None] | None = None,
) -> Counted:  # fmt: skip
    """Every row. ``reached`` is told now and then; what the sorter put aside there is ``spilled`` when another run
    goes on from ``start``.
    """
    stream.seek(0)
    missing, store, profile = unread(stream, name), exports.store(house), described.profile
    if profile is None:
        return None, missing or "unreadable"
    if missing == "too_large":
        return None, missing
    if _holds_nobody(profile, described.facts):
        return store.put([]), missing
    sorter = Sorter(house.settings.data / "files" / "sorting", spilled=spilled)
    told = None if reached is None else lambda place: reached(place, sorter)
    try:
        for known, place in _hashes(house, tables(stream, name, start=start, reached=told), described):
            sorter.add(known, place)
        missing = missing or ("unreadable" if "unreadable" in described.facts else "")
        counted: Counted = store.put(sorter.sorted()), missing
    except (*UNREADABLE, UnicodeError):
        counted = None, "unreadable"
    except Exception:
        sorter.close()
        raise
    sorter.close()
    return counted


def _hashes(house: House, read: Iterator[persons.Table], described: Description) -> Iterator[tuple[bytes, int]]:
    assert described.profile is not None
    scan = described.profile.scan
    told_apart = all(column.name != OTHERS for column in scan.columns)
    key = house.keyring.secret("person-sets")
    return persons.hashes(
        read, scan, lambda data: hmac.digest(key, data, "sha256"),
        complete=told_apart and complete(described.profile, described.facts),
    )  # fmt: skip


def _holds_nobody(profile: Profile | None, facts: dict[str, Any]) -> bool:
    """Whether every cell was looked at and none had an identifier of a person."""
    if profile is None or not complete(profile, facts):
        return False
    return not any(PERSONAL & column.counts.keys() for column in profile.scan.columns)


def complete(profile: Profile | None, facts: dict[str, Any]) -> bool:
    """Whether the scan has seen every row; of an archive, of all its tables."""
    return not facts.get("unread_tables") and (profile is None or profile.complete)
