"""Wire shapes of invoices."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate

from billing.invoices.types import Line
from core.fields import IdField, LocalTextField, MoneyField, PageQuery, TextField, UtcField, page_of
from core.money import format_price


class InvoiceQuery(PageQuery):
    order_id = IdField("ord", load_default=None)


class PartyOut(Schema):
    id = fields.String()
    name = fields.String()
    name_en = fields.String()
    credit_code = fields.String()


def _usage_of(line: Line) -> dict[str, Any] | None:
    """What a line of usage is for, its price and its exact amount in the invoice's currency."""
    if line.usage is None:
        return None
    amounts = {name: format_price(getattr(line.usage, name), line.currency) for name in ("price", "amount")}
    return asdict(line.usage) | amounts


class LineOut(Schema):
    listing_id = fields.String()
    description = LocalTextField()
    quantity = fields.Integer()
    net = MoneyField()
    tax_rate_bp = fields.Integer()
    tax = MoneyField()
    gross = MoneyField()
    usage = fields.Function(_usage_of)


class SpanOut(Schema):
    month = fields.String()
    starts_at = UtcField()
    ends_at = UtcField()
    zone = fields.String()
    usage_sha256 = fields.String()


class CreditIn(Schema):
    reason = TextField(required=True, shortest=3, longest=500)
    lines = fields.List(fields.Integer(strict=True, validate=validate.Range(1, 10_000)), load_default=None)


class InvoiceOut(Schema):
    id = fields.String()
    kind = fields.Function(lambda invoice: "credit_note" if invoice.corrects else "invoice")
    number = fields.String()
    order_id = fields.String()
    period = fields.Nested(SpanOut, attribute="span", allow_none=True)
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
