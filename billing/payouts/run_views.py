"""HTTP routes of settlement runs, for finance of the platform."""

from __future__ import annotations

from typing import Any

import flask

from billing.payouts import queries, runs, transfers
from billing.payouts.schemas import ExecutedIn, RunIn, RunReportOut, SettlementRunOut, SettlementRunPageOut
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery
from core.house import House
from core.problems import Invalid

api = http.Api("settlement runs")


@api.post(
    "/settlement-runs", body=RunIn, answer=SettlementRunOut, status=201, idempotent=True,
    summary="Pay every supplier what is available; carried out by the worker (finance)",
)  # fmt: skip
def start(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return runs.start(uow, actor, currency=body["currency"] or uow.house.settings.currency, as_of=body["as_of"])


@api.get("/settlement-runs", query=PageQuery, answer=SettlementRunPageOut, summary="Settlement runs, newest first")
def list_runs(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.runs(uow, actor, **query)


@api.get("/settlement-runs/<run_id>", answer=RunReportOut, summary="One run: whom it paid, and whom not and why")
def show_run(uow: Uow, actor: Actor, run_id: str) -> Any:
    return queries.run(uow, actor, run_id)


@api.post(
    "/settlement-runs/<run_id>/file", answer=SettlementRunOut, idempotent=True,
    summary="Make the payment file of its bank transfers (finance)",
)  # fmt: skip
def make_file(uow: Uow, actor: Actor, run_id: str) -> Any:
    return transfers.make_file(uow, actor, run_id)


@api.raw("GET", "/settlement-runs/<run_id>/file/<kind>", summary="The payment file: csv, or xml for pain.001.001.09")
def take_file(house: House, actor: Actor, request: flask.Request, run_id: str, kind: str) -> flask.Response:
    if kind not in transfers.FORMATS:
        raise Invalid("Choose csv or xml.", field="kind")
    made = house.db.write(lambda uow: transfers.file(uow, actor, run_id, kind))
    return http.attachment(made.name, made.content)


@api.post(
    "/settlement-runs/<run_id>/confirm", body=ExecutedIn, answer=RunReportOut, idempotent=True,
    summary="The bank carried the file out, but for what failed (another person of finance)",
)  # fmt: skip
def confirm(uow: Uow, actor: Actor, run_id: str, body: dict[str, Any]) -> Any:
    failed = {each["payout_id"]: each["reason"] for each in body["failed"]}
    if len(failed) != len(body["failed"]):
        raise Invalid("Name each payment once.", field="failed")
    return transfers.confirm(uow, actor, run_id, failed)
