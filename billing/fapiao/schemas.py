"""Wire shapes of fapiao."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import MoneyField, PageQuery, TextField, UtcField, page_of


class FapiaoQuery(PageQuery):
    state = TextField(load_default=None, longest=20)


class FapiaoIn(Schema):
    kind = TextField(required=True, longest=20)


class FapiaoIssuedIn(Schema):
    number = TextField(required=True, shortest=1, longest=40)
    code = TextField(load_default="", longest=40)


class FapiaoRefusedIn(Schema):
    reason = TextField(required=True, shortest=2, longest=500)


class FapiaoOut(Schema):
    id = fields.String()
    invoice_id = fields.String()
    invoice_number = fields.String()
    buyer_id = fields.String()
    kind = fields.String()
    buyer = fields.Dict()
    currency = fields.String()
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    credited = MoneyField()
    state = fields.String()
    number = fields.String()
    code = fields.String()
    reason = fields.String()
    requested_at = UtcField()
    decided_at = UtcField(allow_none=True)
    version = fields.Integer()


FapiaoPageOut = page_of(FapiaoOut)
