"""What reviewers do: answer the items, then approve or return."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compliance.audit.service import record
from compliance.policy import Decision, require
from compliance.review import queries
from compliance.review.errors import ItemMustApply, ItemsOpen, ItemUnknown, ReviewClosed
from compliance.review.events import ReviewApproved, ReviewReturned
from compliance.review.models import Review, ReviewItem
from compliance.review.types import Answer, ReviewSnapshot, ReviewState, checklist
from core.actor import Actor
from core.db import Uow
from core.ids import new_id


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
    """A review of one version of a listing, its items with the evidence handed in; answers its id."""
    review = Review(
        id=new_id("rvw"), subject_id=subject_id, subject_version=subject_version,
        subject=json.dumps(dict(subject), ensure_ascii=False), owner_id=owner_id,
        submitted_by=actor.account_id or "", tier=tier, state=ReviewState.OPEN, opened_at=uow.now(), version=1,
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
    if item is None:
        raise ItemUnknown(f"Items: {', '.join(each.id for each in checklist())}.")
    _check_answer(item_id, answer, note)
    item.answer, item.note, item.answered_by = answer, note, actor.account_id
    review.version += 1
    _record(uow, actor, "review:answer", review, decision, {"item": item_id, "answer": answer})
    return review.snapshot()


def approve(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Every item passed or does not apply: the subject may go on. Raises ItemsOpen naming those that do not."""
    review, decision = _open(uow, actor, review_id)
    missing = [item.item for item in review.items if item.answer not in (Answer.PASS, Answer.NOT_APPLICABLE)]
    if missing:
        order = [each.id for each in checklist()]
        missing.sort(key=order.index)
        raise ItemsOpen(f"Not yet passed: {', '.join(missing)}.", items=missing, hint="Answer them, or return it.")
    _close(uow, review, ReviewState.APPROVED)
    _record(uow, actor, "review:approve", review, decision, {"subject": review.subject_id})
    uow.emit(ReviewApproved(subject_id=review.subject_id, review_id=review.id))
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
        raise ReviewClosed(f"It was {review.state}.", state=review.state)
    return review, decision


def _check_answer(item_id: str, answer: str, note: str) -> None:
    described = next(each for each in checklist() if each.id == item_id)
    if answer == Answer.NOT_APPLICABLE and not described.may_not_apply:
        raise ItemMustApply(f"{item_id} applies to every listing.", field="answer")
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
