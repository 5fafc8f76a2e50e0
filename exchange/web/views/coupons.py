"""Coupons: a supplier's for its listings, and the platform's campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from billing.coupons import queries, service
from billing.coupons.types import CouponSnapshot
from billing.invoices import queries as invoices
from catalog.listings import queries as listings
from compliance.identity import queries as identity
from core.db import Uow
from core.fields import DayField, TextField
from core.money import WHOLE_BP
from core.problems import DomainError, NotFound
from exchange.web import forms
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.zones import zone

_TO_CHOOSE_FROM = 100


class CouponForm(Schema):
    code = TextField(required=True, shortest=3, longest=40)
    percent = fields.Decimal(load_default=None, places=None, validate=validate.Range(0, 100))
    amount = TextField(load_default=None, longest=40)
    listing_id = TextField(load_default=None, longest=40)
    minimum = TextField(load_default="0", longest=40)
    periods = fields.Integer(load_default=1, validate=validate.Range(1, 120))
    most = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))
    first = DayField(load_default=None)
    last = DayField(load_default=None)


@pages.get("/coupons")
def coupons(problem: DomainError | None = None) -> flask.Response:
    """What one's own side gave out, and a form to give out another."""
    signed_in()
    status = problem.status if problem else 200
    return render(
        "money/coupons.html", status, problem=problem, form=flask.request.form, currency=house().settings.currency,
        **read(_coupons),
    )  # fmt: skip


def _coupons(uow: Uow) -> dict[str, Any]:
    page = queries.listed(uow, actor(), cursor=flask.request.args.get("cursor"))
    own = listings.own_briefs(uow, actor(), limit=_TO_CHOOSE_FROM).items if actor().organisation_id else []
    return {"page": page, "own": own, "titles": _titles(uow, {each.listing_id or "" for each in page.items})}


def _titles(uow: Uow, ids: set[str]) -> dict[str, Mapping[str, str]]:
    """Of those listings that the reader may see."""
    found = {}
    for listing_id in ids - {""}:
        with suppress(NotFound):
            found[listing_id] = listings.get(uow, actor(), listing_id).title
    return found


@pages.post("/coupons")
@again(coupons)
def make_coupon() -> Response:
    """Valid through whole days in the reader's zone."""
    signed_in()
    form = forms.load(CouponForm, keep_empty=False)
    percent, first, last = form.pop("percent"), form.pop("first"), form.pop("last")
    given = form | {
        "percent_bp": _basis_points(percent), "starts_at": _midnight(first),
        "ends_at": _midnight(last + timedelta(days=1)) if last else None,
    }  # fmt: skip
    made = act(lambda uow: _make(uow, given))
    return done("coupon-made", "web.coupon", coupon_id=made.id)


def _make(uow: Uow, given: dict[str, Any]) -> CouponSnapshot:
    if given["listing_id"]:
        listings.get(uow, actor(), given["listing_id"])
    return service.create(uow, actor(), **given)


@pages.get("/coupons/<coupon_id>")
def coupon(coupon_id: str) -> flask.Response:
    """One coupon, and what it was used for."""
    signed_in()
    return render("money/coupon.html", **read(lambda uow: _coupon(uow, coupon_id)))


def _coupon(uow: Uow, coupon_id: str) -> dict[str, Any]:
    found = queries.get(uow, actor(), coupon_id)
    uses = queries.uses(uow, actor(), coupon_id, cursor=flask.request.args.get("cursor"))
    return {
        "coupon": found, "uses": uses, "titles": _titles(uow, {found.listing_id or ""}),
        "taken_off": invoices.taken_off(uow, {each.order_id for each in uses.items}),
        "names": identity.organisations(uow, {each.organisation_id for each in uses.items}),
    }  # fmt: skip


@pages.post("/coupons/<coupon_id>/end")
def end_coupon(coupon_id: str) -> Response:
    signed_in()
    act(lambda uow: service.end(uow, actor(), coupon_id))
    return done("coupon-ended", "web.coupon", coupon_id=coupon_id)


def _basis_points(percent: Decimal | None) -> int | None:
    """Hundredths of a percent; what is finer is cut."""
    return None if percent is None else int(percent * WHOLE_BP / 100)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone()).astimezone(UTC)
