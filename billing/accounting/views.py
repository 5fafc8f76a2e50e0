"""HTTP routes of accounting."""

from __future__ import annotations

from typing import Any

import flask

from billing.accounting import journals, money, months, outside, statements
from billing.accounting.schemas import (
    AccountStatementOut,
    MoneyOut,
    MonthCloseOut,
    MonthConfirmIn,
    MonthQuery,
    OutsideIn,
    OutsideOut,
    StatementEntryOut,
    StatementQuery,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields
from core.house import House

api = http.Api("accounting")


@api.get(
    "/statement-of-account", query=StatementQuery,
    summary="One of your accounts over a month or some days: opening balance, every entry, closing balance",
)  # fmt: skip
def statement(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    found = statements.statement(uow, statements.ask(uow, actor, **query))
    entries = [http.dump(StatementEntryOut, vars(each) | {"currency": found.currency}) for each in found.entries]
    return http.dump(AccountStatementOut, found) | {"entries": entries}


@api.raw("GET", "/statement-of-account.csv", query=StatementQuery, summary="The same as CSV, however long")
def statement_file(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    query = http.load(StatementQuery, request.args.to_dict(), where="query")
    asked = house.db.read(lambda uow: statements.ask(uow, actor, **query))
    name = f"statement-{asked.account.kind}-{asked.starts_at:%Y%m%d}.csv"
    return http.table(name, statements.table(house, asked))


@api.raw(
    "GET", "/journal.csv", query=MonthQuery,
    summary="Every entry of a month with its account's code: all for finance of the platform, else the own",
)  # fmt: skip
def journal_file(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    query = http.load(MonthQuery, request.args.to_dict(), where="query")
    asked = house.db.write(lambda uow: journals.ask(uow, actor, **query))
    return http.table(asked.name, journals.table(house, asked))


@api.get("/money", answer=MoneyOut, summary="The state of all money (the platform)")
def overview(uow: Uow, actor: Actor) -> Any:
    return money.overview(uow, actor)


@api.raw(
    "POST", "/money/outside", body=OutsideIn, answer=OutsideOut,
    summary="Book what was done in the payment processor's own dashboard (finance)",
)  # fmt: skip
def book_outside(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    body = http.read_body(OutsideIn)
    found = outside.look(house, actor, body["entry_id"])
    booked = house.db.write(lambda uow: outside.book(uow, actor, found, reason=body["reason"]))
    return http.respond(201, {"id": booked})


@api.post(
    "/months/<month>/close", body=NoFields, answer=MonthCloseOut, idempotent=True,
    summary="Freeze a month's trial balance, for another person to confirm (finance)",
)  # fmt: skip
def close(uow: Uow, actor: Actor, month: str, body: dict[str, Any]) -> Any:
    return months.close(uow, actor, month)


@api.post(
    "/months/<month>/confirm", body=MonthConfirmIn, answer=MonthCloseOut, idempotent=True,
    summary="Confirm it as another person: nothing is posted into the month any more (finance)",
)  # fmt: skip
def confirm(uow: Uow, actor: Actor, month: str, body: dict[str, Any]) -> Any:
    return months.confirm(uow, actor, month, **body)


@api.get("/months/<month>", answer=MonthCloseOut, summary="A month as it was closed")
def show(uow: Uow, actor: Actor, month: str) -> Any:
    return months.get(uow, actor, month)


@api.get("/months/<month>/signed", summary="A closed month's trial balance under the log's key")
def signed(uow: Uow, actor: Actor, month: str) -> Any:
    return months.signed(uow.house, months.get(uow, actor, month))
