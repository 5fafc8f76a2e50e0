"""What went abroad: counters of persons for suppliers and officers, clearances."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from compliance.exports import queries, service
from compliance.identity import queries as identity
from core.db import Uow
from core.fields import DayField, IdField, TextField
from core.problems import DomainError, Invalid
from exchange.web import forms
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class ClearanceForm(Schema):
    organisation_id = IdField("org", required=True)
    mechanism = TextField(required=True, shortest=1, longest=40)
    number = TextField(required=True, shortest=1, longest=100)
    countries = TextField(load_default="", longest=1000)
    valid_from = DayField(required=True)
    valid_until = DayField(required=True)


@pages.get("/exports")
def exports(problem: DomainError | None = None) -> flask.Response:
    """The own counter; for officers those of everybody who sent data abroad this year."""
    signed_in()
    status = problem.status if problem else 200
    return render("exports/show.html", status, problem=problem, form=flask.request.form, **read(_page))


def _page(uow: Uow) -> dict[str, Any]:
    own, year = actor().organisation_id or "", queries.year_of(uow.house, uow.now())
    if actor().platform("officer"):
        counters, clearances = queries.counters(uow, actor(), year), queries.clearances_of(uow, None)
    else:
        counters, clearances = [queries.counter(uow, actor(), own, year)], queries.clearances(uow, actor(), own)
    sent = {each.organisation_id: queries.exports(uow, [each.organisation_id], year) for each in counters}
    named = {each.organisation_id for each in clearances} | {member for each in counters for member in each.members}
    limits = queries.thresholds(uow)
    return {
        "counters": counters, "year": year, "sent": sent, "names": identity.organisations(uow, named),
        "clearances": clearances, "limits": limits,
        "mechanisms": list(dict.fromkeys(each for limit in limits for each in limit.accepts)),
    }  # fmt: skip


@pages.post("/clearances")
@again(exports)
def record_clearance() -> Response:
    signed_in()
    form = forms.load(ClearanceForm)
    given = form | {
        "countries": _countries(form["countries"]),
        "valid_from": datetime.combine(form["valid_from"], time(), UTC),
        "valid_until": datetime.combine(form["valid_until"], time(), UTC),
    }
    act(lambda uow: service.record_clearance(uow, actor(), **given))
    return done("clearance-recorded", "web.exports")


def _countries(text: str) -> list[str]:
    codes = text.replace(",", " ").upper().split()
    if any(len(code) != 2 or not (code.isascii() and code.isalpha()) for code in codes):
        raise Invalid("Two letters for each country, for example SG.", field="countries")
    return codes


@pages.post("/clearances/<clearance_id>/withdraw")
def withdraw_clearance(clearance_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: service.withdraw_clearance(uow, actor(), clearance_id, **form))
    return done("clearance-withdrawn", "web.exports")
