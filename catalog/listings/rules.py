"""The listing's state machine, and what it needs before a review."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import PurePath

from catalog.files.types import FileSnapshot
from catalog.interfaces import rules as interfaces
from catalog.listings.errors import ListingStateConflict
from catalog.listings.types import DECLARATIONS, ListingSnapshot, ListingState, RevisionSnapshot
from compliance.recognisers import ScanSummary
from core.problems import Sentence

_EDITABLE = frozenset(ListingState) - {ListingState.IN_REVIEW}
TRANSITIONS: dict[str, tuple[frozenset[ListingState], ListingState]] = {
    "edit": (_EDITABLE, ListingState.DRAFT),
    "submit": (frozenset({ListingState.DRAFT, ListingState.RETURNED}), ListingState.IN_REVIEW),
    "publish": (frozenset({ListingState.IN_REVIEW, ListingState.LISTED}), ListingState.LISTED),
    "return": (frozenset({ListingState.IN_REVIEW, ListingState.LISTED}), ListingState.RETURNED),
    "withdraw": (frozenset({ListingState.LISTED, ListingState.SUSPENDED}), ListingState.WITHDRAWN),
    "suspend": (frozenset(ListingState) - {ListingState.SUSPENDED}, ListingState.SUSPENDED),
    "reconsider": (frozenset({ListingState.LISTED}), ListingState.IN_REVIEW),
    "reinstate": (frozenset({ListingState.SUSPENDED}), ListingState.IN_REVIEW),
}


def follow(state: str, step: str) -> ListingState:
    """The state after ``step``. Raises ListingStateConflict naming the states from which it is possible.

    An edit of a listing on sale takes it off sale until it passed review again: what a reviewer saw is
    what buyers get.
    """
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise ListingStateConflict(
            Sentence("The listing is %(state)s.", state=state),
            state=state,
            hint=Sentence("To %(step)s it, it must be %(names)s.", step=step, names=" or ".join(sorted(allowed))),
        )
    return target


def disclose(revision: RevisionSnapshot, *, statistics: bool, names: bool) -> RevisionSnapshot:
    """What may be told of a revision's tables: columns' bounds and shapes, and columns' names, or not even those.

    Of an interface likewise its examples and the names of its fields, but to nobody where its upstream is.
    """
    if revision.interface is not None:
        told = interfaces.disclosed(revision.interface.document, examples=statistics, names=names)
        return dataclasses.replace(revision, interface=revision.interface.told_as(told))
    if statistics and names:
        return revision
    return dataclasses.replace(revision, files=tuple(_disclosed(file, names) for file in revision.files))


def _disclosed(file: FileSnapshot, names: bool) -> FileSnapshot:
    if file.profile is None:
        return file
    columns = tuple(
        dataclasses.replace(
            column, name=column.name if names else f"field_{number}", distinct=None, minimum=None, maximum=None,
            histogram=(),
        )
        for number, column in enumerate(file.profile.columns, 1)
    )  # fmt: skip
    scan = ScanSummary(file.profile.scan.rows)
    return file.with_profile(dataclasses.replace(file.profile, columns=columns, first_rows=(), scan=scan))


def missing_for_review(listing: ListingSnapshot) -> list[str]:
    """The names of the parts that a review needs and the listing does not have."""
    parts = {
        "title": listing.title,
        "summary": listing.summary,
        "licence_terms": listing.licence_terms,
        "revision": listing.revision,
        "offer": listing.offer,
    }
    missing = [name for name, value in parts.items() if not value]
    return missing + [f"declarations.{name}" for name in DECLARATIONS if not listing.declarations.get(name)]


def formats_of(files: Iterable[FileSnapshot]) -> frozenset[str]:
    """The kinds of file in a revision, by their names and by their first bytes; of an archive, those inside it."""
    found: set[str] = set()
    for file in files:
        inside = file.facts.get("formats")
        if inside is None:
            inside = (PurePath(file.name).suffix.lower().removeprefix("."), file.facts.get("format", ""))
        found.update(inside)
    return frozenset(found - {""})


def not_scanned(file: FileSnapshot) -> bool:
    """Whether a reviewer must look for identifiers without us: no table was found, or not all of it was read."""
    partly = {"unread_tables", "unreadable"} & file.facts.keys()
    return file.profile is None or not file.profile.complete or bool(partly)
