"""Reads of reviews: reviewers and officers see all, a supplier its own."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Exists, Select, exists, false, func, or_, select
from sqlalchemy.orm import Bundle

from compliance.policy import Resource, Value, decide
from compliance.review.approvals import kinds
from compliance.review.errors import ReviewNotFound
from compliance.review.models import Review, ReviewApproval, ReviewItem
from compliance.review.types import ReviewSnapshot, ReviewState, WaitingReview
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first, oldest_first

T = TypeVar("T")
_JUDGED = (
    select(func.count())
    .where(ReviewItem.review_id == Review.id, ReviewItem.answer != "")
    .correlate(Review)
    .scalar_subquery()
)
_WAITING: Bundle[Any] = Bundle(
    "waiting", Review.id, Review.subject, Review.owner_id, Review.tier, _JUDGED.label("judged"), Review.opened_at,
    Review.due_by, Review.claimed_by, Review.claimed_until,
)  # fmt: skip
"""What a queue shows, in the order of ``WaitingReview``: a review without what was said and found in it."""


def resource_of(review: Review | ReviewSnapshot, actor: Actor | None = None) -> Resource:
    """What policy may know of a review: as who approved it, for ``actor``, that very person if it is one of several."""
    known = review if isinstance(review, ReviewSnapshot) else review.snapshot()
    own = actor.account_id if actor is not None and actor.account_id in known.approvers else None
    attributes: dict[str, Value] = {
        "owner": known.owner_id, "submitted_by": known.submitted_by, "approved_by": own or known.approved_by,
        "tier": known.tier, "state": known.state,
    }  # fmt: skip
    return Resource("review", review.id, attributes)


def load(uow: Uow, actor: Actor, review_id: str) -> Review:
    """The review's row. Raises ReviewNotFound, also for one that the actor may not see."""
    review = uow.session.get(Review, review_id, with_for_update=uow.writes)
    if review is None or not decide(actor, "review:see", resource_of(review)).permitted:
        raise ReviewNotFound()
    return review


def get(uow: Uow, actor: Actor, review_id: str) -> ReviewSnapshot:
    """Raises ReviewNotFound."""
    return load(uow, actor, review_id).snapshot()


def reviews(
    uow: Uow, actor: Actor, *, state: str | None = ReviewState.OPEN, mine: bool = False, cursor: str | None = None,
    limit: int = 25,
) -> Page[ReviewSnapshot]:  # fmt: skip
    """The reviews an actor may see, newest first; ``mine``: those that the actor has taken."""
    statement = _seen_by(actor, select(Review))
    if mine:
        statement = statement.where(Review.claimed_by == actor.account_id, Review.claimed_until > uow.now())
    if state:
        statement = statement.where(Review.state == state)
    page = newest_first(uow, statement, key=Review.id, purpose="reviews", cursor=cursor, limit=limit)
    return convert(page, Review.snapshot)


def _seen_by(actor: Actor, statement: Select[T]) -> Select[T]:
    if actor.platform("reviewer", "officer"):
        return statement
    own = actor.organisation_id or ""
    seen = decide(actor, "review:see", Resource("review", "own", {"owner": own})).permitted
    return statement.where(Review.owner_id == own if seen else false())


def queue(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[WaitingReview]:
    """The open reviews that an actor may see, the oldest first."""
    statement = _open(actor, select(_WAITING))
    return convert(oldest_first(uow, statement, key=Review.id, purpose="queue", cursor=cursor, limit=limit), _waiting)


def queue_length(uow: Uow, actor: Actor) -> int:
    """How many open reviews an actor may see."""
    return uow.session.execute(_open(actor, select(func.count()).select_from(Review))).scalar_one()


def _open(actor: Actor, statement: Select[T]) -> Select[T]:
    return _seen_by(actor, statement).where(Review.state == ReviewState.OPEN)


def to_judge(uow: Uow, actor: Actor, limit: int) -> list[WaitingReview]:
    """The oldest open reviews that nobody approved and no other reviewer has taken."""
    free = or_(Review.claimed_until.is_(None), Review.claimed_until <= uow.now(), Review.claimed_by == actor.account_id)
    return _oldest(uow, _open(actor, select(_WAITING)).where(~_approved(), free), limit)


def to_confirm(uow: Uow, actor: Actor, limit: int) -> list[WaitingReview]:
    """The oldest open reviews that somebody approved, and not this actor."""
    return _oldest(uow, _open(actor, select(_WAITING)).where(_approved(), ~_approved(actor.account_id)), limit)


def _approved(account_id: str | None = None) -> Exists:
    """A person gave one of the approvals, or this very person."""
    people = [name for name, kind in kinds().items() if not kind.by_document]
    given = exists().where(ReviewApproval.review_id == Review.id, ReviewApproval.kind.in_(people))
    by = ReviewApproval.given_by
    return given.where(by.is_not(None) if account_id is None else by == account_id)


def _oldest(uow: Uow, statement: Select[Any], limit: int) -> list[WaitingReview]:
    return [_waiting(row) for row in uow.session.execute(statement.order_by(Review.id).limit(limit)).scalars()]


def _waiting(row: Any) -> WaitingReview:
    review_id, subject, *rest = row
    return WaitingReview(review_id, json.loads(subject), *rest)


def of_subject(uow: Uow, actor: Actor, subject_id: str) -> ReviewSnapshot | None:
    """The newest review of a listing, None when there is none that the actor may see."""
    statement = select(Review).where(Review.subject_id == subject_id).order_by(Review.id.desc()).limit(1)
    row = uow.session.execute(statement).scalar_one_or_none()
    return row.snapshot() if row and decide(actor, "review:see", resource_of(row)).permitted else None


def history(uow: Uow, actor: Actor, subject_id: str) -> list[ReviewSnapshot]:
    """All reviews of a listing that the actor may see, newest first."""
    statement = select(Review).where(Review.subject_id == subject_id).order_by(Review.id.desc()).limit(50)
    rows = uow.session.execute(statement).scalars()
    return [row.snapshot() for row in rows if decide(actor, "review:see", resource_of(row)).permitted]


def open_of(uow: Uow, subject_id: str) -> ReviewSnapshot | None:
    """The open review of a listing. Asks no policy: for services."""
    statement = select(Review).where(Review.subject_id == subject_id, Review.state == ReviewState.OPEN)
    row = uow.session.execute(statement.order_by(Review.id.desc()).limit(1)).scalar_one_or_none()
    return row.snapshot() if row else None


def last_submitter(uow: Uow, subject_id: str) -> str | None:
    """The account that handed in a listing the last time. Asks no policy: for services."""
    statement = select(Review.submitted_by).where(Review.subject_id == subject_id).order_by(Review.id.desc()).limit(1)
    return uow.session.execute(statement).scalar_one_or_none()


def approval_before(uow: Uow, subject_id: str, moment: datetime) -> str | None:
    """The id of the review that let a listing be sold as it was then. Asks no policy: for bundles."""
    statement = (
        select(Review.id)
        .where(Review.subject_id == subject_id, Review.state == ReviewState.APPROVED, Review.closed_at <= moment)
        .order_by(Review.closed_at.desc(), Review.id.desc())
        .limit(1)
    )
    return uow.session.execute(statement).scalar_one_or_none()
