"""Reads of listings, always for an actor: one predicate decides what is listed, read, found and fetched."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Bundle, defaultload

from catalog.files.models import StoredFile
from catalog.interfaces import queries as interfaces
from catalog.interfaces.models import Interface
from catalog.listings import samples
from catalog.listings.errors import ListingNotFound
from catalog.listings.models import Listing, Offer, Revision, RevisionFile
from catalog.listings.rules import disclose
from catalog.listings.types import (
    Grade,
    ListingBrief,
    ListingKind,
    ListingSnapshot,
    ListingState,
    RevisionSnapshot,
    SampleSnapshot,
    ServedInterface,
    Unfinished,
)
from compliance.policy import Clause, Resource, decide, listing_predicate, require
from compliance.recognisers import ScanSummary
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.paging import Page, convert, newest_first

T = TypeVar("T")
_FILES = defaultload(Listing.revision).defaultload(Revision.entries).defaultload(RevisionFile.file)
_BRIEF = select(Listing).options(_FILES.defer(StoredFile.profile, raiseload=True))
"""What lists show: a profile is neither loaded nor read for them."""
_ROW: Bundle[Any] = Bundle(
    "row", Listing.id, Listing.kind, Listing.supplier_id, Listing.title, Listing.summary, Listing.description,
    Listing.scene, Listing.origin, Listing.tags, Listing.tier, Listing.state, Listing.updated_at, Offer.plan,
    Revision.number,
)  # fmt: skip
_ROWS = (
    select(_ROW)
    .select_from(Listing)
    .outerjoin(Offer, Offer.id == Listing.offer_id)
    .outerjoin(Revision, Revision.id == Listing.revision_id)
)
"""Columns, as objects of the session cost three times as much."""


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Policy's predicate for this actor, bound to the table of listings."""
    return _bound(listing_predicate(actor).clauses)


@lru_cache(maxsize=512)
def _bound(clauses: tuple[Clause, ...]) -> ColumnElement[bool]:
    """Kept, as building it costs more than asking the database with it."""
    return or_(*map(_term, clauses)) if clauses else false()


def _term(clause: Clause) -> ColumnElement[bool]:
    terms: list[ColumnElement[bool]] = [Listing.tier >= clause.min_tier]
    if clause.states is not None:
        terms.append(Listing.state.in_(sorted(clause.states)))
    if clause.max_tier is not None:
        terms.append(Listing.tier <= clause.max_tier)
    if clause.owner is not None:
        terms.append(Listing.supplier_id == clause.owner)
    if clause.ids is not None:
        terms.append(Listing.id.in_(sorted(clause.ids)))
    return and_(*terms)


def resource_of(house: House, listing: Listing | ListingSnapshot) -> Resource:
    """What policy may know of a listing, by the tiers of this exchange."""
    return resource(
        house, listing.id, owner=listing.supplier_id, state=str(listing.state), tier=listing.tier,
        kind=str(listing.kind), table=samples.has_table(listing),
    )  # fmt: skip


def resource(
    house: House, listing_id: str, *, owner: str | None, state: str, tier: int, kind: str, table: bool = False
) -> Resource:
    """The same from the parts, for those who hold no listing but a hit of search."""
    return Resource(
        "listing",
        listing_id,
        {
            "owner": owner,
            "state": state,
            "tier": tier,
            "kind": kind,
            "unclaimed": False,
            "synthetic_sample": table,
            "noised_statistics": table,
            "not_built": profile(house.settings.tier_profile).row(tier).not_built,
            "home": house.settings.home_country,
        },
    )


def load(uow: Uow, actor: Actor, listing_id: str, *, lock: bool = False) -> Listing:
    """The row. Raises ListingNotFound when there is none, or none that the actor may know of.

    Within a unit that only reads it stays what it was, and a page asks for it three times: it is read once.
    """
    kept: dict[tuple[Actor, str], Listing] = uow.session.info.setdefault("listings", {})
    if not uow.writes and (actor, listing_id) in kept:
        return kept[actor, listing_id]
    statement = select(Listing).where(Listing.id == listing_id, visible_to(actor))
    if lock:
        statement = statement.with_for_update(of=Listing)
    row = uow.session.execute(statement).scalar_one_or_none()
    if row is None:
        raise ListingNotFound()
    kept[actor, listing_id] = row
    return row


