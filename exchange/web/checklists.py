"""A review in words: the queue, the items with their evidence, and why it cannot be approved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flask

from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from compliance.documents import queries as documents
from compliance.identity import queries as identity
from compliance.policy import decide
from compliance.recognisers import ScanSummary
from compliance.review import queries as reviews
from compliance.review.types import (
    Answer,
    CommentSnapshot,
    ItemSnapshot,
    ReviewSnapshot,
    ReviewState,
    WaitingReview,
)
from core.actor import Actor
from core.db import Uow
from core.paging import Page
from core.speech import gettext, ngettext
from exchange.web import interfaces, operations
from exchange.web.explain import card
from exchange.web.language import called, language, plain
from exchange.web.words import word

_VALUES = {"state": "qualification", "purposes": "purpose", "origin": "origin"}
_TIERS = frozenset({"tier", "proposed", "proposed_tier"})
_SHOWN_ASIDE = (
    "scan",
    "reasons",
    "impact",
    "operations",
    "trials",
    "credential",
    "upstream",
    "interface_sha256",
)
_MARKS = {"pass": "go", "not_applicable": "go", "fail": "stop", "": "wait"}


@dataclass(frozen=True)
class QueueRow:
    id: str
    title: Mapping[str, str]
    supplier: str
    tier: int
    judged: int
    opened_at: Any
    due_by: Any
    late: bool
    taken: str


@dataclass(frozen=True)
class ItemText:
    key: str
    title: str
    answer: str
    mark: str
    note: str
    open: bool
    evidence: list[str]
    answers: list[tuple[str, str]]
    typed_answer: str
    typed_note: str
    lacks_note: bool
    comments: Sequence[CommentSnapshot] = ()


@dataclass(frozen=True)
class ReviewPage:
    """All that the page of one review shows."""

    review: ReviewSnapshot
    title: Mapping[str, str]
    supplier: str
    tier: int
    state: str
    active: bool
    items: list[ItemText]
    open_items: int
    blockers: list[str]
    queue: Sequence[QueueRow]
    waiting: int
    revision: Any
    proposed: int | None
    reasons: list[str]
    scan: list[tuple[str, str, int]]
    scan_rows: int
    operations: list[operations.OperationText] = field(default_factory=list)
    own: interfaces.OwnPage | None = None
    taken: str = ""
    may_reply: bool = False
    may_assess: bool = False
    lower: list[int] = field(default_factory=list)
    comments: Sequence[CommentSnapshot] = ()
    documents: Mapping[str, str] = field(default_factory=dict)


def queue(uow: Uow, actor: Actor, cursor: str | None = None) -> Page[QueueRow]:
    """Open reviews, the oldest first."""
    page = reviews.queue(uow, actor, cursor=cursor)
    names = identity.organisations(uow, {each.owner_id for each in page.items})
    rows = [
        QueueRow(
            each.id, each.subject, called(names.get(each.owner_id)), each.tier, each.judged, each.opened_at,
            each.due_by, each.due_by <= uow.now(), _taken(uow, actor, each),
        )
        for each in page.items
    ]  # fmt: skip
    return Page(rows, page.next_cursor)


def _taken(uow: Uow, actor: Actor, review: ReviewSnapshot | WaitingReview) -> str:
    """Who works on it: "" nobody, else "mine" or "other"."""
    if review.claimed_until is None or review.claimed_until <= uow.now():
        return ""
    return "mine" if review.claimed_by == actor.account_id else "other"


def page(uow: Uow, actor: Actor, review: ReviewSnapshot) -> ReviewPage:
    """The review, with what the exchange itself found in the data."""
    listing = listings.many(uow, [review.subject_id]).get(review.subject_id)
    owner = identity.organisations(uow, [review.owner_id]).get(review.owner_id)
    work = card(decide(actor, "review:work", reviews.resource_of(review)))
    may_work = work is not None and work.permitted
    refusals = [need.message for need in work.needs] if work is not None and not may_work else []
    scans, judges = _scans(uow, listing), actor.platform("reviewer", "officer")
    interface = listing.revision.interface if listing and listing.revision else None
    return ReviewPage(
        review=review,
        title=review.subject,
        supplier=called(owner),
        tier=review.tier,
        state=review.state,
        active=review.state == ReviewState.OPEN and may_work,
        items=[_item(each, [said for said in review.comments if said.item == each.id]) for each in review.items],
        open_items=review.open_items,
        blockers=refusals + _second_person(actor, review) + _blockers(review),
        queue=queue(uow, actor).items if judges else [],
        waiting=reviews.queue_length(uow, actor) if judges else 0,
        revision=listing.revision if listing else None,
        proposed=listing.proposed_tier if listing else None,
        reasons=[plain(reason) for reason in listing.tier_reasons] if listing else [],
        scan=_counts(scans),
        scan_rows=sum(scan.rows for scan in scans),
        operations=operations.operations(interface) if interface else [],
        own=interfaces.own(uow, actor, interface.id) if interface else None,
        taken=_taken(uow, actor, review),
        may_reply=review.state == ReviewState.OPEN and (may_work or _may(actor, "review:reply", review)),
        may_assess=review.state == ReviewState.OPEN and _may(actor, "review:assess", review),
        lower=list(range(review.tier)) if may_work and review.state == ReviewState.OPEN else [],
        comments=[said for said in review.comments if not said.item],
        documents={each.id: each.name for each in documents.many(uow, _named(review)).values()},
    )


def _may(actor: Actor, action: str, review: ReviewSnapshot) -> bool:
    return decide(actor, action, reviews.resource_of(review)).permitted


def _named(review: ReviewSnapshot) -> set[str]:
    """The documents that a review speaks of."""
    given = {each.document_id for each in review.approvals if each.document_id}
    return given | {document for said in review.comments for document in said.documents}


def _scans(uow: Uow, listing: ListingSnapshot | None) -> list[ScanSummary]:
    """What the recognisers found in the revision under review, of an interface also in what callers hand over."""
    if listing is None or listing.revision is None:
        return []
    handed_out, taken_in = listings.scans(uow, listing.revision)
    return [*handed_out, *taken_in]


def _counts(scans: Sequence[ScanSummary]) -> list[tuple[str, str, int]]:
    return [
        (column.name, str(kind), count)
        for scan in scans
        for column in scan.columns
        for kind, count in sorted(column.counts.items())
        if count
    ]


def _second_person(actor: Actor, review: ReviewSnapshot) -> list[str]:
    """After a first approval: why this person may not give the second."""
    if not review.awaits_officer:
        return []
    people = [each for each in review.approvals if not each.by_document and not each.given]
    if not people:
        return [gettext("Documents that the tier asks for are awaited")]
    confirm = card(decide(actor, "review:confirm", reviews.resource_of(review, actor)))
    return [need.message for need in confirm.needs] if confirm is not None else []


def _blockers(review: ReviewSnapshot) -> list[str]:
    """Why it cannot be approved, each reason a short sentence."""
    found = []
    if review.state != ReviewState.OPEN:
        found.append(gettext("This review is closed"))
    elif review.open_items:
        found.append(ngettext("%(num)s item is open", "%(num)s items are open", review.open_items))
    if review.failed_items:
        found.append(ngettext("%(num)s item failed", "%(num)s items failed", review.failed_items))
    return found


def _item(item: ItemSnapshot, comments: Sequence[CommentSnapshot]) -> ItemText:
    sent = flask.request.method == "POST"
    answer, note = typed(flask.request.form, item) if sent else (item.answer, item.note)
    offered = [Answer.PASS, Answer.FAIL, *([Answer.NOT_APPLICABLE] if item.may_not_apply else [])]
    return ItemText(
        key=item.id,
        title=item.zh if language() == "zh" else item.en,
        answer=item.answer,
        mark=_MARKS.get(item.answer, "wait"),
        note=item.note,
        open=not item.answer,
        evidence=lines(item.evidence),
        answers=[(str(each), word("answer", each)) for each in offered],
        typed_answer=answer,
        typed_note=note,
        lacks_note=sent and answer not in ("", Answer.PASS) and not note,
        comments=comments,
    )


def typed(form: Mapping[str, str], item: ItemSnapshot) -> tuple[str, str]:
    """What a form says of an item; what it leaves out stays as it was."""
    answer = form.get(f"answer-{item.id}", item.answer)
    return answer, form.get(f"note-{item.id}", item.note).strip()[:2000]


def lines(evidence: Mapping[str, Any]) -> list[str]:
    """Evidence as lines; nested values are set out, texts of two languages shown in one."""
    if set(evidence) and set(evidence) <= {"zh", "en"}:
        return [plain(evidence)]
    return [
        f"{word('evidence', key)}: {_value(value, key)}"
        for key, value in evidence.items()
        if key not in _SHOWN_ASIDE and value not in (None, "", [], {})
    ]


def _value(value: Any, key: str) -> str:
    if isinstance(value, Mapping):
        return "; ".join(lines(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_value(each, key) for each in value)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if key in _TIERS:
        return f"L{value}"
    return word(_VALUES[key], value) if key in _VALUES else str(value)
