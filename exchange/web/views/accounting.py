"""The state of the money, statements of account, journals, closed months."""

from __future__ import annotations

import json
from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from billing.accounting import journals, money, months, outside, periods, sheets, statements
from billing.settlement import queries as settlement
from compliance.identity import queries as identity
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import DayField, IdField
from core.http import load, table
from core.problems import DomainError
from exchange.web import forms
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

_BUYER, _SUPPLIER = ("buyer_prepaid", "buyer_receivable"), ("supplier_on_hold", "supplier_available")


class ConfirmForm(Schema):
    sha256 = fields.String(required=True)


class StatementQuery(Schema):
    account = fields.String(load_default="buyer_prepaid")
    month = fields.String(load_default="")
    first = DayField(load_default=None, data_key="from")
    last = DayField(load_default=None, data_key="to")
    currency = fields.String(load_default=None)
    organisation_id = IdField("org", load_default=None)


class MonthForm(Schema):
    month = fields.String(required=True)


@pages.get("/money")
def money_page(problem: DomainError | None = None, month: str = "") -> flask.Response:
    """For finance; operators and officers of the platform only look."""
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        zone = uow.house.settings.timezone
        return {
            "money": money.overview(uow, actor()), "now_month": periods.month_of(uow.now(), zone),
            "last_month": periods.before(periods.month_of(uow.now(), zone), zone),
            "bookable": outside.BOOKABLE,
            "may_close": decide(actor(), "accounting:close", Resource("accounting", "", {"owner": None})).permitted,
        }  # fmt: skip

    status = problem.status if problem else 200
    return render("money/state.html", status, problem=problem, **read(work))


@pages.get("/money/outside/<entry_id>")
def outside_page(entry_id: str, problem: DomainError | None = None) -> flask.Response:
    """A row of the processor's books that nothing of ours stands for, before it is booked."""
    signed_in()
    found = outside.look(house(), actor(), entry_id)
    status = problem.status if problem else 200
    return render("money/outside.html", status, found=found, problem=problem, form=flask.request.form)


@pages.post("/money/outside/<entry_id>")
@again(outside_page)
def book_outside(entry_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"][:500]
    found = outside.look(house(), actor(), entry_id)
    act(lambda uow: outside.book(uow, actor(), found, reason=reason))
    return done("outside-booked", "web.money_page")


@pages.post("/months")
@again(money_page)
def close_month() -> Response:
    signed_in()
    month = forms.load(MonthForm)["month"]
    act(lambda uow: months.close(uow, actor(), month))
    return done("month-closed", "web.money_page")


@pages.post("/months/<month>/confirm")
@again(money_page)
def confirm_month(month: str) -> Response:
    signed_in()
    digest = forms.load(ConfirmForm)["sha256"]
    act(lambda uow: months.confirm(uow, actor(), month, sha256=digest))
    return done("month-confirmed", "web.money_page")


@pages.get("/months/<month>")
def month_page(month: str) -> flask.Response:
    signed_in()
    return render("money/month.html", closed=read(lambda uow: months.get(uow, actor(), month)))


@pages.get("/months/<month>.json")
def month_file(month: str) -> flask.Response:
    """The signed document."""
    signed_in()
    closed = read(lambda uow: months.get(uow, actor(), month))
    text = json.dumps(months.signed(house(), closed), ensure_ascii=False, indent=2) + "\n"
    response = flask.Response(text, mimetype="application/json", headers={"Cache-Control": "private, no-store"})
    response.headers["Content-Disposition"] = f'attachment; filename="month-{closed.month}.json"'
    return response


@pages.get("/journal.csv")
def journal_file() -> flask.Response:
    signed_in()
    month = flask.request.args.get("month", "")
    asked = house().db.write(lambda uow: journals.ask(uow, actor(), month=month))
    return table(asked.name, journals.table(house(), asked))


@pages.get("/statement-of-account")
def account_statement() -> flask.Response:
    """The own one; people of the platform name an organisation."""
    signed_in()
    query = _query()

    def work(uow: Uow) -> dict[str, Any]:
        asked = statements.ask(uow, actor(), **query)
        whose = asked.account.organisation_id or ""
        return {
            "found": statements.statement(uow, asked), "whose": identity.organisation(uow, whose),
            "month": query["month"] or ("" if query["first"] else periods.month_of(uow.now(), asked.zone)),
            "named": query["organisation_id"], "accounts": (*_BUYER, *_SUPPLIER),
        }  # fmt: skip

    return render("money/account_statement.html", query=query, **read(work))


@pages.get("/statement-of-account.csv")
def account_statement_file() -> flask.Response:
    signed_in()
    query = _query()
    asked = read(lambda uow: statements.ask(uow, actor(), **query))
    name = f"statement-{asked.account.kind}-{asked.starts_at:%Y%m%d}.csv"
    return table(name, statements.table(house(), asked))


@pages.get("/settlements/<month>.csv")
def settlement_file(month: str) -> flask.Response:
    """A supplier's month, customer by customer: what was invoiced, the commission, the share."""
    signed_in()
    return table(f"settlement-{month}.csv", iter([read(lambda uow: _settlement(uow, month))]))


def _settlement(uow: Uow, month: str) -> str:
    periods.month(month, uow.house.settings.timezone)
    found = settlement.settlements(uow, actor(), month=month, limit=1).items
    rows = found[0].rows if found else ()
    names = identity.organisations(uow, {row.buyer_id for row in rows} | {row.supplier_id for row in rows})
    return sheets.settlement(rows, {each.id: each.name for each in names.values()})


def _query() -> dict[str, Any]:
    given = {name: value for name, value in flask.request.args.to_dict().items() if value and name != "done"}
    loaded: dict[str, Any] = load(StatementQuery, given, where="query")
    return loaded
