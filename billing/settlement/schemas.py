"""Wire shapes of settlement."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import MoneyField, UtcField


class PayableOut(Schema):
    order_id = fields.String()
    supplier_id = fields.String()
    invoice_id = fields.String()
    currency = fields.String()
    net = MoneyField()
    commission_bp = fields.Integer()
    commission = MoneyField()
    share = MoneyField()
    state = fields.String()
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
