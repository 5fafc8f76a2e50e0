"""What reviewers do: take a review, answer its items, talk with the supplier, then approve or return."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from compliance.audit.service import record
from compliance.documents import queries as documents
from compliance.documents.errors import DocumentNotFound
from compliance.policy import Decision, decide, require
from compliance.review import approvals, queries
from compliance.review.errors import (
    ApprovalsMissing,
    ApprovalUnknown,
    ItemMustApply,
    ItemsOpen,
    ItemUnknown,
    ReviewClaimed,
    ReviewClosed,
)
from compliance.review.events import ReviewApproved, ReviewCommented, ReviewReturned
from compliance.review.models import Review, ReviewApproval, ReviewComment, ReviewItem
from compliance.review.types import Answer, ReviewSnapshot, ReviewState, checklist
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence

REVIEWER, SUPPLIER = "reviewer", "supplier"


def open_review(
    uow: Uow,
    actor: Actor,
    *,
    subject_id: str,
    subject_version: int,
    subject: Mapping[str, str],
    owner_id: str,
    tier: int,
    evidence: Mapping[str, Mapping[str, Any]],
    due_by: datetime | None = None,
) -> str:
    """A review of one version of a listing, its items with the evidence handed in; answers its id.

    One that is open for the same listing ends without an outcome.
    When somebody of the platform opens it, whoever handed in the last one still counts as the submitter.
    """
    drop(uow, subject_id)
    own = actor.organisation_id == owner_id
    submitted_by = (actor.account_id if own else queries.last_submitter(uow, subject_id)) or ""
    review = Review(
        id=new_id("rvw"), subject_id=subject_id, subject_version=subject_version,
        subject=json.dumps(dict(subject), ensure_ascii=False), owner_id=owner_id,
        submitted_by=submitted_by, tier=tier, state=ReviewState.OPEN, opened_at=uow.now(),
        due_by=due_by or uow.now() + approvals.deadline(), version=1,
    )  # fmt: skip
    review.ask_for(approvals.needed(uow.house, tier))
    uow.session.add(review)
    uow.session.flush()
    for item in checklist():
        known = json.dumps(dict(evidence.get(item.id, {})), ensure_ascii=False)
        uow.session.add(ReviewItem(review_id=review.id, item=item.id, evidence=known, answer="", note=""))
    record(
        uow, actor, action="review:open", object_id=review.id, tier=tier, data={"subject": subject_id},
        concerns=[owner_id],
    )  # fmt: skip
    return review.id


def drop(uow: Uow, subject_id: str) -> None:
    """What was being reviewed is not offered any more as it was handed in: its open reviews end without an outcome."""
    statement = select(Review).where(Review.subject_id == subject_id, Review.state == ReviewState.OPEN)
    for review in uow.session.execute(statement).scalars():
        _close(uow, review, ReviewState.DROPPED)
    uow.session.flush()


def regrade(uow: Uow, subject_id: str, tier: int) -> None:
    """The listing's tier changed while it is reviewed: its approvals are those of the new tier, people decide anew."""
    statement = select(Review).where(Review.subject_id == subject_id, Review.state == ReviewState.OPEN)
    for review in uow.session.execute(statement).scalars():
        review.tier = tier
        review.ask_for(approvals.needed(uow.house, tier))
        review.version += 1
    uow.session.flush()


