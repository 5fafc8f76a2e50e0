"""HTTP routes of review."""

from __future__ import annotations

from typing import Any

from compliance.review import queries, service
from compliance.review.schemas import (
    AssessIn,
    CommentIn,
    ReviewAnswerIn,
    ReviewOut,
    ReviewPageOut,
    ReviewReturnIn,
    ReviewsQuery,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields

api = http.Api("reviews")


@api.get("/reviews", query=ReviewsQuery, answer=ReviewPageOut, summary="Reviews that you may see")
def reviews(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.reviews(uow, actor, **query)


@api.get("/reviews/<review_id>", answer=ReviewOut, summary="One review with its checklist")
def show(uow: Uow, actor: Actor, review_id: str) -> Any:
    return queries.get(uow, actor, review_id)


@api.put("/reviews/<review_id>/items/<item>", body=ReviewAnswerIn, answer=ReviewOut, summary="Answer an item")
def answer(uow: Uow, actor: Actor, review_id: str, item: str, body: dict[str, Any]) -> Any:
    return service.answer_item(uow, actor, review_id, item, **body)


@api.post("/reviews/<review_id>/approve", body=NoFields, answer=ReviewOut, idempotent=True, summary="Approve")
def approve(uow: Uow, actor: Actor, review_id: str, body: dict[str, Any]) -> Any:
    return service.approve(uow, actor, review_id)


@api.post("/reviews/<review_id>/return", body=ReviewReturnIn, answer=ReviewOut, idempotent=True, summary="Return it")
def give_back(uow: Uow, actor: Actor, review_id: str, body: dict[str, Any]) -> Any:
    return service.return_to_supplier(uow, actor, review_id, **body)


@api.post("/reviews/<review_id>/claim", body=NoFields, answer=ReviewOut, idempotent=True, summary="Take it for a while")
def claim(uow: Uow, actor: Actor, review_id: str, body: dict[str, Any]) -> Any:
    return service.claim(uow, actor, review_id)


@api.post("/reviews/<review_id>/release", body=NoFields, answer=ReviewOut, idempotent=True, summary="Let it go again")
def let_go(uow: Uow, actor: Actor, review_id: str, body: dict[str, Any]) -> Any:
    return service.let_go(uow, actor, review_id)


@api.post(
    "/reviews/<review_id>/comments", body=CommentIn, answer=ReviewOut, status=201, idempotent=True,
    summary="Say something to the other side",
)  # fmt: skip
def comment(uow: Uow, actor: Actor, review_id: str, body: dict[str, Any]) -> Any:
    return service.comment(uow, actor, review_id, **body)


@api.put(
    "/reviews/<review_id>/approvals/<kind>", body=AssessIn, answer=ReviewOut,
    summary="Record the document that gives an approval",
)  # fmt: skip
def assess(uow: Uow, actor: Actor, review_id: str, kind: str, body: dict[str, Any]) -> Any:
    return service.assess(uow, actor, review_id, kind, **body)
