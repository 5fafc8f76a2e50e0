"""What comes in from forms: Marshmallow schemas for the shape, as strict as the API's."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate

from catalog.listings.types import DECLARATIONS, Scene
from core.fields import TextField
from core.http import load as load_schema

_OWN = {"csrf", "done", "once"}


def load(schema: type[Schema], *, keep_empty: bool = True) -> Any:
    """The form of this request through ``schema``. Raises Invalid naming the field."""
    given = {key: value for key, value in flask.request.form.to_dict().items() if key not in _OWN}
    if not keep_empty:
        given = {key: value for key, value in given.items() if value.strip()}
    return load_schema(schema, given, where="body")


def load_marked(schema: type[Schema], mark: str) -> Any:
    """The same for a form with names that only the page knew: those that begin with ``mark`` become ``values``.

    What was left empty is left out.
    """
    form = {key: value for key, value in flask.request.form.to_dict().items() if key not in _OWN}
    values = {key.removeprefix(mark): value for key, value in form.items() if key.startswith(mark) and value}
    rest = {key: value for key, value in form.items() if not key.startswith(mark)}
    loaded: dict[str, Any] = load_schema(schema, rest, where="body")
    return loaded | {"values": values}


class LinkForm(Schema):
    otp = TextField(load_default="", longest=40)
    link = fields.String(load_default="", validate=validate.Length(max=8000))


class SignInForm(Schema):
    email = TextField(required=True, longest=254)
    password = fields.String(required=True)
    otp = fields.String(load_default="", validate=validate.Length(max=40))
    next = fields.String(load_default="")


class PersonForm(Schema):
    name = TextField(required=True, shortest=1, longest=100)
    email = TextField(required=True, shortest=3, longest=254)
    password = fields.String(required=True)


class RegistrationForm(PersonForm):
    organisation = TextField(required=True, shortest=2, longest=100)
    organisation_en = TextField(load_default="", longest=150)
    country = TextField(load_default="", longest=2)
    credit_code = TextField(load_default="", longest=40)
    registration_number = TextField(load_default="", longest=60)
    origin = fields.String(load_default="enterprise", validate=validate.OneOf(["government", "enterprise", "social"]))


class TierForm(Schema):
    tier = fields.Integer(required=True, validate=validate.Range(min=0, max=5))


class MendForm(Schema):
    version = fields.Integer(required=True)
    name = TextField(required=True, shortest=2, longest=100)
    name_en = TextField(load_default="", longest=150)
    credit_code = TextField(load_default="", longest=40)


class ReasonForm(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


class CommentForm(Schema):
    text = TextField(required=True, shortest=1, longest=4000)
    item = TextField(load_default="", longest=40)


class ClaimForm(Schema):
    statement = TextField(required=True, shortest=2, longest=4000)


class NumberForm(Schema):
    number = TextField(load_default="", longest=100)


class LowerTierForm(TierForm):
    reason = TextField(required=True, shortest=2, longest=1000)


class OrderForm(Schema):
    listing_id = fields.String(required=True)
    offer_id = fields.String(required=True)
    purpose = TextField(required=True, shortest=1, longest=100)
    accept_terms = fields.Boolean(load_default=False)
    replaces = fields.String(load_default=None)
    coupon = TextField(load_default=None, longest=40)


class TopUpForm(Schema):
    organisation_id = fields.String(required=True)
    amount = fields.String(required=True)
    bank_reference = TextField(required=True, shortest=1, longest=100)


def load_lists(schema: type[Schema], *lists: str, ignored: tuple[str, ...] = (), keep_empty: bool = True) -> Any:
    """The same for a form in which some names stand several times; those ``ignored`` are read by somebody else."""
    form = flask.request.form
    given: dict[str, Any] = {key: value for key, value in form.to_dict().items() if key not in {*_OWN, *ignored}}
    if not keep_empty:
        given = {key: value for key, value in given.items() if value.strip()}
    return load_schema(schema, given | {name: form.getlist(name) for name in lists}, where="body")


class ListingForm(Schema):
    kind = fields.String(load_default="dataset", validate=validate.OneOf(["dataset", "interface"]))
    version = fields.Integer(load_default=0)
    title_zh = TextField(load_default="", longest=200)
    title_en = TextField(load_default="", longest=200)
    summary_zh = TextField(load_default="", longest=500)
    summary_en = TextField(load_default="", longest=500)
    description_zh = TextField(load_default="", longest=10_000)
    description_en = TextField(load_default="", longest=10_000)
    terms_zh = TextField(load_default="", longest=10_000)
    terms_en = TextField(load_default="", longest=10_000)
    scene = fields.String(required=True, validate=validate.OneOf([str(scene) for scene in Scene]))
    tags = TextField(load_default="", longest=500)


class OfferForm(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["free", "one_off", "negotiated"]))
    amount = fields.String(load_default="")
    term_months = fields.Integer(load_default=12, validate=validate.Range(min=1, max=120))
    purposes = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class LevelForm(Schema):
    level = fields.Integer(required=True)
    months = fields.Integer(required=True, validate=validate.Range(min=1, max=12))


class HandInForm(MendForm):
    level = fields.Integer(load_default=2, validate=validate.Range(min=2, max=4))
    statement = TextField(required=True, longest=4000)


DeclarationForm = Schema.from_dict(
    {name: TextField(required=True, shortest=1, longest=2000) for name in DECLARATIONS}, name="DeclarationForm"
)
