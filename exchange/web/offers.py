"""The offer of an interface as its form says it: the price plan, and the limits of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from catalog.listings.types import OfferSnapshot
from core.plans import Period

LIMITS = ("rate_per_second", "burst", "concurrency", "quota", "trial_calls")
KINDS = (
    "per_hit", "per_call", "graduated", "volume", "subscription", "minimum", "package", "free", "negotiated",
)  # fmt: skip
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
    steps = fields.String(load_default="")
    fee = fields.String(load_default="")
    period = fields.String(load_default="month", validate=validate.OneOf([str(period) for period in Period]))
    included = fields.Integer(load_default=None)
    overage = fields.String(load_default="")
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
    free = {"free_quota": form["free_quota"], "period": "month"} if form["free_quota"] else {}
    if form["kind"] in ("graduated", "volume"):
        return plan | {"unit": form["unit"], "steps": _steps(form["steps"])} | free
    if form["kind"] == "subscription":
        return plan | _subscription(form)
    if form["kind"] == "minimum":
        usage = {"version": 1, "kind": f"per_{form['unit']}", "currency": currency, "price": form["price"]}
        return plan | {"amount": form["fee"], "period": form["period"], "usage": usage}
    return plan | {"price": form["price"]} | free


def _subscription(form: Mapping[str, Any]) -> dict[str, Any]:
    """Without included units it is a fee alone."""
    found: dict[str, Any] = {"amount": form["fee"], "period": form["period"]}
    if form["included"]:
        found |= {"unit": form["unit"], "included": form["included"]}
        found |= {"overage": form["overage"]} if form["overage"] else {}
    return found


def _steps(text: str) -> list[dict[str, Any]]:
    """A step a line: up to which number, then the price; the last line has the price alone."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return [{"up_to": _bound(line), "price": line[-1]} for line in lines]


def _bound(line: list[str]) -> int | str | None:
    """What is no number the plan refuses by its place."""
    if len(line) == 1:
        return None
    return int(line[0]) if len(line) == 2 and line[0].isascii() and line[0].isdigit() else " ".join(line[:-1])


def _lines(steps: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"{step['up_to']} {step['price']}" if step["up_to"] else step["price"] for step in steps)


def _shown(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the form calls by other names than the plan's document."""
    found: dict[str, Any] = {"steps": _lines(plan["steps"])} if "steps" in plan else {}
    if plan["kind"] in ("subscription", "minimum"):
        found |= {"fee": plan["amount"], "amount": ""}
    if plan["kind"] == "minimum":
        usage = plan["usage"]
        found |= {"price": usage.get("price", ""), "unit": usage["kind"].removeprefix("per_")}
    return found


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
    return stored | _shown(stored) | {"term_months": offer.term_months, "purposes": list(offer.purposes)}
