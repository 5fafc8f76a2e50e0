"""Wire shapes of delivery."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import UtcField


class DeliveryFileOut(Schema):
    file_id = fields.String()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    marked = fields.Boolean()
    ready = fields.Boolean()


class GrantOut(Schema):
    url = fields.String()
    expires_at = UtcField()


class ReceiptOut(Schema):
    id = fields.String()
    file_id = fields.String()
    sha256 = fields.String()
    start = fields.Integer()
    stop = fields.Integer()
    size = fields.Integer()
    complete = fields.Boolean()
    at = UtcField()


class RowsQuery(Schema):
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**53))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class RowPageOut(Schema):
    items = fields.List(fields.Dict())
    after = fields.Integer()
    next = fields.Integer(allow_none=True)
    left = fields.Integer()


class CopyOut(Schema):
    file_id = fields.String()
    sha256 = fields.String(allow_none=True)
    size = fields.Integer(allow_none=True)
    rows = fields.Integer(allow_none=True)
    statement = fields.Dict(allow_none=True)
    created_at = UtcField()
    made_at = UtcField(allow_none=True)
