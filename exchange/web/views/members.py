"""An organisation's people: who they are, what they may do, who is invited; and accounts for programs."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.identity import invitations, members, queries
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.trading import spending
from exchange.web import forms
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in

ROLES = ("supplier", "buyer", "developer", "finance")


class RolesForm(Schema):
    roles = fields.List(fields.String(validate=validate.OneOf(ROLES)), required=True, validate=validate.Length(min=1))


class InviteForm(RolesForm):
    email = TextField(required=True, shortest=3, longest=254)


class LimitForm(Schema):
    amount = TextField(load_default="", longest=40)
    monthly = TextField(load_default="", longest=40)


class ServiceForm(Schema):
    name = TextField(required=True, shortest=1, longest=100)


@pages.get("/settings/members", endpoint="members")
def show_members(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    status = problem.status if problem else 200
    return render(
        "settings/members.html", status, problem=problem, form=flask.request.form, roles=ROLES, **read(_shown)
    )  # fmt: skip


def _shown(uow: Uow) -> dict[str, Any]:
    who = actor()
    waiting = invitations.pending(uow, who) if "owner" in who.roles else []
    limits = {each.account_id: each for each in spending.limits(uow, who)}
    return {"members": queries.members(uow, who), "invitations": waiting, "limits": limits}


@pages.post("/settings/invitations")
@again(show_members)
def invite() -> Response:
    signed_in()
    form = forms.load_lists(InviteForm, "roles")
    act(lambda uow: invitations.invite(uow, actor(), **form))
    return done("invited", "web.members")


@pages.post("/settings/invitations/<invitation_id>/end")
def take_invitation_back(invitation_id: str) -> Response:
    signed_in()
    act(lambda uow: invitations.take_back(uow, actor(), invitation_id))
    return done("invitation-ended", "web.members")


@pages.post("/settings/members/<account_id>/roles")
def set_roles(account_id: str) -> Response:
    signed_in()
    try:
        form = forms.load_lists(RolesForm, "roles")
        act(lambda uow: members.set_roles(uow, actor(), account_id, form["roles"]))
    except DomainError as problem:
        return show_members(problem)
    return done("roles-changed", "web.members")


@pages.post("/settings/members/<account_id>/limit")
def limit_spending(account_id: str) -> Response:
    """What the member may order alone; empty lifts the limit."""
    signed_in()
    try:
        form = forms.load(LimitForm)
        amount, monthly = form["amount"] or None, form["monthly"] or None
        act(lambda uow: spending.limit(uow, actor(), account_id, amount, monthly))
    except DomainError as problem:
        return show_members(problem)
    return done("limit-set" if amount else "limit-lifted", "web.members")


@pages.post("/settings/members/<account_id>/remove")
def remove_member(account_id: str) -> Response:
    signed_in()
    try:
        act(lambda uow: members.remove(uow, actor(), account_id))
    except DomainError as problem:
        return show_members(problem)
    return done("member-removed", "web.members")


@pages.post("/settings/service-accounts")
@again(show_members)
def create_service_account() -> Response:
    signed_in()
    form = forms.load(ServiceForm)
    act(lambda uow: members.create_service_account(uow, actor(), name=form["name"]))
    return done("service-account-made", "web.members")
