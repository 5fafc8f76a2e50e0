"""Wire shapes of invoices."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import IdField, LocalTextField, MoneyField, PageQuery, UtcField, page_of


class InvoiceQuery(PageQuery):
    order_id = IdField("ord", load_default=None)


class PartyOut(Schema):
    id = fields.String()
    name = fields.String()
    name_en = fields.String()
    credit_code = fields.String()


class LineOut(Schema):
    listing_id = fields.String()
    description = LocalTextField()
    quantity = fields.Integer()
    net = MoneyField()
    tax_rate_bp = fields.Integer()
    tax = MoneyField()
    gross = MoneyField()


class InvoiceOut(Schema):
    id = fields.String()
    kind = fields.Function(lambda invoice: "credit_note" if invoice.corrects else "invoice")
    number = fields.String()
    order_id = fields.String()
    issued_at = UtcField()
    supplier = fields.Nested(PartyOut)
    buyer = fields.Nested(PartyOut)
    currency = fields.String()
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    lines = fields.List(fields.Nested(LineOut))
    rounding = fields.String()
    corrects = fields.String(allow_none=True)
    reason = fields.String()
    sha256 = fields.String()
    document = fields.Function(lambda invoice: invoice.document())


InvoicePageOut = page_of(InvoiceOut)
