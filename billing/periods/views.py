"""HTTP routes of periods."""

from __future__ import annotations

import flask

from billing.periods import queries, statements
from billing.periods.schemas import StatementQuery
from core import http
from core.actor import Actor
from core.house import House

api = http.Api("periods")


@api.raw(
    "GET", "/invoices/<invoice_id>/statement", query=StatementQuery,
    summary="The signed usage statement of an invoice, as JSON or as CSV",
)  # fmt: skip
def statement(house: House, actor: Actor, request: flask.Request, invoice_id: str) -> flask.Response:
    query = http.load(StatementQuery, request.args.to_dict(), where="query")
    document = house.db.read(lambda uow: queries.statement(uow, actor, invoice_id))
    if query["format"] == "csv":
        return _csv(statements.table(document), document["number"])
    return http.respond(200, queries.signed_statement(house, document))


def _csv(text: str, number: str) -> flask.Response:
    response = flask.Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="usage-{number}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
