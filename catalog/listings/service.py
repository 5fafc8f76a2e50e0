"""What suppliers do with listings: write, add revisions, offer, hand in, withdraw, raise the tier."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from catalog.files import queries as stored_files
from catalog.interfaces import queries as interfaces
from catalog.listings import queries
from catalog.listings.errors import (
    CoreDataRefused,
    CurrencyNotTraded,
    ImpactUnknown,
    ListingIncomplete,
    ListingStateConflict,
    RevisionInvalid,
    ScanUnfinished,
    TierCannotFall,
)
from catalog.listings.events import ListingChanged, ListingNarrowed, ListingResumed, ListingStopped
from catalog.listings.models import Listing, Offer, Revision, RevisionFile
from catalog.listings.rules import follow, formats_of, missing_for_review, not_scanned
from catalog.listings.types import ListingKind, ListingSnapshot, ListingState, RevisionSnapshot, Scene
from compliance.audit.service import record
from compliance.freezes import service as freezes
from compliance.freezes.types import Frozen
from compliance.identity import queries as identity
from compliance.policy import Decision, Resource, require
from compliance.review.service import drop, open_review, regrade
from compliance.tiers import ProfileInvalid, derive, profile, propose
from core import plans
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.limits import LimitsInvalid
from core.limits import parse as parse_limits
from core.problems import Sentence, StaleVersion

_TEXTS = ("title", "summary", "description", "licence_terms", "declarations")
MOST_FILES = 200


def create(uow: Uow, actor: Actor, *, fields: Mapping[str, Any]) -> ListingSnapshot:
    """A draft of the own organisation. Raises PolicyRefused."""
    own = actor.organisation_id
    decision = require(actor, "listing:create", Resource("listing", "new", {"owner": own}))
    assert own is not None
    return _begin(uow, actor, own, fields, decision, {})


def begin_for(
    uow: Uow, actor: Actor, organisation_id: str, *, fields: Mapping[str, Any], because: str
) -> ListingSnapshot:
    """A draft for another organisation, to be completed by it. Asks no policy: for services that have decided."""
    return _begin(uow, actor, organisation_id, fields, None, {"because": because})


def _begin(
    uow: Uow, actor: Actor, owner: str, fields: Mapping[str, Any], decision: Decision | None, data: dict[str, str]
) -> ListingSnapshot:
    kind = ListingKind(fields.get("kind", ListingKind.DATASET))
    listing = Listing(
        id=new_id("lst"), supplier_id=owner, kind=kind, origin=identity.organisation(uow, owner).origin,
        title="{}", scene=Scene.OTHER, tier=profile(uow.house.settings.tier_profile).rows[1].level,
        state=ListingState.DRAFT, version=0, created_at=uow.now(), updated_at=uow.now(),
    )  # fmt: skip
    _write(uow, listing, {name: value for name, value in fields.items() if name != "kind"})
    uow.session.add(listing)
    uow.session.flush()
    return changed(uow, actor, listing, "create", decision, data)


def edit(uow: Uow, actor: Actor, listing_id: str, version: int, fields: Mapping[str, Any]) -> ListingSnapshot:
    """Change texts, at the version that was read. A listing on sale goes back to draft.

    Raises ListingNotFound, PolicyRefused, StaleVersion, ListingStateConflict.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:edit")
    if listing.version != version:
        raise StaleVersion(
            Sentence("You edited version %(version)s, now it is %(now)s.", version=version, now=listing.version),
            current_version=listing.version,
        )
    _back_to_draft(uow, listing)
    _write(uow, listing, fields)
    grade(uow, listing)
    return changed(uow, actor, listing, "edit", decision)


