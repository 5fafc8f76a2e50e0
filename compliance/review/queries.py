"""Reads of reviews: reviewers and officers see all, a supplier its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from compliance.policy import Resource, Value, decide
from compliance.review.errors import ReviewNotFound
from compliance.review.models import Review
from compliance.review.types import ReviewSnapshot, ReviewState
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def resource_of(review: Review | ReviewSnapshot) -> Resource:
    """What policy may know of a review."""
    attributes: dict[str, Value] = {
        "owner": review.owner_id, "submitted_by": review.submitted_by, "approved_by": review.approved_by,
        "tier": review.tier, "state": review.state,
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
    uow: Uow, actor: Actor, *, state: str | None = ReviewState.OPEN, cursor: str | None = None, limit: int = 25
) -> Page[ReviewSnapshot]:
    """The reviews an actor may see, newest first."""
    statement = select(Review)
    if not actor.platform("reviewer", "officer"):
        statement = statement.where(Review.owner_id == (actor.organisation_id or ""))
    if state:
        statement = statement.where(Review.state == state)
    page = newest_first(uow, statement, key=Review.id, purpose="reviews", cursor=cursor, limit=limit)
    return convert(page, Review.snapshot)


def of_subject(uow: Uow, actor: Actor, subject_id: str) -> ReviewSnapshot | None:
    """The newest review of a listing, None when there is none that the actor may see."""
    statement = select(Review).where(Review.subject_id == subject_id).order_by(Review.id.desc()).limit(1)
    row = uow.session.execute(statement).scalar_one_or_none()
    return row.snapshot() if row and decide(actor, "review:see", resource_of(row)).permitted else None


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
