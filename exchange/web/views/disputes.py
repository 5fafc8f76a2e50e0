"""The dispute about an order: what is contested, what both sides say, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from billing.invoices import queries as invoices
from billing.settlement import queries as settlement
from compliance.audit import queries as audit
from compliance.identity import queries as identity
from compliance.policy import Resource, decide, require
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.delivery import queries as delivery
from exchange.disputes import evidence, queries, service
from exchange.disputes.types import GROUNDS, DisputeSnapshot, Outcome
from exchange.trading import queries as trading
from exchange.trading.types import OrderState
from exchange.web import forms
from exchange.web.explain import card
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.words import word

_DEEDS = ("state", "withdraw", "rule")
_DISPUTABLE = (OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED)


class DisputeForm(Schema):
    ground = fields.String(required=True, validate=validate.OneOf(GROUNDS))
    text = TextField(required=True, shortest=3, longest=5000)
    amount = fields.String(load_default="")
    concerns = fields.List(fields.String(), load_default=())
    files = fields.List(fields.String(), load_default=())


class StatementForm(Schema):
    text = TextField(load_default="", longest=5000)


class RulingForm(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf([str(each) for each in Outcome]))
    amount = fields.String(load_default="")
    reason = TextField(required=True, shortest=3, longest=2000)


@pages.get("/orders/<order_id>/dispute")
def dispute(order_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    found = read(lambda uow: _page(uow, order_id))
    return render(
        "disputes/show.html", problem.status if problem else 200, problem=problem, form=flask.request.form, **found
    )  # fmt: skip


def _page(uow: Uow, order_id: str) -> dict[str, Any]:
    who = actor()
    order = trading.get(uow, who, order_id)
    found = queries.disputes(uow, who, order_id=order_id).items
    current = found[0] if found else None
    going_on = current is not None and not current.ended
    new = Resource("dispute", order.id, {"buyer": order.buyer_id, "supplier": order.supplier_id, "state": "new"})
    open_it = decide(who, "dispute:open", new)
    deeds = {each: decide(who, f"dispute:{each}", queries.resource_of(current)) for each in _DEEDS} if current else {}
    return {
        "order": order, "disputes": found, "current": current, "going_on": going_on,
        "grounds": [(each, word("ground", each)) for each in GROUNDS],
        "parties": identity.organisations(uow, [order.buyer_id, order.supplier_id]),
        "may": {deed: card(each) for deed, each in deeds.items()},
        "may_open": open_it.permitted and not going_on and order.state in _DISPUTABLE,
        **_said(uow, found), **_concerned(uow, order_id),
    }  # fmt: skip


def _said(uow: Uow, found: Sequence[DisputeSnapshot]) -> dict[str, Any]:
    statements = {each.id: queries.statements(uow, actor(), each.id) for each in found}
    entries = [said.audit_entry_id for each in statements.values() for said in each]
    return {"statements": statements, "numbers": audit.numbers(uow, entries)}


def _concerned(uow: Uow, order_id: str) -> dict[str, Any]:
    """The files; for who sees the books also the invoices, what is left of each line, and what stays on hold."""
    books = queries.sees_charges(actor(), order_id)
    charged = [each for each in invoices.of_order(uow, order_id) if not each.corrects] if books else []
    return {
        "books": books,
        "invoices": {each.id: each for each in charged},
        "rests": {each.id: invoices.rests_of(uow, each) for each in charged},
        "files": {file.file_id: file for file in delivery.files(uow, actor(), order_id)},
        "withheld": settlement.withheld_lines(uow, order_id) if books else [],
    }


@pages.post("/orders/<order_id>/dispute")
@again(dispute)
def open_dispute(order_id: str) -> Response:
    signed_in()
    form = forms.load_lists(DisputeForm, "concerns", "files")
    given = {
        "ground": form["ground"], "text": form["text"], "amount": form["amount"].strip() or None,
        "files": form["files"], "concerns": _chosen(form["concerns"]),
    }  # fmt: skip
    act(lambda uow: service.open_dispute(uow, actor(), order_id, **given))
    return done("dispute-opened", "web.dispute", order_id=order_id)


def _chosen(ticked: list[str]) -> list[dict[str, Any]] | None:
    """Ticked lines, ``invoice:number``, by invoice; nothing ticked means all that may be disputed."""
    found: dict[str, list[int]] = {}
    for each in ticked:
        invoice_id, _, number = each.partition(":")
        found.setdefault(invoice_id, []).append(int(number) if number.isascii() and number.isdecimal() else 0)
    return [{"invoice_id": invoice_id, "lines": lines} for invoice_id, lines in found.items()] or None


@pages.post("/disputes/<dispute_id>/state")
def state_case(dispute_id: str) -> Response:
    """A statement, with a file or without."""
    signed_in()
    order_id = read(lambda uow: _may_state(uow, dispute_id))
    try:
        text = forms.load(StatementForm)["text"]
        sent = flask.request.files.get("file")
        exhibit = None
        if sent is not None and sent.filename:
            exhibit = evidence.keep(house(), cast(BinaryIO, sent.stream), name=sent.filename, media_type=sent.mimetype)
        if exhibit is None:
            text = forms.load(_WordsForm)["text"]
        act(lambda uow: service.state(uow, actor(), dispute_id, text=text, exhibit=exhibit))
    except DomainError as problem:
        return dispute(order_id, problem)
    return done("dispute-stated", "web.dispute", order_id=order_id)


class _WordsForm(Schema):
    text = TextField(required=True, shortest=3, longest=5000)


def _may_state(uow: Uow, dispute_id: str) -> str:
    found = queries.get(uow, actor(), dispute_id)
    require(actor(), "dispute:state", queries.resource_of(found))
    return found.order_id


@pages.post("/disputes/<dispute_id>/withdraw")
def withdraw_dispute(dispute_id: str) -> Response:
    signed_in()
    order_id = read(lambda uow: queries.get(uow, actor(), dispute_id).order_id)
    try:
        reason = forms.load(forms.ReasonForm)["reason"]
        act(lambda uow: service.withdraw(uow, actor(), dispute_id, reason=reason))
    except DomainError as problem:
        return dispute(order_id, problem)
    return done("dispute-withdrawn", "web.dispute", order_id=order_id)


@pages.post("/disputes/<dispute_id>/rule")
def rule_dispute(dispute_id: str) -> Response:
    signed_in()
    order_id = read(lambda uow: queries.get(uow, actor(), dispute_id).order_id)
    try:
        form = forms.load(RulingForm)
        amount = form["amount"].strip() or None
        act(
            lambda uow: service.rule(
                uow, actor(), dispute_id, outcome=form["outcome"], reason=form["reason"], amount=amount
            )
        )
    except DomainError as problem:
        return dispute(order_id, problem)
    return done("dispute-ruled", "web.dispute", order_id=order_id)


@pages.get("/disputes/<dispute_id>/evidence/<int:number>")
def dispute_evidence(dispute_id: str, number: int) -> flask.Response:
    signed_in()
    found = read(lambda uow: queries.evidence(uow, actor(), dispute_id, number))
    answer = flask.Response(evidence.read(house(), found.sha256), mimetype=found.media_type)
    answer.headers["Content-Length"] = str(found.size)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file_name)}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