def add_revision(
    uow: Uow,
    actor: Actor,
    listing_id: str,
    file_ids: Sequence[str] = (),
    notes: str = "",
    interface_id: str | None = None,
) -> ListingSnapshot:
    """An immutable new revision of own files, or of an own interface; the tier is proposed again from what they hold.

    Raises ListingNotFound, PolicyRefused, ListingStateConflict, RevisionInvalid, FileNotFound, InterfaceNotFound.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:edit")
    contents = _interface(uow, actor, listing, file_ids, interface_id) or _files(uow, actor, file_ids)
    _back_to_draft(uow, listing)
    number = select(func.coalesce(func.max(Revision.number), 0)).where(Revision.listing_id == listing.id)
    revision = Revision(
        id=new_id("rev"), listing_id=listing.id, number=uow.session.execute(number).scalar_one() + 1, notes=notes,
        created_at=uow.now(), interface_id=interface_id,
        entries=[RevisionFile(position=position, file_id=file_id) for position, file_id in enumerate(file_ids)],
    )  # fmt: skip
    uow.session.add(revision)
    uow.session.flush()
    listing.revision_id = revision.id
    uow.session.flush()
    uow.session.refresh(listing, ["revision"])
    grade(uow, listing)
    return changed(uow, actor, listing, "revise", decision, {"revision": revision.id} | contents)


def _files(uow: Uow, actor: Actor, file_ids: Sequence[str]) -> dict[str, str]:
    """The hashes of own files, for the audit entry."""
    if not 1 <= len(file_ids) <= MOST_FILES or len(set(file_ids)) != len(file_ids):
        raise RevisionInvalid(Sentence("Name 1 to %(most)s different files.", most=MOST_FILES), field="file_ids")
    files = stored_files.own(uow, actor, file_ids)
    return {f"file_{n}": file.sha256 for n, file in enumerate(files[:50])}


def _interface(
    uow: Uow, actor: Actor, listing: Listing, file_ids: Sequence[str], interface_id: str | None
) -> dict[str, str]:
    """The hash of an own interface; empty for a listing of files. Raises when kind and contents do not agree."""
    if listing.kind != ListingKind.INTERFACE:
        if interface_id is not None:
            raise RevisionInvalid("A dataset has files.", field="interface_id")
        return {}
    if file_ids or interface_id is None:
        raise RevisionInvalid("An interface has an interface document and no files.", field="interface_id")
    return {"interface": interface_id, "interface_sha256": interfaces.own(uow, actor, interface_id).sha256}


def set_offer(
    uow: Uow,
    actor: Actor,
    listing_id: str,
    *,
    plan: Mapping[str, Any],
    purposes: Sequence[str],
    term_months: int,
    limits: Mapping[str, Any] | None = None,
) -> ListingSnapshot:
    """A new immutable offer; orders under the old one keep their terms. Limits belong to what is called.

    Raises ListingNotFound, PolicyRefused, ListingStateConflict, CurrencyNotTraded, PlanInvalid and its kin,
    LimitsInvalid.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:edit")
    parsed = plans.parse(dict(plan))
    traded = uow.house.settings.currency
    if parsed.currency not in (None, traded):
        raise CurrencyNotTraded(Sentence("Prices are in %(traded)s.", traded=traded), field="plan.currency")
    allowed = _limits(listing, limits)
    _back_to_draft(uow, listing)
    offer = Offer(
        id=new_id("off"), listing_id=listing.id, plan=json.dumps(parsed.document(), ensure_ascii=False),
        purposes=json.dumps(list(dict.fromkeys(map(str, purposes)))), term_months=term_months, limits=allowed,
        created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(offer)
    uow.session.flush()
    listing.offer_id = offer.id
    uow.session.flush()
    uow.session.refresh(listing, ["offer"])
    return changed(uow, actor, listing, "offer", decision, {"offer": offer.id, "plan_hash": parsed.hash()})


def _limits(listing: Listing, limits: Mapping[str, Any] | None) -> str | None:
    """The stored document: of an interface always one, of files none."""
    if listing.kind != ListingKind.INTERFACE:
        if limits is not None:
            raise LimitsInvalid("Files are not called: leave the limits out.", field="limits")
        return None
    return json.dumps(parse_limits(limits or {}).document(), sort_keys=True)


def submit(uow: Uow, actor: Actor, listing_id: str) -> ListingSnapshot:
    """Hand in for review. Raises ListingIncomplete naming every missing part, and ScanUnfinished."""
    listing, decision = for_change(uow, actor, listing_id, "listing:submit")
    listing.state = follow(listing.state, "submit")
    grade(uow, listing)
    snapshot = listing.snapshot()
    missing = missing_for_review(snapshot) + _missing_trials(uow, snapshot)
    if missing:
        raise ListingIncomplete(
            Sentence("Missing: %(names)s.", names=", ".join(missing)), field=missing[0], missing=missing
        )
    _check_scanned(snapshot)
    hand_in(uow, actor, listing)
    return changed(uow, actor, listing, "submit", decision)


def _check_scanned(listing: ListingSnapshot) -> None:
    """What nobody has looked at yet has no tier that could be relied on."""
    files = listing.revision.files if listing.revision else ()
    waiting = [file for file in files if not file.scanning.finished]
    if waiting:
        said = ", ".join(f"{file.name} ({file.scanning.percent} %)" for file in waiting[:20])
        raise ScanUnfinished(
            Sentence("Not finished: %(names)s.", names=said), field="files", file_ids=[file.id for file in waiting],
            hint="Wait for it; where it failed, start it again.",
        )  # fmt: skip


def hand_in(uow: Uow, actor: Actor, listing: Listing, due_by: datetime | None = None) -> None:
    """Open the review of the listing as it stands; one that was open ends without an outcome."""
    snapshot = listing.snapshot()
    listing.reason = ""
    open_review(
        uow, actor, subject_id=listing.id, subject_version=listing.version + 1, subject=snapshot.title,
        owner_id=listing.supplier_id, tier=listing.tier, evidence=_evidence(uow, snapshot), due_by=due_by,
    )  # fmt: skip


def _missing_trials(uow: Uow, listing: ListingSnapshot) -> list[str]:
    """Operations of an interface that no trial call proved yet."""
    if listing.revision is None or listing.revision.interface is None:
        return []
    return [f"trials.{operation}" for operation in interfaces.unproven(uow, listing.revision.interface)]


def withdraw(uow: Uow, actor: Actor, listing_id: str) -> ListingSnapshot:
    """Take it off sale at once; rights that were sold stay in force."""
    listing, decision = for_change(uow, actor, listing_id, "listing:withdraw")
    listing.state = follow(listing.state, "withdraw")
    drop(uow, listing.id)
    uow.emit(ListingNarrowed(listing_id=listing.id))
    return changed(uow, actor, listing, "withdraw", decision)


def suspend(uow: Uow, actor: Actor, listing_id: str, *, reason: str) -> ListingSnapshot:
    """An officer takes it off sale at once, with a reason: rights that were sold rest, calls and downloads stop.

    It comes back only through a new review. Raises ListingNotFound, PolicyRefused, ListingStateConflict.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:suspend")
    listing.state = follow(listing.state, "suspend")
    listing.reason, listing.stopped_at = reason, uow.now()
    drop(uow, listing.id)
    freezes.enter(uow, Frozen.LISTING, listing.id, reason=reason)
    uow.emit(ListingNarrowed(listing_id=listing.id))
    made = changed(uow, actor, listing, "suspend", decision)
    uow.emit(ListingStopped(listing_id=listing.id))
    return made


def raise_tier(uow: Uow, actor: Actor, listing_id: str, *, tier: int) -> ListingSnapshot:
    """Raise the tier in force, at once.

    What is on sale and now needs more approval than it had goes back into review: it is on sale again when
    everybody whom the new tier asks for has approved it. Rights that were sold stay in force. Raises
    TierCannotFall, and ListingStateConflict while it is being reviewed, for how many people approve depends on
    the tier that was handed in.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:raise_tier")
    if listing.state == ListingState.IN_REVIEW:
        raise ListingStateConflict(
            Sentence("It is being reviewed as L%(tier)s.", tier=listing.tier), state=listing.state
        )
    if tier < listing.tier:
        raise TierCannotFall(
            Sentence("It is L%(tier)s now.", tier=listing.tier), field="tier", hint="Only a reviewer lowers a tier."
        )
    to_be_approved = listing.on_sale and _needs_more_approval(uow, listing.tier, tier)
    listing.raised_tier = listing.tier = tier
    uow.emit(ListingNarrowed(listing_id=listing.id))
    if to_be_approved:
        listing.state = follow(listing.state, "reconsider")
        hand_in(uow, actor, listing)
    else:
        regrade(uow, listing.id, tier)
    return changed(uow, actor, listing, "raise_tier", decision, {"tier": str(tier)})


def grade_again(uow: Uow, listing: Listing) -> None:
    """Its data is known better than before: grade it anew.

    What is on sale, or being reviewed, and is stricter now needs the approvals of its new tier.
    """
    before, proposed, reasons = listing.tier, listing.proposed_tier, listing.tier_reasons
    grade(uow, listing)
    if (listing.tier, listing.proposed_tier, listing.tier_reasons) == (before, proposed, reasons):
        return
    if listing.tier != before:
        uow.emit(ListingNarrowed(listing_id=listing.id))
    if listing.on_sale and _needs_more_approval(uow, before, listing.tier):
        listing.state = follow(listing.state, "reconsider")
        hand_in(uow, SYSTEM, listing)
    elif listing.tier != before:
        regrade(uow, listing.id, listing.tier)
    changed(uow, SYSTEM, listing, "scanned", None, {"tier": str(listing.tier)})


def _needs_more_approval(uow: Uow, before: int, after: int) -> bool:
    using = profile(uow.house.settings.tier_profile)
    order = using.orders["listing_approval"]
    return order.index(using.row(after).listing_approval) > order.index(using.row(before).listing_approval)


def close_review(uow: Uow, actor: Actor, listing_id: str, *, step: str, reason: str = "") -> None:
    """What a review's end means for its listing; ``step`` is publish or return.

    Published, it is to be reviewed again after as many months as its tier says. Rights in one that was stopped go on.
    """
    listing = uow.session.get_one(Listing, listing_id, with_for_update={"of": Listing})
    narrowed = listing.on_sale and step == "return"
    listing.state = follow(listing.state, step)
    listing.reason = reason
    resumed = listing.on_sale and listing.stopped_at is not None
    if listing.on_sale:
        _check_scanned(listing.snapshot(brief=True))
        _publish(uow, listing)
    if narrowed:
        uow.emit(ListingNarrowed(listing_id=listing.id))
    changed(uow, actor, listing, step, None)
    if resumed:
        uow.emit(ListingResumed(listing_id=listing.id))


def _publish(uow: Uow, listing: Listing) -> None:
    months = profile(uow.house.settings.tier_profile).row(listing.tier).review_months
    listing.listed_at = uow.now()
    listing.review_by = None if months is None else uow.now() + timedelta(days=30 * months)
    listing.called_in_at = listing.stopped_at = None


def for_change(uow: Uow, actor: Actor, listing_id: str, action: str) -> tuple[Listing, Decision]:
    listing = queries.load(uow, actor, listing_id, lock=True)
    return listing, require(actor, action, queries.resource_of(uow.house, listing))


def _write(uow: Uow, listing: Listing, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name in _TEXTS:
            setattr(listing, name, json.dumps(dict(value), ensure_ascii=False, sort_keys=True))
        elif name == "tags":
            listing.tags = json.dumps(list(dict.fromkeys(value)), ensure_ascii=False)
        elif name == "scene":
            listing.scene = Scene(value)
        elif name == "impact":
            _declare_impact(uow, listing, value)
        else:
            raise KeyError(name)


def _declare_impact(uow: Uow, listing: Listing, impact: Mapping[str, str] | None) -> None:
    """What the supplier states raises the tier, and stating less later does not lower it.

    Raises ImpactUnknown, CoreDataRefused.
    """
    if impact is None:
        listing.impact = ""
        return
    using = profile(uow.house.settings.tier_profile)
    try:
        found = derive(using, impact["object"], impact["degree"])
    except ProfileInvalid as error:
        raise ImpactUnknown(
            str(error), field="impact", objects=list(using.impacts), degrees=list(using.degrees)
        ) from None
    if found.core:
        raise CoreDataRefused(field="impact")
    listing.impact = json.dumps(dict(impact), sort_keys=True)
    listing.raised_tier = max(listing.raised_tier or 0, found.level)
    listing.tier = max(listing.tier, listing.raised_tier)


def _back_to_draft(uow: Uow, listing: Listing) -> None:
    narrowed = listing.on_sale
    listing.state = follow(listing.state, "edit")
    drop(uow, listing.id)
    if narrowed:
        uow.emit(ListingNarrowed(listing_id=listing.id))


def grade(uow: Uow, listing: Listing) -> None:
    """Propose the tier from the data; in force is the stricter of that and what was raised by hand.

    What a reviewer lowered holds for the revision that was looked at, and for no other.
    """
    if listing.revision is None:
        return
    revision = listing.revision.snapshot()
    scans, inputs = queries.scans(uow, revision)
    proposal = propose(
        profile(uow.house.settings.tier_profile), scans, scene=listing.scene, origin=listing.origin, inputs=inputs,
        formats=formats_of(revision.files),
    )  # fmt: skip
    listing.proposed_tier = proposal.level
    reasons = [dict(reason) for reason in proposal.reasons]
    if listing.impact:
        stated = json.loads(listing.impact)
        reasons.append(
            dict(derive(profile(uow.house.settings.tier_profile), stated["object"], stated["degree"]).reason)
        )
    listing.tier_reasons = json.dumps(reasons, ensure_ascii=False)
    lowered = listing.lowered_to is not None and listing.lowered_for == listing.revision_id
    least = listing.lowered_to if lowered and listing.lowered_to is not None else proposal.level
    listing.tier = max(least, listing.raised_tier)


def _evidence(uow: Uow, listing: ListingSnapshot) -> dict[str, dict[str, Any]]:
    """What the checklist's items can cite: the supplier's declarations and what the exchange found itself."""
    supplier = identity.organisation(uow, listing.supplier_id)
    revision = listing.revision
    assert revision is not None
    assert listing.offer is not None
    scans, inputs = queries.scans(uow, revision)
    declared = {name: {"declared": text} for name, text in listing.declarations.items()}
    return declared | {
        "entity": {"credit_code": supplier.credit_code, "state": supplier.state, "level": supplier.level},
        "grading": {
            "tier": listing.tier,
            "proposed": listing.proposed_tier,
            "impact": dict(listing.impact) if listing.impact else None,
            "reasons": list(map(dict, listing.tier_reasons)),
            "scan": [scan.as_dict() for scan in (*scans, *inputs)],
            "not_scanned": [f.name for f in revision.files if not_scanned(f)],
        },
        "purposes": {"purposes": list(listing.offer.purposes)},
        "sample": interfaces.evidence(uow, revision.interface) if revision.interface else _sample(revision),
    }


def _sample(revision: RevisionSnapshot) -> dict[str, Any]:
    table = revision.profile
    return {"rows": table.rows if table else 0, "columns": [c.name for c in table.columns] if table else []}


def changed(
    uow: Uow, actor: Actor, listing: Listing, action: str, decision: Decision | None, data: dict[str, str] | None = None
) -> ListingSnapshot:
    """The change's audit entry and its event: one unit with the change itself."""
    listing.version += 1
    listing.updated_at = uow.now()
    uow.session.flush()
    if listing.stopped_at is None:
        freezes.strike(uow, listing.id)
    record(
        uow, actor, action=f"listing:{action}", object_id=listing.id, object_version=listing.version,
        tier=listing.tier, decision=decision, data={"state": str(listing.state)} | (data or {}),
        concerns=[listing.supplier_id],
    )  # fmt: skip
    uow.emit(ListingChanged(listing_id=listing.id))
    return listing.snapshot()