def get(uow: Uow, actor: Actor, listing_id: str) -> ListingSnapshot:
    """Raises ListingNotFound. What it tells of the columns is what the tier lets this actor know."""
    return _shown(uow, actor, load(uow, actor, listing_id))


def _shown(uow: Uow, actor: Actor, listing: Listing, *, brief: bool = False) -> ListingSnapshot:
    snapshot = listing.snapshot(brief=brief)
    if snapshot.revision is None or _knows_all(actor, listing):
        return snapshot
    sampled = _samples_real_rows(uow.house, listing.tier) and (
        decide(actor, "listing:sample", resource_of(uow.house, listing)).permitted
    )
    named = decide(actor, "listing:fields", resource_of(uow.house, listing)).permitted
    return dataclasses.replace(snapshot, revision=disclose(snapshot.revision, statistics=sampled, names=named))


def _samples_real_rows(house: House, tier: int) -> bool:
    """Whether the tier's sample shows what is in the data: only then bounds and exact figures are told as well."""
    return profile(house.settings.tier_profile).row(tier).sample in samples.REAL


def names_masked(house: House, tier: int) -> bool:
    """Whether the names of fields are hidden at this tier from who signed no agreement, and so are found by nobody."""
    return profile(house.settings.tier_profile).row(tier).fields == "masked"


def _knows_all(actor: Actor, listing: Listing) -> bool:
    """The supplier itself, and the platform's people who judge the listing."""
    own = actor.organisation_id is not None and actor.organisation_id == listing.supplier_id
    return own or actor.platform("reviewer", "officer")


def listed(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, scene: str | None = None
) -> Page[ListingSnapshot]:
    """What is on sale and visible to the actor, newest first."""
    statement = _BRIEF.where(Listing.state == ListingState.LISTED, visible_to(actor))
    if scene:
        statement = statement.where(Listing.scene == scene)
    page = newest_first(uow, statement, key=Listing.id, purpose="listings", cursor=cursor, limit=limit)
    return convert(page, lambda row: _shown(uow, actor, row, brief=True))