def claim(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Take the review for a while: nobody else answers its items, approves or returns it meanwhile.

    Raises ReviewNotFound, PolicyRefused, ReviewClosed, ReviewClaimed.
    """
    review, decision = _open(uow, actor, review_id)
    _check_free(uow, actor, review)
    review.claimed_by, review.claimed_until = actor.account_id, uow.now() + approvals.claim_time()
    review.version += 1
    _record(uow, actor, "review:claim", review, decision, {"until": review.claimed_until.isoformat()})
    return review.snapshot()


def let_go(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Give a review that one has taken back to the queue. Raises ReviewNotFound, PolicyRefused, ReviewClaimed."""
    review, decision = _open(uow, actor, review_id)
    _check_free(uow, actor, review)
    review.claimed_by = review.claimed_until = None
    review.version += 1
    _record(uow, actor, "review:let_go", review, decision, {})
    return review.snapshot()


def _check_free(uow: Uow, actor: Actor, review: Review) -> None:
    held = review.claimed_until is not None and review.claimed_until > uow.now()
    if held and review.claimed_by != actor.account_id:
        assert review.claimed_until is not None
        raise ReviewClaimed(
            Sentence("It is taken until %(until)s.", until=review.claimed_until.isoformat(timespec="minutes")),
            claimed_until=review.claimed_until.isoformat(),
        )


def comment(
    uow: Uow, actor: Actor, review_id: str, *, text: str, item: str = "", document_ids: Sequence[str] = ()
) -> ReviewSnapshot:
    """Say something of an item, or of the whole, with documents of one's own side: the reviewers or the supplier.

    Raises ReviewNotFound, PolicyRefused, ReviewClosed, ItemUnknown, DocumentNotFound.
    """
    review = queries.load(uow, actor, review_id)
    reply = decide(actor, "review:reply", queries.resource_of(review))
    decision = reply if reply.permitted else require(actor, "review:work", queries.resource_of(review))
    _check_open(review)
    if item:
        _item(review, item)
    side = SUPPLIER if reply.permitted else REVIEWER
    kept = [each.id for each in documents.own(uow, actor, document_ids)]
    said = ReviewComment(
        id=new_id("rcm"), item=item, side=side, account_id=actor.account_id or "", text=text, documents=kept,
        at=uow.now(),
    )  # fmt: skip
    review.comments.append(said)
    review.version += 1
    uow.session.flush()
    _record(uow, actor, "review:comment", review, decision, {"item": item, "side": side})
    uow.emit(
        ReviewCommented(
            subject_id=review.subject_id, review_id=review.id, owner_id=review.owner_id, side=side, comment_id=said.id
        )
    )
    return review.snapshot()


def answer_item(uow: Uow, actor: Actor, review_id: str, item_id: str, *, answer: str, note: str = "") -> ReviewSnapshot:
    """Answer one item: see ``answer_items``."""
    return answer_items(uow, actor, review_id, {item_id: (answer, note)})


def answer_items(uow: Uow, actor: Actor, review_id: str, answers: Mapping[str, tuple[str, str]]) -> ReviewSnapshot:
    """Answer items, each by an answer and a note, all or none. What people approved before is taken back.

    Raises ReviewNotFound, PolicyRefused, ReviewClosed, ReviewClaimed, ItemUnknown, ItemMustApply.
    """
    review, decision = _open(uow, actor, review_id)
    _check_free(uow, actor, review)
    for item_id, (answer, note) in answers.items():
        item = _item(review, item_id)
        _check_answer(item_id, answer, note)
        item.answer, item.note, item.answered_by = answer, note, actor.account_id
        review.take_back()
        review.version += 1
        _record(uow, actor, "review:answer", review, decision, {"item": item_id, "answer": answer})
    return review.snapshot()


def _item(review: Review, item_id: str) -> ReviewItem:
    item = next((each for each in review.items if each.item == item_id), None)
    if item is None:
        raise ItemUnknown(Sentence("Items: %(names)s.", names=", ".join(each.id for each in checklist())))
    return item


def approve(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Give the next approval that a person gives: every item has passed, or does not apply.

    With the last approval that the tier asks for the subject may go on. After the first each is another person's, a
    compliance officer. Raises ReviewNotFound, PolicyRefused, ReviewClosed, ReviewClaimed, ItemsOpen naming what is
    open, and ApprovalsMissing when only documents are awaited.
    """
    review, decision = _open(uow, actor, review_id)
    _check_free(uow, actor, review)
    _check_all_passed(review)
    row = _next_by_person(review)
    if row.kind != approvals.FIRST:
        decision = require(actor, "review:confirm", queries.resource_of(review, actor))
    return _give(uow, actor, review, row, decision, {})


def assess(uow: Uow, actor: Actor, review_id: str, kind: str, *, document_id: str, number: str = "") -> ReviewSnapshot:
    """Record the document that gives an approval: an outside assessment, an authority's opinion. For officers.

    Raises ReviewNotFound, PolicyRefused, ReviewClosed, ReviewClaimed, ApprovalUnknown, DocumentNotFound.
    """
    review = queries.load(uow, actor, review_id)
    decision = require(actor, "review:assess", queries.resource_of(review))
    _check_open(review)
    _check_free(uow, actor, review)
    row = next((each for each in review.approvals if each.kind == kind), None)
    if row is None or not approvals.kinds()[row.kind].by_document:
        raise ApprovalUnknown(Sentence("L%(tier)s asks for no document “%(kind)s”.", tier=review.tier, kind=kind))
    document = documents.get(uow, actor, document_id)
    if document.owner_id not in (None, review.owner_id):
        raise DocumentNotFound()
    row.document_id, row.number = document.id, number
    return _give(uow, actor, review, row, decision, {"document": document.id, "sha256": document.sha256})


def _next_by_person(review: Review) -> ReviewApproval:
    asked = {row.kind: row for row in review.approvals}
    still = [asked[name] for name in approvals.kinds() if name in asked and asked[name].given_at is None]
    people = [row for row in still if not approvals.kinds()[row.kind].by_document]
    if not people:
        names = [row.kind for row in still]
        raise ApprovalsMissing(
            Sentence("L%(tier)s still asks for: %(names)s.", tier=review.tier, names=", ".join(names)), missing=names
        )
    return people[0]


def _give(
    uow: Uow, actor: Actor, review: Review, row: ReviewApproval, decision: Decision, data: dict[str, str]
) -> ReviewSnapshot:
    row.given_by, row.given_at = actor.account_id, uow.now()
    done = all(each.given_at is not None for each in review.approvals)
    said = {"subject": review.subject_id, "approval": row.kind} | data
    if not done:
        review.claimed_by = review.claimed_until = None  # another person is next
        review.version += 1
        _record(uow, actor, "review:approve_part", review, decision, said)
        return review.snapshot()
    _check_all_passed(review)
    _close(uow, review, ReviewState.APPROVED)
    _record(uow, actor, "review:approve", review, decision, said)
    uow.emit(ReviewApproved(subject_id=review.subject_id, review_id=review.id))
    return review.snapshot()


def _check_all_passed(review: Review) -> None:
    items = review.snapshot().items
    missing = [item.id for item in items if item.answer not in (Answer.PASS, Answer.NOT_APPLICABLE)]
    if missing:
        raise ItemsOpen(
            Sentence("Not yet passed: %(names)s.", names=", ".join(missing)),
            items=missing,
            hint="Answer them, or return it.",
        )


def return_to_supplier(uow: Uow, actor: Actor, review_id: str, *, reason: str) -> ReviewSnapshot:
    """Back to the supplier with a reason. Raises ReviewNotFound, PolicyRefused, ReviewClosed, ReviewClaimed."""
    review, decision = _open(uow, actor, review_id)
    _check_free(uow, actor, review)
    review.reason = reason
    _close(uow, review, ReviewState.RETURNED)
    _record(uow, actor, "review:return", review, decision, {"subject": review.subject_id})
    uow.emit(ReviewReturned(subject_id=review.subject_id, review_id=review.id, reason=reason))
    return review.snapshot()


def _open(uow: Uow, actor: Actor, review_id: str) -> tuple[Review, Decision]:
    review = queries.load(uow, actor, review_id)
    decision = require(actor, "review:work", queries.resource_of(review))
    _check_open(review)
    return review, decision


def _check_open(review: Review) -> None:
    if review.state != ReviewState.OPEN:
        raise ReviewClosed(Sentence("It was %(state)s.", state=review.state), state=review.state)


def _check_answer(item_id: str, answer: str, note: str) -> None:
    described = next(each for each in checklist() if each.id == item_id)
    if answer == Answer.NOT_APPLICABLE and not described.may_not_apply:
        raise ItemMustApply(Sentence("%(item_id)s applies to every listing.", item_id=item_id), field="answer")
    if answer != Answer.PASS and not note:
        raise ItemMustApply("Say why in a note.", field="note")


def _close(uow: Uow, review: Review, state: ReviewState) -> None:
    review.state, review.closed_at = state, uow.now()
    review.claimed_by = review.claimed_until = None
    review.version += 1


def _record(uow: Uow, actor: Actor, action: str, review: Review, decision: Decision, data: dict[str, str]) -> None:
    record(
        uow, actor, action=action, object_id=review.id, object_version=review.version, tier=review.tier,
        decision=decision, data=data, concerns=[review.owner_id],
    )  # fmt: skip
