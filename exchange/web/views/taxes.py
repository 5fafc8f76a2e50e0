"""Tax details, VAT numbers that wait for finance, and fapiao."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from billing.fapiao import queries as fapiao
from billing.fapiao import service as fapiao_service
from billing.taxes import queries, service
from compliance.identity import queries as identity
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import DayField, TextField, UtcField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.naming import organisation_named
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.views.invoices import invoice as invoice_page
from exchange.web.zones import zone


class TaxDetailsForm(Schema):
    version = fields.Integer(required=True, validate=validate.Range(0))
    title = TextField(load_default="", longest=150)
    taxpayer_number = TextField(load_default="", longest=40)
    address = TextField(load_default="", longest=200)
    phone = TextField(load_default="", longest=40)
    bank = TextField(load_default="", longest=100)
    account = TextField(load_default="", longest=40)
    vat_number = TextField(load_default="", longest=40)


class VatNumberForm(Schema):
    vat_number = TextField(required=True, shortest=2, longest=40)


class ExemptionForm(Schema):
    document = TextField(load_default="", longest=200)
    until = UtcField(load_default=None)


class NewExemptionForm(Schema):
    organisation = TextField(required=True, shortest=3, longest=60)
    document = TextField(required=True, shortest=2, longest=200)
    until = DayField(required=True)


class FapiaoForm(Schema):
    kind = TextField(required=True, longest=20)


class FapiaoIssuedForm(Schema):
    number = TextField(required=True, shortest=1, longest=40)
    code = TextField(load_default="", longest=40)


@pages.get("/tax-details")
def tax_details(problem: DomainError | None = None) -> flask.Response:
    """The own ones; for finance of the platform, whose numbers and exemptions are to be confirmed."""
    signed_in()
    if actor().organisation_id is None:
        return _to_confirm(problem)

    def work(uow: Uow) -> dict[str, Any]:
        own = actor().organisation_id
        return {
            "details": queries.own(uow, actor()), "decision": queries.decision(uow, own),
            "profile": queries.profile_now(uow),
            "may_edit": decide(actor(), "tax:edit", Resource("tax", own or "", {"owner": own})).permitted,
        }  # fmt: skip

    status = problem.status if problem else 200
    return render("money/tax_details.html", status, problem=problem, form=flask.request.form, **read(work))


def _to_confirm(problem: DomainError | None) -> flask.Response:
    def work(uow: Uow) -> dict[str, Any]:
        page = queries.to_confirm(uow, actor(), cursor=flask.request.args.get("cursor"))
        return {"page": page, "names": identity.organisations(uow, {each.organisation_id for each in page.items})}

    status = problem.status if problem else 200
    return render("money/tax_confirm.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/tax-details")
@again(tax_details)
def change_tax_details() -> Response:
    signed_in()
    form = forms.load(TaxDetailsForm)
    act(lambda uow: service.change(uow, actor(), **form))
    return done("tax-details-changed", "web.tax_details")


def _page_of(organisation_id: str, problem: DomainError | None = None) -> flask.Response:
    return tax_details(problem)


@pages.post("/organisations/<organisation_id>/vat-number")
@again(_page_of)
def confirm_vat_number(organisation_id: str) -> Response:
    signed_in()
    number = forms.load(VatNumberForm)["vat_number"]
    act(lambda uow: service.confirm_vat_number(uow, actor(), organisation_id, vat_number=number))
    return done("vat-number-confirmed", "web.tax_details")


@pages.post("/organisations/<organisation_id>/exemption")
@again(_page_of)
def exempt(organisation_id: str) -> Response:
    signed_in()
    form = forms.load(ExemptionForm, keep_empty=False)
    act(lambda uow: service.exempt(uow, actor(), organisation_id, **form))
    return done("tax-details-changed", "web.tax_details")


@pages.post("/tax-exemptions")
@again(tax_details)
def record_exemption() -> Response:
    """Finance has seen the document of a buyer that said nothing of its taxes so far; through a day in its own zone."""
    signed_in()
    form = forms.load(NewExemptionForm)
    until = datetime.combine(form["until"] + timedelta(days=1), time.min, zone()).astimezone(UTC)
    act(lambda uow: _exempt(uow, form["organisation"], form["document"], until))
    return done("exemption-recorded", "web.tax_details")


def _exempt(uow: Uow, named: str, document: str, until: datetime) -> None:
    exempted = organisation_named(uow, named, "organisation")
    service.exempt(uow, actor(), exempted, document=document, until=until)


@pages.get("/fapiao")
def fapiao_requests(problem: DomainError | None = None, request_id: str = "") -> flask.Response:
    signed_in()
    state = flask.request.args.get("state")

    def work(uow: Uow) -> dict[str, Any]:
        page = fapiao.listed(uow, actor(), state=state, cursor=flask.request.args.get("cursor"))
        return {"page": page, "names": identity.organisations(uow, {each.buyer_id for each in page.items})}

    status = problem.status if problem else 200
    return render(
        "money/fapiao.html", status, problem=problem, at=request_id, state=state, form=flask.request.form, **read(work)
    )


@pages.post("/invoices/<invoice_id>/fapiao")
@again(invoice_page)
def ask_for_fapiao(invoice_id: str) -> Response:
    signed_in()
    kind = forms.load(FapiaoForm)["kind"]
    act(lambda uow: fapiao_service.request(uow, actor(), invoice_id, kind=kind))
    return done("fapiao-requested", "web.invoice", invoice_id=invoice_id)


@pages.post("/fapiao/<request_id>/issue")
@again(fapiao_requests)
def issue_fapiao(request_id: str) -> Response:
    signed_in()
    form = forms.load(FapiaoIssuedForm)
    act(lambda uow: fapiao_service.issue(uow, actor(), request_id, **form))
    return done("fapiao-issued", "web.fapiao_requests")


@pages.post("/fapiao/<request_id>/refuse")
@again(fapiao_requests)
def refuse_fapiao(request_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"][:500]
    act(lambda uow: fapiao_service.refuse(uow, actor(), request_id, reason=reason))
    return done("fapiao-refused", "web.fapiao_requests")