def mine(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[ListingSnapshot]:
    """The own organisation's listings in every state, newest first."""
    return convert(_own(uow, actor, _BRIEF, cursor, limit), lambda row: row.snapshot(brief=True))


def own_briefs(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[ListingBrief]:
    """The same in brief."""
    return convert(_own(uow, actor, _ROWS, cursor, limit), _in_brief)


def _own(uow: Uow, actor: Actor, chosen: Select[T], cursor: str | None, limit: int) -> Page[T]:
    statement = chosen.where(Listing.supplier_id == (actor.organisation_id or ""), visible_to(actor))
    return newest_first(uow, statement, key=Listing.id, purpose="mine", cursor=cursor, limit=limit)


def unfinished(uow: Uow, actor: Actor, limit: int) -> list[Unfinished]:
    """The own organisation's listings that wait for it: drafts, and what a review returned; the last changed."""
    own, waiting = actor.organisation_id or "", (ListingState.DRAFT, ListingState.RETURNED)
    statement = (
        select(Listing.id, Listing.state, Listing.title)
        .where(Listing.supplier_id == own, Listing.state.in_(waiting), visible_to(actor))
        .order_by(Listing.updated_at.desc())
        .limit(limit)
    )
    return [Unfinished(row[0], row[1], json.loads(row[2])) for row in uow.session.execute(statement)]


def revisions(uow: Uow, actor: Actor, listing_id: str) -> list[RevisionSnapshot]:
    """All revisions of a visible listing, newest first. Of those that are not on offer others learn that they exist,
    and no more: they may hold what no reviewer saw.

    Raises ListingNotFound.
    """
    listing = load(uow, actor, listing_id)
    own, newest = Revision.listing_id == listing_id, Revision.number.desc()
    if _knows_all(actor, listing):
        rows = uow.session.execute(select(Revision).where(own).order_by(newest)).scalars()
        return [row.snapshot() for row in rows]
    offered = _shown(uow, actor, listing).revision
    told = select(Revision.id, Revision.number, Revision.created_at, Revision.notes).where(own).order_by(newest)
    return [
        offered if offered and offered.id == key else RevisionSnapshot(key, number, (), created_at, notes)
        for key, number, created_at, notes in uow.session.execute(told)
    ]


def revision(uow: Uow, revision_id: str) -> RevisionSnapshot:
    """A revision by its id, for whoever holds a right to it already (deliveries). Raises ListingNotFound."""
    row = uow.session.get(Revision, revision_id)
    if row is None:
        raise ListingNotFound("There is no such revision.")
    return disclose(row.snapshot(), statistics=True, names=True)


def served(uow: Uow, ids: Iterable[str] | None = None) -> dict[str, ServedInterface]:
    """Interfaces by listing with all of their revisions, or those of ``ids``: for the machinery that serves calls."""
    wanted = Listing.kind == ListingKind.INTERFACE if ids is None else Listing.id.in_(set(ids))
    statement = (
        select(Listing.id, Listing.state, Listing.tier, Listing.stopped_at, Revision.id, Interface)
        .join(Revision, Revision.listing_id == Listing.id)
        .join(Interface, Interface.id == Revision.interface_id)
        .where(wanted)
    )
    found: dict[str, ServedInterface] = {}
    for listing_id, state, tier, stopped_at, revision_id, interface in uow.session.execute(statement):
        standing = state if stopped_at is None else ListingState.SUSPENDED
        serving = found.setdefault(listing_id, ServedInterface(listing_id, standing, tier, {}))
        serving.revisions[revision_id] = interface.snapshot()
    return found


def with_interface(uow: Uow, interface_id: str) -> list[str]:
    """The listings that have a revision with this interface."""
    statement = select(Revision.listing_id).where(Revision.interface_id == interface_id).distinct()
    return list(uow.session.execute(statement).scalars())


def with_files(uow: Uow, file_ids: Iterable[str]) -> dict[str, list[str]]:
    """The listings that have a revision with each of these files."""
    statement = (
        select(RevisionFile.file_id, Revision.listing_id)
        .join(Revision, Revision.id == RevisionFile.revision_id)
        .where(RevisionFile.file_id.in_(set(file_ids)))
        .distinct()
        .order_by(Revision.listing_id)
    )
    found: dict[str, list[str]] = {}
    for file_id, listing_id in uow.session.execute(statement):
        found.setdefault(file_id, []).append(listing_id)
    return found


def offering(uow: Uow, file_id: str) -> list[Listing]:
    """The listings whose revision on offer has this file, to be changed."""
    statement = (
        select(Listing)
        .join(RevisionFile, RevisionFile.revision_id == Listing.revision_id)
        .where(RevisionFile.file_id == file_id)
        .order_by(Listing.id)
        .with_for_update(of=Listing)
    )
    return list(uow.session.execute(statement).scalars())


def scans(uow: Uow, revision: RevisionSnapshot) -> tuple[list[ScanSummary], list[ScanSummary]]:
    """What recognisers found in what a revision hands out, and in what callers of an interface hand over."""
    if revision.interface is not None:
        return interfaces.scans(uow, revision.interface)
    return [file.profile.scan for file in revision.files if file.profile is not None], []


def sample(uow: Uow, actor: Actor, listing_id: str) -> SampleSnapshot:
    """The sample that the tier allows. Raises ListingNotFound, PolicyRefused with what is needed."""
    listing = load(uow, actor, listing_id)
    decision = require(actor, "listing:sample", resource_of(uow.house, listing))
    revision = listing.revision.snapshot() if listing.revision else None
    if revision is None or revision.profile is None:
        return SampleSnapshot((), (), 0, decision.obligations)
    row = profile(uow.house.settings.tier_profile).row(listing.tier)
    names = _knows_all(actor, listing) or decide(actor, "listing:fields", resource_of(uow.house, listing)).permitted
    return samples.drawn(uow.house, revision.id, revision.profile, row, decision.obligations, names=names)


def many(uow: Uow, ids: Iterable[str], *, brief: bool = False) -> dict[str, ListingSnapshot]:
    """Listings by id whatever their state, for those who confirm visibility themselves."""
    statement = (_BRIEF if brief else select(Listing)).where(Listing.id.in_(set(ids)))
    return {row.id: row.snapshot(brief=brief) for row in uow.session.execute(statement).scalars()}


def briefs(uow: Uow, ids: Iterable[str]) -> dict[str, ListingBrief]:
    """The same in brief."""
    rows = uow.session.execute(_ROWS.where(Listing.id.in_(set(ids)))).scalars()
    return {row.id: _in_brief(row) for row in rows}


def _in_brief(row: Any) -> ListingBrief:
    return ListingBrief(
        row.id, row.kind, row.supplier_id, json.loads(row.title), json.loads(row.summary), json.loads(row.description),
        row.scene, row.origin, tuple(json.loads(row.tags)), row.tier, row.state, row.updated_at,
        json.loads(row.plan) if row.plan else None, row.number,
    )  # fmt: skip


def existing(uow: Uow, ids: Iterable[str]) -> set[str]:
    """Of these ids those of listings, in whatever state. Asks no policy: for services."""
    return set(uow.session.execute(select(Listing.id).where(Listing.id.in_(set(ids)))).scalars())


def ids_of_supplier(supplier_id: str) -> Select[str]:
    """The listings of an organisation, to be compared with inside the database. Asks no policy."""
    return select(Listing.id).where(Listing.supplier_id == supplier_id)


def grade(uow: Uow, listing_id: str, *, lock: bool = False) -> Grade | None:
    """How a listing is graded now, and with ``lock`` until this unit ends; None when there is none.

    Asks no policy: for services and handlers.
    """
    columns = Listing.tier, Listing.raised_tier, Listing.revision_id, Listing.state
    statement = select(*columns).where(Listing.id == listing_id)
    row = uow.session.execute(statement.with_for_update(read=True) if lock else statement).one_or_none()
    return Grade(row[0], row[1], row[2], settled=row[3] == ListingState.LISTED) if row else None


def state(uow: Uow, listing_id: str) -> str | None:
    """The state a listing has now; None when there is none. Asks no policy: for handlers."""
    return uow.session.execute(select(Listing.state).where(Listing.id == listing_id)).scalar_one_or_none()


def stopped(uow: Uow, ids: Iterable[str]) -> set[str]:
    """Of these listings those that an officer stopped: rights in them rest. Asks no policy: for services."""
    statement = select(Listing.id).where(Listing.id.in_(set(ids)), Listing.stopped_at.is_not(None))
    return set(uow.session.execute(statement).scalars())


def all_after(uow: Uow, last_id: str, limit: int) -> list[ListingSnapshot]:
    """Every listing in the order of ids, for rebuilding an index."""
    statement = _BRIEF.where(Listing.id > last_id).order_by(Listing.id).limit(limit)
    return [row.snapshot(brief=True) for row in uow.session.execute(statement).scalars()]


def figures(uow: Uow) -> dict[str, dict[str, int]]:
    """How many listings are on sale, by scene, origin, kind and tier: of the tiers that anyone may see."""
    columns = {"scene": Listing.scene, "origin": Listing.origin, "kind": Listing.kind, "tier": Listing.tier}
    open_to_all = and_(Listing.state == ListingState.LISTED, Listing.tier <= 1)
    statement = select(*columns.values(), func.count()).where(open_to_all).group_by(*columns.values())
    counted: dict[str, Counter[str]] = {f"by_{name}": Counter() for name in columns}
    for *values, number in uow.session.execute(statement):
        for by, value in zip(counted.values(), values, strict=True):
            by[str(value)] += number
    return {name: dict(sorted(by.items())) for name, by in counted.items()}
