"""The tracer: officers hand in a leaked table and read whose copy it came from."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import flask
from werkzeug.wrappers import Response

from compliance.identity import queries as identity
from core.db import Uow
from core.problems import DomainError, Invalid
from exchange.delivery import tracer
from exchange.web.session import actor, house
from exchange.web.shell import done, pages, read, render, signed_in


@pages.get("/review/tracer")
def traces(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    page = read(lambda uow: tracer.cases(uow, actor(), cursor=flask.request.args.get("cursor"), limit=10))
    return render("tracer/list.html", problem.status if problem else 200, page=page, problem=problem)


@pages.post("/review/tracer")
def hand_in_leak() -> Response:
    """The file goes to a job; its page tells how it went."""
    signed_in()
    tracer.may_trace(actor())
    sent = flask.request.files.get("leak")
    if sent is None or not sent.filename:
        return traces(Invalid("Choose a file.", field="leak"))
    case = tracer.hand_in(house(), actor(), cast(BinaryIO, sent.stream), sent.filename)
    return done("leak-taken", "web.trace", trace_id=case.id)


@pages.get("/review/tracer/<trace_id>")
def trace(trace_id: str) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        case = tracer.get(uow, actor(), trace_id)
        buyers = {each["buyer_id"] for report in case.reports for each in report["suspicions"]}
        return {"case": case, "parties": identity.organisations(uow, buyers)}

    return render("tracer/show.html", **read(work))
