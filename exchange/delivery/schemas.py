"""Wire shapes of delivery."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import UtcField, page_of


class DeliveryFileOut(Schema):
    file_id = fields.String()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    marked = fields.Boolean()
    ready = fields.Boolean()
    problem = fields.String()


class GrantIn(Schema):
    otp = fields.String(load_default="", validate=validate.Length(max=40))


class GrantOut(Schema):
    url = fields.String()
    expires_at = UtcField()
    tries = fields.Integer()
    own_key = fields.Boolean()


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


class SuspicionOut(Schema):
    order_id = fields.String()
    buyer_id = fields.String()
    accused = fields.Boolean()
    score = fields.Float()
    threshold = fields.Float()
    positions = fields.Integer()
    agreeing = fields.Integer()
    honeytokens = fields.Integer()


class TraceReportOut(Schema):
    file_id = fields.String()
    table = fields.String()
    leaked = fields.String()
    rows = fields.Integer()
    recognised = fields.Integer()
    copies = fields.Integer()
    suspicions = fields.List(fields.Nested(SuspicionOut))


class TraceOut(Schema):
    id = fields.String()
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    asked_at = UtcField()
    done_at = UtcField(allow_none=True)
    problem = fields.String()
    reports = fields.List(fields.Nested(TraceReportOut))


TracePageOut = page_of(TraceOut)
