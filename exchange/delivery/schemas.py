"""Wire shapes of delivery."""

from __future__ import annotations

from marshmallow import Schema, fields

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
