"""Wire shapes of settlement."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import MoneyField, PageQuery, UtcField, page_of


class PayableOut(Schema):
    id = fields.String()
    order_id = fields.String()
    supplier_id = fields.String()
    buyer_id = fields.String()
    listing_id = fields.String()
    invoice_id = fields.String()
    period = fields.String()
    month = fields.String()
    currency = fields.String()
    net = MoneyField()
    commission_bp = fields.Integer()
    commission = MoneyField()
    share = MoneyField()
    state = fields.String()
    release_at = UtcField(allow_none=True)
    created_at = UtcField()
    settled_at = UtcField(allow_none=True)


class TotalsOut(Schema):
    currency = fields.String()
    on_hold = MoneyField()
    available = MoneyField()


class PayablesOut(Schema):
    totals = fields.Nested(TotalsOut, allow_none=True)
    items = fields.List(fields.Nested(PayableOut))
    next_cursor = fields.String(allow_none=True)


class SettlementQuery(PageQuery):
    month = fields.String(load_default=None, validate=validate.Regexp(r"\A[0-9]{4}-(0[1-9]|1[0-2])\Z"))
    limit = fields.Integer(load_default=12, validate=validate.Range(1, 100))


class SumsOut(Schema):
    currency = fields.String()
    net = MoneyField()
    commission = MoneyField()
    share = MoneyField()
    on_hold = MoneyField()
    available = MoneyField()


class SettlementRowOut(SumsOut):
    supplier_id = fields.String()
    buyer_id = fields.String()
    listing_id = fields.String()
    invoices = fields.Integer()


class SettlementOut(SumsOut):
    month = fields.String()
    rows = fields.List(fields.Nested(SettlementRowOut))


SettlementPageOut = page_of(SettlementOut)
