"""Where a supplier's money goes and what went there; and settlement runs, for finance of the platform."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from billing.payouts import accounts, banks, queries, reversals, runs, transfers
from billing.processor import queries as processor
from billing.settlement import queries as settlement
from compliance.identity import queries as identity
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import TextField
from core.http import attachment
from core.problems import DomainError
from exchange.web import forms
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class BankAccountForm(Schema):
    holder = TextField(required=True, shortest=1, longest=140)
    bank = TextField(required=True, shortest=1, longest=140)
    bank_code = TextField(required=True, shortest=8, longest=20)
    number = TextField(required=True, shortest=5, longest=50)
    otp = TextField(load_default="", longest=40)


class ReversalForm(Schema):
    amount = TextField(required=True, shortest=1, longest=40)
    reason = TextField(required=True, shortest=2, longest=500)


class RunForm(Schema):
    currency = fields.String(required=True)


@pages.get("/payouts")
def payouts(problem: DomainError | None = None) -> flask.Response:
    """Payouts to the own organisation and where they go; all of them for the platform's people of the books."""
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        own = actor().organisation_id
        page = queries.payouts(uow, actor(), cursor=flask.request.args.get("cursor"))
        names = identity.organisations(uow, {each.organisation_id for each in page.items})
        found: dict[str, Any] = {"page": page, "names": names, "standing": processor.standing(uow.house)}
        if own:
            found |= {
                "account": queries.own_account(uow, actor()), "bank": queries.own_bank_account(uow, actor()),
                "arrivals": queries.arrivals(uow, actor()), "totals": settlement.totals(uow, actor()),
                "may": {deed: _may(deed, own) for deed in ("onboard", "set_bank")}, "now": uow.now(),
            }  # fmt: skip
        return found

    status = problem.status if problem else 200
    return render("payouts/list.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/payouts/account")
@again(payouts)
def begin_account() -> Response:
    """It is filled in at an address that the page links to: browsers follow no form to another's pages."""
    signed_in()
    act(lambda uow: accounts.begin(uow, actor()))
    return done("payout-account-begun", "web.payouts")


@pages.get("/payouts/account/again")
def fill_in() -> Response:
    """A link works once: who follows this gets a fresh one, also who comes back with one that is used up."""
    signed_in()
    return flask.redirect(accounts.link(house(), actor()), 303)


@pages.get("/payouts/account")
def back_from_account() -> Response:
    """Who comes back from filling it in sees at once what the processor made of it."""
    signed_in()
    read(lambda uow: queries.own_account(uow, actor()))
    accounts.refresh(house(), actor())
    return flask.redirect(flask.url_for("web.payouts"), 303)


@pages.post("/payouts/bank")
@again(payouts)
def change_bank_account() -> Response:
    signed_in()
    given = forms.load(BankAccountForm)
    act(lambda uow: banks.change(uow, actor(), **given))
    return done("bank-account-changed", "web.payouts")


@pages.get("/payouts/<payout_id>")
def payout(payout_id: str, problem: DomainError | None = None) -> flask.Response:
    """One payout with the lines that it pays, and what was taken back of it."""
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        found = queries.payout(uow, actor(), payout_id)
        return {
            "payout": found, "lines": queries.lines_of(uow, found.id),
            "reversals": queries.reversals_of(uow, [found.id]),
            "supplier": identity.organisations(uow, {found.organisation_id}).get(found.organisation_id),
            "may": {deed: _may(deed, found.organisation_id) for deed in ("reverse", "fail")},
        }  # fmt: skip

    status = problem.status if problem else 200
    return render("payouts/show.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/payouts/<payout_id>/reverse")
@again(payout)
def reverse_payout(payout_id: str) -> Response:
    signed_in()
    given = forms.load(ReversalForm)
    act(lambda uow: reversals.reverse(uow, actor(), payout_id, **given))
    return done("transfer-reversed", "web.payout", payout_id=payout_id)


@pages.post("/payouts/<payout_id>/return")
@again(payout)
def return_payout(payout_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"][:500]
    act(lambda uow: transfers.give_back(uow, actor(), payout_id, reason=reason))
    return done("payout-returned", "web.payout", payout_id=payout_id)


@pages.get("/settlement-runs")
def settlement_runs(problem: DomainError | None = None) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.runs(uow, actor(), cursor=flask.request.args.get("cursor"))
        return {"page": page, "currency": uow.house.settings.currency, "may_start": _may("start", None)}

    status = problem.status if problem else 200
    return render("payouts/runs.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/settlement-runs")
@again(settlement_runs)
def start_settlement_run() -> Response:
    signed_in()
    currency = forms.load(RunForm)["currency"]
    started = act(lambda uow: runs.start(uow, actor(), currency=currency))
    return done("run-started", "web.settlement_run", run_id=started.id)


@pages.get("/settlement-runs/<run_id>")
def settlement_run(run_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        report = queries.run(uow, actor(), run_id)
        known = {each.organisation_id for each in report.payouts} | {each.organisation_id for each in report.skips}
        destinations = queries.bank_accounts(uow, [each.destination for each in report.payouts])
        return {"report": report, "names": identity.organisations(uow, known), "banks": destinations,
                "may_file": _may("file", None)}  # fmt: skip

    status = problem.status if problem else 200
    return render("payouts/run.html", status, problem=problem, **read(work))


@pages.post("/settlement-runs/<run_id>/file")
@again(settlement_run)
def make_payment_file(run_id: str) -> Response:
    signed_in()
    act(lambda uow: transfers.make_file(uow, actor(), run_id))
    return done("payment-file-made", "web.settlement_run", run_id=run_id)


@pages.post("/settlement-runs/<run_id>/file/<any(csv, xml):kind>")
@again(settlement_run)
def take_payment_file(run_id: str, kind: str) -> Response:
    """A command, for who takes it is written down."""
    signed_in()
    made = house().db.write(lambda uow: transfers.file(uow, actor(), run_id, kind))
    return attachment(made.name, made.content)


@pages.post("/settlement-runs/<run_id>/confirm")
@again(settlement_run)
def confirm_payment_file(run_id: str) -> Response:
    """What is said against a payment is why it failed; the others were carried out."""
    signed_in()
    failed = forms.load_marked(Schema, "failed-")["values"]
    act(lambda uow: transfers.confirm(uow, actor(), run_id, failed))
    return done("payment-file-confirmed", "web.settlement_run", run_id=run_id)


def _may(deed: str, owner: str | None) -> bool:
    return decide(actor(), f"payout:{deed}", Resource("payout", owner or "platform", {"owner": owner})).permitted
