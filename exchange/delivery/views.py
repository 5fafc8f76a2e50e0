"""HTTP routes of delivery."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import flask

from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery
from core.house import House
from core.problems import Sentence
from exchange.delivery import answers, queries, rows, service, tracer
from exchange.delivery.errors import LeakTooLarge
from exchange.delivery.schemas import (
    CopyOut,
    DeliveryFileOut,
    GrantIn,
    GrantOut,
    ReceiptOut,
    RowPageOut,
    RowsQuery,
    TraceOut,
    TracePageOut,
)

api = http.Api("delivery")
MOST_LEAKED_BYTES = 64 << 20


@api.get("/orders/<order_id>/files", summary="The files of an order")
def list_files(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": DeliveryFileOut(many=True).dump(queries.files(uow, actor, order_id))}


@api.get("/orders/<order_id>/copies", summary="The marked copies of an order, and what their marks changed")
def list_copies(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": CopyOut(many=True).dump(queries.marked_copies(uow, actor, order_id))}


@api.raw(
    "GET", "/orders/<order_id>/files/<file_id>/rows", query=RowsQuery, answer=RowPageOut, programs=True,
    summary="Rows of a file, from ?after= on, at most ?limit= of them; each counts against the contract's quota",
)  # fmt: skip
def read_rows(house: House, actor: Actor, request: flask.Request, order_id: str, file_id: str) -> flask.Response:
    if request.method == "HEAD":  # nothing of a row would leave, and nothing is counted
        return flask.Response(status=405, headers={"Allow": "GET"})
    query = http.load(RowsQuery, request.args.to_dict(), where="query")
    page = rows.read(house, actor, order_id, file_id, claim=answers.claim_of(request), **query)
    return http.respond(200, RowPageOut().dump(page))


@api.get("/orders/<order_id>/receipts", summary="What has been delivered of an order")
def list_receipts(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": ReceiptOut(many=True).dump(queries.receipts(uow, actor, order_id))}


@api.post(
    "/orders/<order_id>/files/<file_id>/grant", body=GrantIn, answer=GrantOut, status=201,
    summary="An address at the gateway where the file can be fetched for some minutes",
)  # fmt: skip
def grant(uow: Uow, actor: Actor, order_id: str, file_id: str, body: dict[str, Any]) -> Any:
    return service.grant(uow, actor, order_id, file_id, answers.claim_of(flask.request), otp=body["otp"])


@api.raw(
    "GET", "/orders/<order_id>/files/<file_id>",
    summary="Download a file: sends on to the gateway, or streams it; ranges and If-Range are honoured",
)  # fmt: skip
def download(house: House, actor: Actor, request: flask.Request, order_id: str, file_id: str) -> flask.Response:
    return answers.file(house, actor, request, order_id, file_id)


@api.raw("GET", "/orders/<order_id>/bundle", summary="The order's evidence bundle (zip); call= adds proofs of calls")
def bundle(house: House, actor: Actor, request: flask.Request, order_id: str) -> flask.Response:
    return answers.bundle(house, actor, order_id, request.args.getlist("call"))


@api.raw(
    "POST", "/tracer", answer=TraceOut, status=202,
    summary="Hand in a leaked table (raw bytes, its name as ?name=): whose copy it came from, for compliance officers",
)  # fmt: skip
def hand_in_leak(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    tracer.may_trace(actor)
    if request.content_length is None or request.content_length > MOST_LEAKED_BYTES:
        raise LeakTooLarge(Sentence("At most %(most)s bytes.", most=MOST_LEAKED_BYTES), most_bytes=MOST_LEAKED_BYTES)
    name = request.args.get("name", "leak.csv")
    case = tracer.hand_in(house, actor, cast(BinaryIO, request.stream), name)
    return http.respond(202, TraceOut().dump(case))


@api.get("/tracer", query=PageQuery, answer=TracePageOut, summary="Leaked files that were handed in, newest first")
def traces(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return tracer.cases(uow, actor, **query)


@api.get("/tracer/<trace_id>", answer=TraceOut, summary="What was found of a leaked file: the buyers, with evidence")
def show_trace(uow: Uow, actor: Actor, trace_id: str) -> Any:
    return tracer.get(uow, actor, trace_id)
