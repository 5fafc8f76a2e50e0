"""Reactions of listings to what reviewers decide."""

from __future__ import annotations

from catalog.files.events import FileScanned
from catalog.listings import queries, service
from compliance.review.events import ReviewApproved, ReviewReturned
from core.actor import SYSTEM
from core.db import Uow


def publish(uow: Uow, event: ReviewApproved) -> None:
    service.close_review(uow, SYSTEM, event.subject_id, step="publish")


def give_back(uow: Uow, event: ReviewReturned) -> None:
    service.close_review(uow, SYSTEM, event.subject_id, step="return", reason=event.reason)


def regrade(uow: Uow, event: FileScanned) -> None:
    for listing in queries.offering(uow, event.file_id):
        service.grade_again(uow, listing)
