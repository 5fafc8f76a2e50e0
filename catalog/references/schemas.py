"""Wire shapes of imported references."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import LocalTextField, PageQuery, PriceField, TextField, UtcField, page_of


class ReferenceOut(Schema):
    id = fields.String()
    source = fields.String()
    source_title = LocalTextField()
    address = fields.String()
    kind = fields.String()
    title = LocalTextField()
    summary = LocalTextField()
    description = LocalTextField()
    supplier = fields.String()
    tags = fields.List(fields.String())
    scene = fields.String()
    origin = fields.String()
    price_kind = fields.String()
    price_text = fields.String()
    price_details = fields.String()
    currency = fields.String(allow_none=True)
    unit_price = PriceField(allow_none=True)
    price_per = fields.Integer()
    price_period = fields.String(allow_none=True)
    state = fields.String()
    reason = fields.String()
    source_updated_at = UtcField(allow_none=True)
    imported_at = UtcField()
    updated_at = UtcField()
    orderable = fields.Boolean()
    claimed = fields.Boolean()
    listing_id = fields.String(allow_none=True)
    version = fields.Integer()


ReferencePageOut = page_of(ReferenceOut)


class WaitingQuery(PageQuery):
    state = fields.String(load_default="queued", validate=validate.OneOf(("queued", "quarantined")))


class QuarantineIn(Schema):
    reason = TextField(required=True, shortest=2, longest=500)
