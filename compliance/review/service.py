"""What reviewers do: answer the items, then approve or return."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compliance.audit.service import record
from compliance.policy import Decision, require
from compliance.review import queries
from compliance.review.errors import AssessmentUnavailable, ItemMustApply, ItemsOpen, ItemUnknown, ReviewClosed
from compliance.review.events import ReviewApproved, ReviewReturned
from compliance.review.models import FIRST_APPROVAL, Review, ReviewItem
from compliance.review.types import Answer, ReviewSnapshot, ReviewState, checklist
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence

_BY_TWO = "reviewer_and_officer"
_OUTSIDE = ("external_assessment", "authority")


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
) -> str:
    """A review of one version of a listing, its items with the evidence handed in; answers its id.

    When somebody of the platform opens it, whoever handed in the last one still counts as the submitter.
    """
    own = actor.organisation_id == owner_id
    submitted_by = (actor.account_id if own else queries.last_submitter(uow, subject_id)) or ""
    review = Review(
        id=new_id("rvw"), subject_id=subject_id, subject_version=subject_version,
        subject=json.dumps(dict(subject), ensure_ascii=False), owner_id=owner_id,
        submitted_by=submitted_by, tier=tier, state=ReviewState.OPEN, opened_at=uow.now(), version=1,
    )  # fmt: skip
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


def answer_item(uow: Uow, actor: Actor, review_id: str, item_id: str, *, answer: str, note: str = "") -> ReviewSnapshot:
    """Answer one item. Raises ReviewNotFound, PolicyRefused, ReviewClosed, ItemUnknown, ItemMustApply."""
    review, decision = _open(uow, actor, review_id)
    item = next((each for each in review.items if each.item == item_id), None)
    if item is None or item_id == FIRST_APPROVAL:
        raise ItemUnknown(Sentence("Items: %(names)s.", names=", ".join(each.id for each in checklist())))
    _check_answer(item_id, answer, note)
    item.answer, item.note, item.answered_by = answer, note, actor.account_id
    if review.approved_by:
        review.note_first_approval(None)
    review.version += 1
    _record(uow, actor, "review:answer", review, decision, {"item": item_id, "answer": answer})
    return review.snapshot()


def approve(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Every item passed or does not apply: the subject may go on.

    From the tier on that asks for it, the first approval only waits for a compliance officer, another person.
    Raises ReviewNotFound, PolicyRefused, ReviewClosed, AssessmentUnavailable, ItemsOpen naming what is open.
    """
    review, decision = _open(uow, actor, review_id)
    needed = profile(uow.house.settings.tier_profile).row(review.tier).listing_approval
    if needed in _OUTSIDE:
        raise AssessmentUnavailable(f"L{review.tier}: {needed}.", hint="Return it to the supplier.")
    _check_all_passed(review)
    if needed == _BY_TWO and not review.approved_by:
        return _approve_first(uow, actor, review, decision)
    if needed == _BY_TWO:
        decision = require(actor, "review:confirm", queries.resource_of(review))
    _close(uow, review, ReviewState.APPROVED)
    _record(uow, actor, "review:approve", review, decision, {"subject": review.subject_id})
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


def _approve_first(uow: Uow, actor: Actor, review: Review, decision: Decision) -> ReviewSnapshot:
    review.note_first_approval(actor.account_id)
    review.version += 1
    _record(uow, actor, "review:approve_first", review, decision, {"subject": review.subject_id})
    return review.snapshot()


def return_to_supplier(uow: Uow, actor: Actor, review_id: str, *, reason: str) -> ReviewSnapshot:
    """Back to the supplier with a reason. Raises ReviewNotFound, PolicyRefused, ReviewClosed."""
    review, decision = _open(uow, actor, review_id)
    review.reason = reason
    _close(uow, review, ReviewState.RETURNED)
    _record(uow, actor, "review:return", review, decision, {"subject": review.subject_id})
    uow.emit(ReviewReturned(subject_id=review.subject_id, review_id=review.id, reason=reason))
    return review.snapshot()


def _open(uow: Uow, actor: Actor, review_id: str) -> tuple[Review, Decision]:
    review = queries.load(uow, actor, review_id)
    decision = require(actor, "review:work", queries.resource_of(review))
    if review.state != ReviewState.OPEN:
        raise ReviewClosed(Sentence("It was %(state)s.", state=review.state), state=review.state)
    return review, decision


def _check_answer(item_id: str, answer: str, note: str) -> None:
    described = next(each for each in checklist() if each.id == item_id)
    if answer == Answer.NOT_APPLICABLE and not described.may_not_apply:
        raise ItemMustApply(Sentence("%(item_id)s applies to every listing.", item_id=item_id), field="answer")
    if answer != Answer.PASS and not note:
        raise ItemMustApply("Say why in a note.", field="note")


def _close(uow: Uow, review: Review, state: ReviewState) -> None:
    review.state, review.closed_at = state, uow.now()
    review.version += 1


def _record(uow: Uow, actor: Actor, action: str, review: Review, decision: Decision, data: dict[str, str]) -> None:
    record(
        uow, actor, action=action, object_id=review.id, object_version=review.version, tier=review.tier,
        decision=decision, data=data, concerns=[review.owner_id],
    )  # fmt: skip
