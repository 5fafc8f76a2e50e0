"""One listing as buyers see it, and as its supplier writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import flask
from werkzeug.wrappers import Response

from billing.ledger import queries as ledger
from catalog.files import service as files
from catalog.listings import queries, service
from catalog.listings.types import ListingKind, ListingSnapshot, ListingState
from catalog.search import queries as search
from compliance.identity import queries as identity
from compliance.identity.types import OrganisationSnapshot
from compliance.policy import decide, declaring
from core.db import Uow
from core.problems import DomainError, StaleVersion, Unavailable
from core.speech import gettext
from exchange.trading import quoting, subscriptions
from exchange.trading.types import OrderSnapshot
from exchange.web import (
    drafts,
    forms,
    hits,
    licences,
    negotiations,
    offers,
    operations,
    plans,
    samples,
    trying,
    uploads,
)
from exchange.web.explain import DecisionText, card
from exchange.web.formats import number, size
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.words import word

_ABILITIES = ("listing:sample", "listing:order")


@dataclass
class ListingPage:
    """All that the page of one listing shows."""

    listing: ListingSnapshot
    supplier: OrganisationSnapshot | None
    own: bool
    abilities: list[tuple[str, DecisionText]]
    order: DecisionText | None
    sample: samples.SampleText | None = None
    sample_refused: DecisionText | None = None
    revisions: Sequence[Any] = ()
    balance: Any = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    suspend: DecisionText | None = None
    licences: list[licences.Licence] = field(default_factory=list)
    operations: list[operations.OperationText] = field(default_factory=list)
    limits: list[tuple[str, str]] = field(default_factory=list)
    billed: tuple[str, ...] | None = None
    inquire: DecisionText | None = None
    offer_form: Mapping[str, Any] | None = None
    quote: quoting.Quote | None = None
    quote_problem: DomainError | None = None
    running: Sequence[OrderSnapshot] = ()
    may_announce: bool = False


@pages.get("/listings/<listing_id>")
def listing(listing_id: str, problem: DomainError | None = None, tried: trying.Tried | None = None) -> flask.Response:
    """``tried`` is what a call that was made from this page came back with."""
    page = read(lambda uow: _page(uow, listing_id))
    return render(
        "listing/show.html", problem.status if problem else 200, page=page, problem=problem, tried=tried,
        form=flask.request.form, similar=_similar(listing_id),
    )  # fmt: skip


def _similar(listing_id: str) -> list[hits.HitText]:
    """What is like it; nothing while there is no index."""
    try:
        return hits.rows(actor(), search.similar(house(), actor(), listing_id))
    except Unavailable:
        return []


def _page(uow: Uow, listing_id: str) -> ListingPage:
    who = actor()
    found = queries.get(uow, who, listing_id)
    decisions = {action: _decision(found, action) for action in _ABILITIES}
    page = ListingPage(
        listing=found,
        supplier=identity.organisations(uow, [found.supplier_id]).get(found.supplier_id),
        own=who.organisation_id == found.supplier_id,
        abilities=[(_ability(found.kind, action), decision) for action, decision in decisions.items() if decision],
        order=decisions["listing:order"],
        revisions=queries.revisions(uow, who, listing_id),
        facts=_facts(found),
        inquire=_decision(found, "listing:inquire"),
    )
    if page.own and found.state == ListingState.LISTED:
        page.offer_form = negotiations.private_offer(found)
    _add_prices(uow, page)
    if who.platform("officer") and found.state == ListingState.LISTED:
        page.suspend = card(decide(who, "listing:suspend", queries.resource_of(house(), found)))
    if found.kind == ListingKind.INTERFACE:
        _add_operations(uow, page)
    else:
        _add_sample(uow, page, decisions["listing:sample"])
    if page.order is not None and page.order.permitted and who.organisation_id:
        page.balance = ledger.balance(uow, who.organisation_id)
    return page


def _add_prices(uow: Uow, page: ListingPage) -> None:
    """What was reckoned, if it was asked for; and the subscriptions that an order could take the place of."""
    who, found = actor(), page.listing
    if who.organisation_id and not page.own:
        page.running = subscriptions.running(uow, who, found.id)
    page.may_announce = page.own and bool(found.offer) and subscriptions.has_subscribers(uow, found.id)
    asked = flask.request.args.get("calls")
    if asked is None or found.kind != ListingKind.INTERFACE or flask.request.method != "GET":
        return
    try:
        page.quote = quoting.quote(uow, who, found.id, calls=quoting.units_from(asked))
    except DomainError as problem:
        page.quote_problem = problem


def _add_operations(uow: Uow, page: ListingPage) -> None:
    """What is on offer; to those who hold a licence what they licensed, with lines to copy."""
    listing_id, revision = page.listing.id, page.listing.revision
    page.limits = operations.limits(page.listing.offer.limits if page.listing.offer else None)
    page.billed = plans.billed(page.listing.offer.plan if page.listing.offer else None)
    page.licences = licences.held(uow, actor(), listing_id)
    usable = next((each for each in page.licences if each.callable), None)
    if usable is not None:
        caller = operations.Caller(f"{house().settings.gateway_address}/i/{listing_id}", usable.purpose)
        page.operations = operations.operations(usable.interface, caller)
    elif revision is not None and revision.interface is not None:
        page.operations = operations.operations(revision.interface)


def _decision(found: ListingSnapshot, action: str) -> DecisionText | None:
    """Why, or why not. To a stranger only the first reason: the others follow from it."""
    shown = card(decide(actor(), action, queries.resource_of(house(), found), declaring(actor())))
    if shown is None or actor().signed_in:
        return shown
    return replace(shown, needs=shown.needs[:1])


def _add_sample(uow: Uow, page: ListingPage, decision: DecisionText | None) -> None:
    if decision is not None and decision.permitted:
        page.sample = samples.sample(uow, actor(), page.listing)
    else:
        page.sample_refused = decision


def _ability(kind: str, action: str) -> str:
    if action == "listing:order":
        return gettext("Order at the list price")
    return gettext("See the examples") if kind == ListingKind.INTERFACE else gettext("See the sample")


def _facts(found: ListingSnapshot) -> list[tuple[str, str]]:
    facts = [(gettext("Scene"), word("scene", found.scene)), (gettext("Origin"), word("origin", found.origin))]
    if found.revision is not None and found.revision.interface is not None:
        facts.append((gettext("Operations"), number(found.revision.interface.operation_count)))
    elif found.revision is not None:
        files = found.revision.files
        facts.append((gettext("Files"), number(len(files))))
        facts.append((gettext("Size"), size(sum(file.size for file in files))))
        if found.revision.profile is not None and found.revision.profile.rows:
            facts.append((gettext("Rows"), number(found.revision.profile.rows)))
    return facts


@pages.get("/listings/new")
def new_listing(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    form = drafts.given(flask.request.form) if flask.request.form else drafts.empty()
    status = problem.status if problem else 200
    kind = flask.request.values.get("kind", "dataset")
    return render("listing/edit.html", status, page=drafts.blank_page(kind), form=form, problem=problem)


@pages.post("/listings/new")
@again(new_listing)
def create_listing() -> Response:
    signed_in()
    form = forms.load(forms.ListingForm)
    made = act(lambda uow: service.create(uow, actor(), fields=drafts.fields_of(form) | {"kind": form["kind"]}))
    return done("listing-created", "web.edit_listing", listing_id=made.id, _anchor="files")


@pages.get("/listings/<listing_id>/edit")
def edit_listing(listing_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    page = read(lambda uow: drafts.page(uow, actor(), listing_id))
    form = drafts.of_listing(page.listing)
    if problem is not None and flask.request.form:
        form = form | drafts.sent(flask.request.form)
    offer = offers.typed(page.listing.offer if page.listing else None, flask.request.form if problem else {})
    status = problem.status if problem else 200
    theirs = drafts.conflict(page.listing, flask.request.form) if isinstance(problem, StaleVersion) else []
    return render(
        "listing/edit.html", status, page=page, form=form, offer=offer, sent=flask.request.form, problem=problem,
        theirs=theirs,
    )  # fmt: skip


@pages.post("/listings/<listing_id>/edit")
@again(edit_listing)
def save_listing(listing_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ListingForm)
    act(lambda uow: service.edit(uow, actor(), listing_id, form["version"], drafts.fields_of(form)))
    return done("listing-saved", "web.edit_listing", listing_id=listing_id, _anchor="files")


@pages.post("/listings/<listing_id>/files")
@again(edit_listing)
def add_files(listing_id: str) -> Response:
    """Store the files of a form, then make them one new revision."""
    signed_in()
    uploads.add_revision(listing_id, flask.request.files.getlist("files"), flask.request.form.get("notes", ""))
    return done("files-added", "web.edit_listing", listing_id=listing_id, _anchor="offer")


@pages.post("/listings/<listing_id>/files/<file_id>/scan")
def scan_again(listing_id: str, file_id: str) -> Response:
    signed_in()
    try:
        act(lambda uow: files.scan_again(uow, actor(), file_id))
    except DomainError as problem:
        return edit_listing(listing_id, problem)
    return done("scan-begun", "web.edit_listing", listing_id=listing_id, _anchor="files")


@pages.post("/listings/<listing_id>/offer")
@again(edit_listing)
def set_offer(listing_id: str) -> Response:
    signed_in()
    form = forms.load_lists(forms.OfferForm, "purposes")
    offer = drafts.offer_of(form, house().settings.currency)
    act(lambda uow: service.set_offer(uow, actor(), listing_id, **offer))
    return done("offer-saved", "web.edit_listing", listing_id=listing_id, _anchor="submit")


@pages.post("/listings/<listing_id>/submit")
@again(edit_listing)
def submit_listing(listing_id: str) -> Response:
    signed_in()
    form = forms.load(forms.DeclarationForm)
    act(lambda uow: _declare_and_submit(uow, listing_id, form))
    return done("listing-sent", "web.edit_listing", listing_id=listing_id)


def _declare_and_submit(uow: Uow, listing_id: str, declarations: dict[str, str]) -> None:
    """Both or neither: what is handed in is what was declared."""
    found = queries.get(uow, actor(), listing_id)
    service.edit(uow, actor(), listing_id, found.version, {"declarations": declarations})
    service.submit(uow, actor(), listing_id)


@pages.post("/listings/<listing_id>/tier")
@again(edit_listing)
def raise_tier(listing_id: str) -> Response:
    """Upwards only; what is on sale and now needs more approval goes back into review."""
    signed_in()
    form = forms.load(forms.TierForm)
    act(lambda uow: service.raise_tier(uow, actor(), listing_id, tier=form["tier"]))
    return done("tier-raised", "web.edit_listing", listing_id=listing_id)


@pages.post("/listings/<listing_id>/suspend")
def suspend_listing(listing_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    act(lambda uow: service.suspend(uow, actor(), listing_id, reason=reason))
    return done("listing-suspended", "web.listing", listing_id=listing_id)


@pages.post("/listings/<listing_id>/withdraw")
def withdraw_listing(listing_id: str) -> Response:
    signed_in()
    act(lambda uow: service.withdraw(uow, actor(), listing_id))
    return done("listing-withdrawn", "web.edit_listing", listing_id=listing_id)
