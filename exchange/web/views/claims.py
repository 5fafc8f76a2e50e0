"""Claims of imported references: a supplier says that one is its own, an officer decides."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.wrappers import Response

from catalog.references import queries as references
from catalog.references.claims import queries, service
from catalog.references.claims.types import ClaimSnapshot
from compliance.documents import queries as documents
from compliance.identity import queries as identity
from compliance.policy import Resource, decide
from core.db import Uow
from core.problems import DomainError
from exchange.web import forms
from exchange.web.explain import card
from exchange.web.papers import attached
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in


@pages.get("/references/<reference_id>/claim")
def claim_form(reference_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        may = decide(actor(), "claim:create", Resource("claim", "new", {"owner": actor().organisation_id}))
        return {
            "reference": references.get(uow, actor(), reference_id),
            "known": queries.own_of(uow, actor(), reference_id), "may": card(may),
        }  # fmt: skip

    return render(
        "review/claim_form.html", problem.status if problem else 200, problem=problem, form=flask.request.form,
        **read(work),
    )  # fmt: skip


@pages.post("/references/<reference_id>/claim")
@again(claim_form)
def claim(reference_id: str) -> Response:
    signed_in()
    statement = forms.load(forms.ClaimForm)["statement"]
    kept = attached("files")
    made = act(lambda uow: service.claim(uow, actor(), reference_id, statement=statement, document_ids=kept))
    return done("claim-made", "web.show_claim", claim_id=made.id)


@pages.get("/claims")
def claims() -> flask.Response:
    signed_in()
    cursor = flask.request.args.get("cursor")

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.claims(uow, actor(), cursor=cursor)
        names = identity.organisations(uow, {each.organisation_id for each in page.items})
        return {"rows": page.items, "names": names, "following": page.next_cursor}

    return render("review/claims.html", **read(work))


@pages.get("/claims/<claim_id>", endpoint="show_claim")
def show(claim_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    return render("review/claim.html", problem.status if problem else 200, problem=problem, **read(_shown(claim_id)))


def _shown(claim_id: str) -> Any:
    def work(uow: Uow) -> dict[str, Any]:
        found = queries.get(uow, actor(), claim_id)
        return {
            "claim": found, "reference": references.get(uow, actor(), found.reference_id),
            "organisation": identity.organisation(uow, found.organisation_id),
            "documents": documents.many(uow, found.documents),
            "decides": _may(found, "claim:decide"), "withdraws": _may(found, "claim:withdraw"),
        }  # fmt: skip

    return work


def _may(claim: ClaimSnapshot, action: str) -> bool:
    return claim.state == "open" and decide(actor(), action, queries.resource_of(claim)).permitted


@pages.post("/claims/<claim_id>/approve")
def approve_claim(claim_id: str) -> Response:
    return _decided(claim_id, "claim-approved", lambda uow: service.approve(uow, actor(), claim_id))


@pages.post("/claims/<claim_id>/reject")
def reject_claim(claim_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    return _decided(claim_id, "claim-rejected", lambda uow: service.reject(uow, actor(), claim_id, reason=reason))


@pages.post("/claims/<claim_id>/withdraw")
def withdraw_claim(claim_id: str) -> Response:
    return _decided(claim_id, "claim-withdrawn", lambda uow: service.withdraw(uow, actor(), claim_id))


def _decided(claim_id: str, notice: str, work: Any) -> Response:
    signed_in()
    try:
        act(work)
    except DomainError as problem:
        if problem.status == 404:
            raise
        return show(claim_id, problem)
    return done(notice, "web.show_claim", claim_id=claim_id)
