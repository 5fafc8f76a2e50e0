"""HTTP routes of the board of demands."""

from __future__ import annotations

from typing import Any

from catalog.demands import queries, service
from catalog.demands.schemas import (
    AnswerDeclineIn,
    AnswerOut,
    AnswerPageOut,
    AnswersOut,
    DemandAnswerIn,
    DemandFields,
    DemandIn,
    DemandOut,
    DemandPageOut,
    DemandsQuery,
    ReopenIn,
    ReportsOut,
    WhyIn,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery

api = http.Api("demands")


@api.get("/demands", query=DemandsQuery, answer=DemandPageOut, summary="What buyers need, newest first")
def board(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.board(uow, actor, **query)


@api.get("/my/demands", query=PageQuery, answer=DemandPageOut, summary="What your organisation needs")
def mine(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.mine(uow, actor, **query)


@api.get("/my/demand-answers", query=PageQuery, answer=AnswerPageOut, summary="What your organisation answered")
def answered(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.answered(uow, actor, **query)


@api.get("/reported-demands", query=PageQuery, answer=DemandPageOut, summary="Reported demands, for reviewers")
def reported(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.reported(uow, actor, **query)


@api.post("/demands", body=DemandIn, answer=DemandOut, status=201, idempotent=True, summary="Post what you need")
def post(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.post(uow, actor, fields=body)


@api.get("/demands/<demand_id>", answer=DemandOut, summary="One demand")
def show(uow: Uow, actor: Actor, demand_id: str) -> Any:
    return queries.get(uow, actor, demand_id)


@api.patch("/demands/<demand_id>", body=DemandFields, answer=DemandOut, if_match=True, summary="Change your demand")
def change(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any], if_match: int) -> Any:
    return service.change(uow, actor, demand_id, if_match, body)


@api.post("/demands/<demand_id>/close", body=NoFields, answer=DemandOut, idempotent=True, summary="Close your demand")
def close(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.close(uow, actor, demand_id)


@api.post("/demands/<demand_id>/reopen", body=ReopenIn, answer=DemandOut, idempotent=True, summary="Post it again")
def reopen(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.reopen(uow, actor, demand_id, **body)


@api.get("/demands/<demand_id>/answers", answer=AnswersOut, summary="Answers that you may see: to it, or yours")
def answers(uow: Uow, actor: Actor, demand_id: str) -> Any:
    return {"items": queries.answers(uow, actor, demand_id)}


@api.post(
    "/demands/<demand_id>/answers", body=DemandAnswerIn, answer=AnswerOut, status=201, idempotent=True,
    summary="Answer with a listing of yours, or say what you could make",
)  # fmt: skip
def answer(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.answer(uow, actor, demand_id, **body)


@api.post(
    "/demand-answers/<answer_id>/take-up", body=NoFields, answer=AnswerOut, idempotent=True, summary="Go on with it"
)
def take_up(uow: Uow, actor: Actor, answer_id: str, body: dict[str, Any]) -> Any:
    return service.take_up(uow, actor, answer_id)


@api.post(
    "/demand-answers/<answer_id>/decline", body=AnswerDeclineIn, answer=AnswerOut, idempotent=True, summary="Decline it"
)
def decline(uow: Uow, actor: Actor, answer_id: str, body: dict[str, Any]) -> Any:
    return service.decline(uow, actor, answer_id, **body)


@api.post(
    "/demand-answers/<answer_id>/withdraw", body=NoFields, answer=AnswerOut, idempotent=True,
    summary="Take your answer back",
)  # fmt: skip
def withdraw_answer(uow: Uow, actor: Actor, answer_id: str, body: dict[str, Any]) -> Any:
    return service.withdraw_answer(uow, actor, answer_id)


@api.post("/demands/<demand_id>/report", body=WhyIn, status=204, summary="Say that it does not belong here")
def report(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.report(uow, actor, demand_id, **body)


@api.get("/demands/<demand_id>/reports", answer=ReportsOut, summary="What was reported, for reviewers")
def reports(uow: Uow, actor: Actor, demand_id: str) -> Any:
    return {"items": queries.reports(uow, actor, demand_id)}


@api.post("/demands/<demand_id>/let-stand", body=NoFields, answer=DemandOut, summary="Reports are looked at: it stays")
def let_stand(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.let_stand(uow, actor, demand_id)


@api.post("/demands/<demand_id>/remove", body=WhyIn, answer=DemandOut, summary="Take it off the board, for reviewers")
def remove(uow: Uow, actor: Actor, demand_id: str, body: dict[str, Any]) -> Any:
    return service.remove(uow, actor, demand_id, **body)
