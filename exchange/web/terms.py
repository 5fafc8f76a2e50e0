"""Terms of a licence as a page shows them, what changed between two versions, and the form that puts new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from core.fields import TextField
from core.speech import gettext
from core.speech import lazy_gettext as _l
from exchange.trading import terms
from exchange.web import offers, plans
from exchange.web.formats import number
from exchange.web.words import word

_LABELS = {
    "plan": _l("Price, before tax"), "limits": _l("Limits of calls"), "purposes": _l("Purposes"),
    "territories": _l("Territories"), "recipients": _l("Others who may use it"), "count": _l("Calls or rows in all"),
    "term_months": _l("Term"), "starts": _l("Begins"), "deliveries": _l("Delivery"), "watermark": _l("Watermark"),
    "contract": _l("Contract"), "nda": _l("Confidentiality agreement"), "clauses": _l("Further terms"),
    "revision": _l("Revision"),
}  # fmt: skip
_QUIET = frozenset({"version", "revision"})
_MAY_BE_ABSENT = frozenset({"limits", "recipients", "clauses", "watermark", "nda"})


@dataclass(frozen=True)
class Row:
    """One field: as it stands, and as it stood before when that was otherwise."""

    label: str
    text: str
    before: str | None = None


def rows(
    document: Mapping[str, Any], before: Mapping[str, Any] | None = None, *, only_changed: bool = False
) -> list[Row]:
    """The document's fields in words; beside another version what differs is marked."""
    changed = {name for name, _, _ in terms.changes(before, document)} if before else set()
    return [
        Row(str(label), _said(name, document), _said(name, before) if before and name in changed else None)
        for name, label in _LABELS.items()
        if name in document and (name in changed if only_changed else _speaks(name, document))
    ]


def _speaks(name: str, document: Mapping[str, Any]) -> bool:
    """Whether a field of a whole document says anything: what was not asked for is left out.

    The revision is the listing's own; only that it became another one is told.
    """
    return name not in _QUIET and (name not in _MAY_BE_ABSENT or bool(document[name]))


def _said(name: str, document: Mapping[str, Any]) -> str:
    value = document.get(name)
    return _WORDS[name](value) if name in _WORDS else str(value)


def _plan(value: Mapping[str, Any]) -> str:
    said = plans.describe(value)
    return f"{said.amount} / {said.unit}" if said.unit else said.amount


def _limits(value: Mapping[str, Any] | None) -> str:
    if not value:
        return "—"
    parts = [gettext("%(n)s calls a second", n=value["rate_per_second"])]
    if value["quota"] is not None:
        said = gettext("a day") if value["quota_period"] == "day" else gettext("a month")
        parts.append(f"{number(value['quota'])} {said}")
    return " · ".join(parts)


def _listed(group: str, nothing: str = "—") -> Callable[[Any], str]:
    def say(value: Any) -> str:
        return gettext(", ").join(word(group, each) if group else str(each) for each in value) or str(nothing)

    return say


def _yes(value: bool) -> str:
    return gettext("yes") if value else gettext("no")


def _term(value: int) -> str:
    return gettext("%(n)s months", n=value) if value else gettext("without end")


_WORDS: dict[str, Callable[[Any], str]] = {
    "plan": _plan,
    "limits": _limits,
    "purposes": _listed("purpose"),
    "territories": lambda value: gettext(", ").join(value) or gettext("anywhere"),
    "recipients": _listed(""),
    "count": lambda value: number(value) if value is not None else gettext("without limit"),
    "term_months": _term,
    "starts": lambda value: str(value or gettext("when it is paid")),
    "deliveries": _listed("delivery"),
    "watermark": _yes,
    "contract": lambda value: word("contract", value),
    "nda": _yes,
    "clauses": lambda value: "\n".join(value.values()) or "—",
}


class TermsForm(Schema):
    """New terms; what the form does not hold stays as it stands on the table."""

    in_reply_to = fields.String(load_default="")
    kind = fields.String(required=True, validate=validate.OneOf(["one_off", "per_hit", "per_call", "package", "free"]))
    price = fields.String(load_default="")
    amount = fields.String(load_default="")
    unit = fields.String(load_default="call", validate=validate.OneOf(["call", "hit"]))
    quantity = fields.Integer(load_default=None)
    free_quota = fields.Integer(load_default=None)
    valid_days = fields.Integer(load_default=None)
    term_months = fields.Integer(load_default=12)
    count = fields.Integer(load_default=None)
    purposes = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    deliveries = fields.List(fields.String(), load_default=list)
    territories = TextField(load_default="", longest=200)
    recipients = TextField(load_default="", longest=1000)
    watermark = fields.Boolean(load_default=False)
    nda = fields.Boolean(load_default=False)
    contract = fields.String(required=True, validate=validate.OneOf(terms.CONTRACTS))
    clause = TextField(load_default="", longest=4000)
    text = TextField(load_default="", longest=4000)
    buyer_id = TextField(load_default="", longest=60)


def of_form(form: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The terms document's fields that the form speaks of; the service checks them."""
    plan = offers.plan_of(form, currency)
    if form["kind"] == "one_off":
        plan = {"version": 1, "kind": "one_off", "currency": currency, "amount": form["amount"]}
    return {
        "plan": plan, "term_months": form["term_months"], "count": form["count"], "purposes": form["purposes"],
        "territories": form["territories"].upper().replace(",", " ").split(),
        "recipients": form["recipients"].replace(",", " ").split(), "watermark": form["watermark"],
        "nda": form["nda"], "contract": form["contract"],
        "clauses": {"further": form["clause"]} if form["clause"] else {},
    } | ({"deliveries": form["deliveries"]} if form["deliveries"] else {})  # fmt: skip


def typed(document: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """The form's fields: as sent, else as the terms on the table have them."""
    if "contract" in form:
        getlist: Callable[[str], list[str]] = getattr(form, "getlist", lambda name: [])
        return {**form, "purposes": getlist("purposes"), "deliveries": getlist("deliveries")}
    stored = {name: value for name, value in document["plan"].items() if value is not None}
    return {
        **stored, **{name: document[name] for name in ("term_months", "count", "purposes", "deliveries", "contract")},
        "territories": ", ".join(document["territories"]), "recipients": ", ".join(document["recipients"]),
        "watermark": document["watermark"], "nda": document["nda"], "clause": "\n".join(document["clauses"].values()),
    }  # fmt: skip
