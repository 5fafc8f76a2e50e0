"""HTTP routes of requests: the form that needs no account, officers, suppliers."""

from __future__ import annotations

from typing import Any

import flask

from compliance.requests import queries, service
from compliance.requests.schemas import (
    CodeIn,
    EraseIn,
    OwnRequestOut,
    RequestAnswerIn,
    RequestBriefOut,
    RequestBriefPageOut,
    RequestIn,
    RequestOut,
    RequestsQuery,
    TaskInFullOut,
    TasksOut,
    TasksQuery,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House

api = http.Api("requests")


@api.post(
    "/privacy/requests", body=RequestIn, answer=RequestBriefOut, who=http.ANYONE, status=201,
    summary="Ask what is known of you; a letter with a code goes to your address",
)  # fmt: skip
def open_request(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.open_request(uow, **body, peer=flask.request.remote_addr or "")


@api.raw(
    "POST", "/privacy/requests/<request_id>/open", body=CodeIn, answer=OwnRequestOut, who=http.ANYONE,
    summary="Confirm your address by the code, and read how your request stands",
)  # fmt: skip
def open_with_code(house: House, actor: Actor, request: flask.Request, request_id: str) -> flask.Response:
    code, peer = http.read_body(CodeIn)["code"], request.remote_addr or ""
    found = service.open_with_code(house, request_id, code, peer=peer)
    return http.respond(200, OwnRequestOut().dump(found))


@api.get("/privacy/requests", query=RequestsQuery, answer=RequestBriefPageOut, summary="All requests, for officers")
def list_requests(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.requests(uow, actor, **query)


@api.get("/privacy/requests/<request_id>", answer=RequestOut, summary="A request with what the person told")
def show(uow: Uow, actor: Actor, request_id: str) -> Any:
    return queries.get(uow, actor, request_id)


@api.post("/privacy/requests/<request_id>/close", body=RequestAnswerIn, answer=RequestOut, summary="Answer the person")
def close(uow: Uow, actor: Actor, request_id: str, body: dict[str, Any]) -> Any:
    return service.close(uow, actor, request_id, **body)


@api.post(
    "/privacy/requests/<request_id>/erase-account", body=EraseIn, answer=RequestOut,
    summary="Erase the account of whoever asked to be deleted",
)  # fmt: skip
def erase_account(uow: Uow, actor: Actor, request_id: str, body: dict[str, Any]) -> Any:
    return service.erase_account(uow, actor, request_id, **body)


@api.get("/privacy/tasks", query=TasksQuery, answer=TasksOut, summary="Requests that your organisation has to answer")
def list_tasks(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return {"items": queries.tasks(uow, actor, **query)}


@api.get("/privacy/tasks/<request_id>", answer=TaskInFullOut, summary="One of them, with what finds the person")
def show_task(uow: Uow, actor: Actor, request_id: str) -> Any:
    return queries.task(uow, actor, request_id)


@api.post("/privacy/tasks/<request_id>/answer", body=RequestAnswerIn, answer=TaskInFullOut, summary="Say what you did")
def answer(uow: Uow, actor: Actor, request_id: str, body: dict[str, Any]) -> Any:
    return service.answer(uow, actor, request_id, **body)
