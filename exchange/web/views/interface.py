"""How a supplier makes the interface of a draft: a document read, operations picked, each of them tried."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from catalog.interfaces import openapi, queries, service
from catalog.interfaces.errors import OpenApiTooLarge
from catalog.listings import queries as listings
from catalog.listings import service as listing_service
from compliance.policy import require
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError, Invalid, Sentence
from exchange.web import forms, interfaces, offers
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.views.listing import edit_listing


class TrialForm(Schema):
    operation = TextField(required=True, longest=64)
    body = fields.String(load_default=None)


class SecretForm(Schema):
    value = fields.String(required=True)


@pages.post("/listings/<listing_id>/openapi")
def read_openapi(listing_id: str) -> Response:
    """Read the document that was pasted or chosen; what is wrong in it is said with its place."""
    signed_in()
    try:
        read(lambda uow: _may_edit(uow, listing_id))
        check = service.check(house(), actor(), _document())
    except DomainError as problem:
        return edit_listing(listing_id, problem)
    return flask.redirect(flask.url_for("web.pick_operations", listing_id=listing_id, check=check.id), 303)


def _may_edit(uow: Uow, listing_id: str) -> None:
    found = listings.get(uow, actor(), listing_id)
    require(actor(), "listing:edit", listings.resource_of(uow.house, found))


def _document() -> bytes:
    sent = flask.request.files.get("file")
    raw = sent.stream.read(openapi.MOST_BYTES + 1) if sent is not None and sent.filename else b""
    raw = raw or flask.request.form.get("document", "").encode()
    if not raw.strip():
        raise Invalid("Paste the document, or choose its file.", field="document")
    if len(raw) > openapi.MOST_BYTES:
        raise OpenApiTooLarge(Sentence("At most %(most)s MiB.", most=openapi.MOST_BYTES >> 20), field="document")
    return raw


@pages.get("/listings/<listing_id>/interface")
def pick_operations(listing_id: str, problem: DomainError | None = None) -> flask.Response:
    """What the document offers, with a proposal for how each outcome reads."""
    signed_in()
    form = flask.request.form
    check_id = form.get("check") or flask.request.args.get("check", "")

    def work(uow: Uow) -> dict[str, Any]:
        _may_edit(uow, listing_id)
        check = queries.openapi_check(uow, actor(), check_id)
        return {
            "check": check,
            "rows": interfaces.forms_of(check, form),
            "listing": listings.get(uow, actor(), listing_id),
        }

    status = problem.status if problem else 200
    return render("listing/pick.html", status, problem=problem, form=form, **read(work))


@pages.post("/listings/<listing_id>/interface")
@again(pick_operations)
def make_interface(listing_id: str) -> Response:
    """The interface, its credential and the revision that holds it: all of them or none."""
    signed_in()
    act(lambda uow: _make(uow, listing_id))
    return done("interface-made", "web.edit_listing", listing_id=listing_id, _anchor="trials")


def _make(uow: Uow, listing_id: str) -> None:
    form = flask.request.form
    check = queries.openapi_check(uow, actor(), form.get("check", ""))
    made = service.create(
        uow, actor(), openapi_check_id=check.id, title=form.get("title", "").strip()[:200] or None,
        upstream=interfaces.upstream_of(form), credential=interfaces.credential_of(form),
        operations=interfaces.picked(check, form),
    )  # fmt: skip
    if form.get("credential_value"):
        service.set_credential(uow, actor(), made.interface.id, value=form["credential_value"])
    notes = form.get("notes", "").strip()[:1000]
    listing_service.add_revision(uow, actor(), listing_id, interface_id=made.interface.id, notes=notes)


@pages.post("/listings/<listing_id>/credential")
@again(edit_listing)
def set_credential(listing_id: str) -> Response:
    signed_in()
    value = forms.load(SecretForm)["value"]
    act(lambda uow: service.set_credential(uow, actor(), _interface_id(uow, listing_id), value=value))
    return done("credential-set", "web.edit_listing", listing_id=listing_id, _anchor="trials")


@pages.post("/listings/<listing_id>/trials")
def try_upstream(listing_id: str) -> Response:
    """Call the upstream once; that it does not answer is shown as what it is, and can be tried again."""
    signed_in()
    try:
        form = forms.load_marked(TrialForm, "value-")
        form["body"] = form["body"] or None
        interface_id = read(lambda uow: _interface_id(uow, listing_id))
        service.try_operation(house(), actor(), interface_id, **form)
    except DomainError as problem:
        return edit_listing(listing_id, problem)
    here = flask.url_for("web.edit_listing", listing_id=listing_id, _anchor=f"trial-{form['operation']}")
    return flask.redirect(here, 303)


def _interface_id(uow: Uow, listing_id: str) -> str:
    _may_edit(uow, listing_id)
    revision = listings.get(uow, actor(), listing_id).revision
    if revision is None or revision.interface is None:
        raise Invalid("Make the interface first.", field="document")
    return revision.interface.id


@pages.post("/listings/<listing_id>/call-offer")
@again(edit_listing)
def set_call_offer(listing_id: str) -> Response:
    signed_in()
    form = forms.load_lists(offers.CallOfferForm, "purposes", keep_empty=False)
    terms = {
        "plan": offers.plan_of(form, house().settings.currency), "limits": offers.limits_of(form),
        "purposes": form["purposes"], "term_months": form["term_months"],
    }  # fmt: skip
    act(lambda uow: listing_service.set_offer(uow, actor(), listing_id, **terms))
    return done("offer-saved", "web.edit_listing", listing_id=listing_id, _anchor="submit")
