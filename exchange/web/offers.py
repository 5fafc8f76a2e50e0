"""The offer of an interface as its form says it: the price plan, and the limits of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from catalog.listings.types import OfferSnapshot

LIMITS = ("rate_per_second", "burst", "concurrency", "quota", "trial_calls")
KINDS = ("per_hit", "per_call", "package", "free", "negotiated")
_WHOLE = ("quantity", "free_quota", "valid_days")


class CallOfferForm(Schema):
    """Every field but the kind may be empty; what the kind needs, the plan asks for by name."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    price = fields.String(load_default="")
    amount = fields.String(load_default="")
    unit = fields.String(load_default="call", validate=validate.OneOf(["call", "hit"]))
    quantity = fields.Integer(load_default=None)
    free_quota = fields.Integer(load_default=None)
    valid_days = fields.Integer(load_default=None)
    term_months = fields.Integer(load_default=12, validate=validate.Range(min=0, max=120))
    purposes = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    rate_per_second = fields.Integer(load_default=None)
    burst = fields.Integer(load_default=None)
    concurrency = fields.Integer(load_default=None)
    quota = fields.Integer(load_default=None)
    quota_period = fields.String(load_default="day", validate=validate.OneOf(["day", "month"]))
    trial_calls = fields.Integer(load_default=None)


def plan_of(form: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The price plan's document; the service checks it."""
    plan: dict[str, Any] = {"version": 1, "kind": form["kind"]}
    if form["kind"] in ("free", "negotiated"):
        return plan
    plan["currency"] = currency
    if form["kind"] == "package":
        plan |= {"amount": form["amount"], "unit": form["unit"], "quantity": form["quantity"]}
        return plan | ({"valid_days": form["valid_days"]} if form["valid_days"] else {})
    plan["price"] = form["price"]
    return plan | ({"free_quota": form["free_quota"], "period": "month"} if form["free_quota"] else {})


def limits_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """The limits' document: only what was given."""
    given = {name: form[name] for name in LIMITS if form[name] is not None}
    return given | ({"quota_period": form["quota_period"]} if "quota" in given else {})


def typed(offer: OfferSnapshot | None, form: Mapping[str, Any]) -> dict[str, Any]:
    """The form's fields: as sent, else as stored, else a beginning."""
    if "rate_per_second" in form:
        getlist = getattr(form, "getlist", None)
        return {**form, "purposes": getlist("purposes") if getlist else []}
    if offer is None:
        return {"kind": "per_hit", "term_months": 12, "purposes": ["product"], "trial_calls": 10}
    stored = {name: value for name, value in {**offer.plan, **(offer.limits or {})}.items() if value is not None}
    return stored | {"term_months": offer.term_months, "purposes": list(offer.purposes)}
