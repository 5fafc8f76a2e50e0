"""Wire shapes of the board of demands."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from catalog.listings.types import ListingKind, Scene
from core.fields import IdField, LocalTextField, MoneyField, PageQuery, TextField, UtcField, page_of

_KINDS = ["", *(str(kind) for kind in ListingKind)]
_SCENES = [str(scene) for scene in Scene]


class DemandFields(Schema):
    """What is needed, in one language or both; amounts as strings, in the currency of the exchange."""

    title = LocalTextField(longest=200)
    details = LocalTextField(longest=4000, may_be_empty=True)
    kind = fields.String(validate=validate.OneOf(_KINDS))
    scene = fields.String(validate=validate.OneOf(_SCENES))
    volume = TextField(longest=200)
    lowest = fields.String(allow_none=True)
    highest = fields.String(allow_none=True)
    until = UtcField()


class DemandIn(DemandFields):
    title = LocalTextField(longest=200, required=True)
    scene = fields.String(required=True, validate=validate.OneOf(_SCENES))
    until = UtcField(required=True)


class DemandOut(Schema):
    id = fields.String()
    organisation_id = fields.String()
    title = LocalTextField()
    details = LocalTextField()
    kind = fields.String()
    scene = fields.String()
    volume = fields.String()
    currency = fields.String()
    lowest = MoneyField(allow_none=True)
    highest = MoneyField(allow_none=True)
    until = UtcField()
    state = fields.String()
    reason = fields.String()
    version = fields.Integer()
    created_at = UtcField()
    closed_at = UtcField(allow_none=True)


DemandPageOut = page_of(DemandOut)


class DemandsQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=300))
    kind = fields.String(load_default="", validate=validate.OneOf(_KINDS))
    scene = fields.String(load_default="", validate=validate.OneOf(["", *_SCENES]))


class ReopenIn(Schema):
    until = UtcField(required=True)


class DemandAnswerIn(Schema):
    text = TextField(required=True, shortest=2, longest=4000)
    listing_id = IdField("lst", load_default=None, allow_none=True)


class AnswerOut(Schema):
    id = fields.String()
    demand_id = fields.String()
    organisation_id = fields.String()
    listing_id = fields.String(allow_none=True)
    text = fields.String()
    state = fields.String()
    reason = fields.String()
    created_at = UtcField()


AnswerPageOut = page_of(AnswerOut)


class AnswersOut(Schema):
    items = fields.List(fields.Nested(AnswerOut))


class AnswerDeclineIn(Schema):
    reason = TextField(load_default="", longest=1000)


class WhyIn(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


class ReportOut(Schema):
    organisation_id = fields.String()
    reason = fields.String()
    at = UtcField()


class ReportsOut(Schema):
    items = fields.List(fields.Nested(ReportOut))
