"""Review of listings: what reviewers and officers do."""

from __future__ import annotations

import flask
from werkzeug.wrappers import Response

from catalog.listings.oversight import service as oversight
from compliance.review import queries, service
from core.db import Uow
from core.problems import DomainError, Invalid
from exchange.web import checklists, forms
from exchange.web.papers import attached
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in


@pages.get("/review")
def review_queue() -> flask.Response:
    signed_in()
    cursor = flask.request.args.get("cursor")
    waiting, page = read(lambda uow: (queries.queue_length(uow, actor()), checklists.queue(uow, actor(), cursor)))
    return render("review/queue.html", waiting=waiting, page=page)


@pages.get("/review/<review_id>")
def review(review_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    page = read(lambda uow: checklists.page(uow, actor(), queries.get(uow, actor(), review_id)))
    return render("review/show.html", problem.status if problem else 200, page=page, problem=problem)


@pages.post("/review/<review_id>/items")
@again(review)
def answer_items(review_id: str) -> Response:
    """Every answer that changed, all of them or none."""
    signed_in()
    act(lambda uow: _answer(uow, review_id))
    return done("items-answered", "web.review", review_id=review_id)


def _answer(uow: Uow, review_id: str) -> None:
    items = queries.get(uow, actor(), review_id).items
    typed = {item.id: checklists.typed(flask.request.form, item) for item in items}
    before = {item.id: (item.answer, item.note) for item in items}
    changed = {name: given for name, given in typed.items() if given[0] and given != before[name]}
    if changed:
        service.answer_items(uow, actor(), review_id, changed)


@pages.post("/review/<review_id>/approve")
@again(review)
def approve_review(review_id: str) -> Response:
    signed_in()
    made = act(lambda uow: service.approve(uow, actor(), review_id))
    return done("review-first" if made.awaits_officer else "review-approved", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/return")
def return_review(review_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: service.return_to_supplier(uow, actor(), review_id, reason=form["reason"]))
    return done("review-returned", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/claim")
def claim_review(review_id: str) -> Response:
    signed_in()
    act(lambda uow: service.claim(uow, actor(), review_id))
    return done("review-taken", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/release")
def release_review(review_id: str) -> Response:
    signed_in()
    act(lambda uow: service.let_go(uow, actor(), review_id))
    return done("review-let-go", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/comments")
def comment_review(review_id: str) -> Response:
    signed_in()
    form = forms.load(forms.CommentForm)
    kept = attached("file")
    act(lambda uow: service.comment(uow, actor(), review_id, document_ids=kept, **form))
    return done("review-said", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/approvals/<kind>")
def assess_review(review_id: str, kind: str) -> Response:
    signed_in()
    number = forms.load(forms.NumberForm)["number"]
    kept = attached("file")
    if not kept:
        raise Invalid("Choose the document.", field="file")
    act(lambda uow: service.assess(uow, actor(), review_id, kind, document_id=kept[0], number=number))
    return done("review-assessed", "web.review", review_id=review_id)


@pages.post("/review/<review_id>/lower-tier")
def lower_tier(review_id: str) -> Response:
    signed_in()
    form = forms.load(forms.LowerTierForm)

    def work(uow: Uow) -> None:
        oversight.lower_tier(uow, actor(), queries.get(uow, actor(), review_id).subject_id, **form)

    try:
        act(work)
    except DomainError as problem:
        return review(review_id, problem)
    return done("tier-lowered", "web.review", review_id=review_id)


@pages.post("/listings/<listing_id>/reinstate")
def reinstate_listing(listing_id: str) -> Response:
    """What was stopped is reviewed anew."""
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    act(lambda uow: oversight.reinstate(uow, actor(), listing_id, reason=reason))
    return done("listing-reinstated", "web.listing", listing_id=listing_id)
