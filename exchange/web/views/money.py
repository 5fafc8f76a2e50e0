"""Money: the balance, invoices, the ledger, what suppliers are owed, and top-ups."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.wrappers import Response

from billing.invoices import queries as invoices
from billing.ledger import queries as ledger
from billing.payments import queries as payments
from billing.payments import service as payments_service
from billing.settlement import queries as settlement
from compliance.identity import queries as identity
from core.db import Uow
from core.problems import DomainError
from exchange.web import forms
from exchange.web.naming import organisation_named
from exchange.web.paying import may_pay, ways_to_pay
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in


@pages.get("/balance")
def balance(problem: DomainError | None = None) -> Response:
    """The prepaid balance of the own organisation; the platform's people have the whole ledger instead."""
    signed_in()
    if actor().organisation_id is None:
        return flask.redirect(flask.url_for("web.ledger_page"), 303)

    def work(uow: Uow) -> dict[str, Any]:
        return {
            "balance": ledger.own_balance(uow, actor()),
            "rows": ledger.statement(uow, actor(), limit=10).items,
            "invoices": invoices.listed(uow, actor(), cursor=flask.request.args.get("cursor")),
            "topups": payments.listed(uow, actor(), limit=10).items,
            "ways": ways_to_pay(uow), "may_pay": may_pay(),
        }  # fmt: skip

    status = problem.status if problem else 200
    return render("money/balance.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.get("/ledger")
def ledger_page() -> flask.Response:
    """An organisation's own accounts; for finance of the platform, all of it by kind."""
    signed_in()
    if not actor().organisation_id:
        rows, sums = read(lambda uow: (ledger.trial_rows(uow, actor()), ledger.trial_balance(uow)))
        return render("money/trial.html", rows=rows, sums=sums)
    account = flask.request.args.get("account", "buyer_prepaid")
    cursor = flask.request.args.get("cursor")
    page = read(lambda uow: ledger.statement(uow, actor(), account=account, cursor=cursor))
    return render("money/ledger.html", page=page, account=account)


@pages.get("/payables")
def payables() -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        page = settlement.payables(uow, actor(), cursor=flask.request.args.get("cursor"))
        names = identity.organisations(uow, {each.supplier_id for each in page.items})
        return {"page": page, "totals": settlement.totals(uow, actor()) if actor().organisation_id else None,
                "names": names}  # fmt: skip

    return render("money/payables.html", **read(work))


@pages.get("/topups")
def topups(problem: DomainError | None = None) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        page = payments.listed(uow, actor(), cursor=flask.request.args.get("cursor"))
        names = identity.organisations(uow, {each.organisation_id for each in page.items})
        return {"page": page, "names": names}

    status = problem.status if problem else 200
    return render("money/topups.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/topups")
@again(topups)
def record_topup() -> Response:
    signed_in()
    form = forms.load(forms.TopUpForm)
    act(lambda uow: _record_topup(uow, form))
    return done("topup-recorded", "web.topups")


def _record_topup(uow: Uow, form: dict[str, Any]) -> None:
    paid_by = organisation_named(uow, form["organisation_id"], "organisation_id")
    given = form | {"organisation_id": paid_by, "currency": house().settings.currency}
    payments_service.record_topup(uow, actor(), **given)


@pages.post("/topups/<topup_id>/confirm")
def confirm_topup(topup_id: str) -> Response:
    signed_in()
    act(lambda uow: payments_service.confirm_topup(uow, actor(), topup_id))
    return done("topup-confirmed", "web.topups")


@pages.post("/topups/<topup_id>/<any(reject, cancel):step>")
def undo_topup(topup_id: str, step: str) -> Response:
    """Another person rejects what the bank does not show; whoever recorded it takes back a mistake."""
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    carried_out = payments_service.reject_topup if step == "reject" else payments_service.cancel_topup
    act(lambda uow: carried_out(uow, actor(), topup_id, reason=reason))
    return done("topup-rejected" if step == "reject" else "topup-cancelled", "web.topups")
