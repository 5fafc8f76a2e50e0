"""Forms of a negotiation: ask, say, offer, agree, sign; and the contract as a page that prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.contracts.types import ContractSnapshot
from exchange.trading import negotiating, papers, queries, requirements
from exchange.web import forms, terms
from exchange.web.language import language
from exchange.web.naming import organisation_named
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.views.orders import show_order

_LISTS = ("purposes", "deliveries")


class InquiryForm(Schema):
    listing_id = fields.String(required=True)
    purpose = TextField(required=True, longest=60)
    text = TextField(required=True, shortest=2, longest=4000)


class WordsForm(Schema):
    text = TextField(required=True, shortest=1, longest=4000)
    in_reply_to = fields.String(load_default="")


class AnswerForm(Schema):
    in_reply_to = fields.String(load_default="")
    reason = TextField(load_default="", longest=1000)


class CodeForm(Schema):
    otp = TextField(load_default="", longest=40)


@dataclass(frozen=True)
class Paper:
    """A contract for reading: its articles in the page's language, and who signed."""

    contract: ContractSnapshot
    document: dict[str, Any]
    complete: bool


@pages.post("/orders/inquiries")
def inquire() -> Response:
    signed_in()
    form = forms.load(InquiryForm)
    made = act(lambda uow: negotiating.inquire(uow, actor(), **form))
    return done("inquiry-sent", "web.order", order_id=made.id)


@pages.post("/listings/<listing_id>/private-offer")
def offer_privately(listing_id: str) -> Response:
    """An offer of one's own listing to one buyer, at the listing's terms but for what the form says."""
    signed_in()
    form = forms.load_lists(terms.TermsForm, *_LISTS, keep_empty=False)
    given = terms.of_form(form, house().settings.currency)
    made = act(
        lambda uow: negotiating.offer(
            uow,
            actor(),
            listing_id=listing_id,
            buyer_id=organisation_named(uow, form["buyer_id"], "buyer_id"),
            given=given,
            text=form["text"],
        )
    )
    return done("terms-put", "web.order", order_id=made.id)


@pages.post("/orders/<order_id>/messages")
def say(order_id: str) -> Response:
    signed_in()
    form = forms.load(WordsForm)
    act(lambda uow: negotiating.say(uow, actor(), order_id, text=form["text"], in_reply_to=form["in_reply_to"] or None))
    return done("words-said", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/terms")
@again(show_order)
def put_terms(order_id: str) -> Response:
    """New terms; when they cannot be, the page with what was typed and why."""
    signed_in()
    form = forms.load_lists(terms.TermsForm, *_LISTS, keep_empty=False)
    given = terms.of_form(form, house().settings.currency)
    act(
        lambda uow: negotiating.propose(
            uow, actor(), order_id, in_reply_to=form["in_reply_to"], given=given, text=form["text"]
        )
    )
    return done("terms-put", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/agree")
def agree(order_id: str) -> Response:
    signed_in()
    form = forms.load(AnswerForm)
    act(lambda uow: negotiating.agree(uow, actor(), order_id, in_reply_to=form["in_reply_to"]))
    return done("terms-agreed", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/decline")
def decline(order_id: str) -> Response:
    signed_in()
    form = forms.load(AnswerForm)
    act(
        lambda uow: negotiating.decline(
            uow, actor(), order_id, in_reply_to=form["in_reply_to"] or None, reason=form["reason"]
        )
    )
    return done("terms-declined", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/requirements/<name>")
def meet(order_id: str, name: str) -> Response | flask.Response:
    signed_in()
    form = forms.load(CodeForm)
    try:
        act(lambda uow: requirements.meet(uow, actor(), order_id, name, otp=form["otp"]))
    except DomainError as problem:
        return show_order(order_id, problem)
    return done("requirement-met", "web.order", order_id=order_id)


@pages.get("/orders/<order_id>/contract")
def contract(order_id: str) -> flask.Response:
    """The order's contracts, to read and to print."""
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        found = papers.of_order(uow, actor(), order_id)
        return {
            "order": queries.get(uow, actor(), order_id),
            "papers": [Paper(each, json.loads(each.body), papers.complete(each)) for each in found],
        }

    return render("orders/contract.html", tongue=language(), **read(work))
