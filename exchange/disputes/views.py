"""HTTP routes of disputes."""

from __future__ import annotations

from typing import Any, BinaryIO, cast
from urllib.parse import quote

import flask

from compliance.policy import require
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.problems import Invalid
from exchange.disputes import contesting, evidence, queries, service
from exchange.disputes.schemas import (
    ContestOut,
    DisputeIn,
    DisputeOut,
    DisputePageOut,
    DisputesQuery,
    DisputeWithdrawIn,
    RulingIn,
    StatementIn,
    StatementOut,
)

api = http.Api("disputes")


@api.post(
    "/orders/<order_id>/disputes", body=DisputeIn, answer=DisputeOut, status=201, idempotent=True,
    summary="Dispute an order, some of its files, or lines of its invoices",
)  # fmt: skip
def open_dispute(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.open_dispute(uow, actor, order_id, **body)


@api.get("/disputes", query=DisputesQuery, answer=DisputePageOut, summary="Disputes of your orders, newest first")
def disputes(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.disputes(uow, actor, **query)


@api.get("/disputes/<dispute_id>", answer=DisputeOut, summary="One dispute")
def show(uow: Uow, actor: Actor, dispute_id: str) -> Any:
    return queries.get(uow, actor, dispute_id)


@api.get("/disputes/<dispute_id>/statements", summary="What both sides said, in order")
def statements(uow: Uow, actor: Actor, dispute_id: str) -> Any:
    return {"items": StatementOut(many=True).dump(queries.statements(uow, actor, dispute_id))}


@api.post(
    "/disputes/<dispute_id>/statements", body=StatementIn, answer=DisputeOut, status=201, idempotent=True,
    summary="State your side; the supplier's first statement is its answer",
)  # fmt: skip
def state(uow: Uow, actor: Actor, dispute_id: str, body: dict[str, Any]) -> Any:
    return service.state(uow, actor, dispute_id, text=body["text"])


@api.raw(
    "POST", "/disputes/<dispute_id>/evidence", answer=DisputeOut, status=201,
    summary="Hand in a file as raw bytes, 16 MiB at most, with ?name= and ?text=",
)  # fmt: skip
def hand_in(house: House, actor: Actor, request: flask.Request, dispute_id: str) -> flask.Response:
    def may(uow: Uow) -> None:
        require(actor, "dispute:state", queries.resource_of(queries.load(uow, actor, dispute_id)))

    house.db.read(may)  # before a byte is kept
    name, text = request.args.get("name", ""), request.args.get("text", "").strip()
    if len(text) > 5000:
        raise Invalid("At most 5000 characters.", field="text")
    exhibit = evidence.keep(house, cast(BinaryIO, request.stream), name=name, media_type=request.mimetype)
    said = house.db.write(lambda uow: service.state(uow, actor, dispute_id, text=text, exhibit=exhibit))
    return http.respond(201, DisputeOut().dump(said))


@api.raw("GET", "/disputes/<dispute_id>/evidence/<int:number>", summary="The file that came with a statement")
def exhibit(house: House, actor: Actor, request: flask.Request, dispute_id: str, number: int) -> flask.Response:
    found = house.db.read(lambda uow: queries.evidence(uow, actor, dispute_id, number))
    answer = flask.Response(evidence.read(house, found.sha256), mimetype=found.media_type)
    answer.headers["Content-Length"] = str(found.size)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file_name)}"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@api.post(
    "/disputes/<dispute_id>/withdraw", body=DisputeWithdrawIn, answer=DisputeOut, idempotent=True,
    summary="Take a dispute back; the order goes on as before",
)  # fmt: skip
def withdraw(uow: Uow, actor: Actor, dispute_id: str, body: dict[str, Any]) -> Any:
    return service.withdraw(uow, actor, dispute_id, reason=body["reason"])


@api.post(
    "/disputes/<dispute_id>/ruling", body=RulingIn, answer=DisputeOut, idempotent=True,
    summary="Rule: dismissed, or a refund in part or in full, for compliance officers",
)  # fmt: skip
def rule(uow: Uow, actor: Actor, dispute_id: str, body: dict[str, Any]) -> Any:
    return service.rule(uow, actor, dispute_id, **body)


@api.get(
    "/chargebacks/<chargeback_id>/evidence", answer=ContestOut,
    summary="What a payer's bank may be told about a contested payment, drawn from its orders (finance)",
)  # fmt: skip
def contest(uow: Uow, actor: Actor, chargeback_id: str) -> Any:
    return {"evidence": contesting.drafted(uow, actor, chargeback_id)}
