"""Wire shapes of payments."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from billing.payments.types import Purpose
from core.fields import IdField, MoneyField, PageQuery, TextField, UtcField, page_of


class TopUpIn(Schema):
    organisation_id = IdField("org", required=True)
    amount = MoneyField(required=True)
    currency = fields.String(required=True)
    bank_reference = TextField(required=True, shortest=4, longest=64)


class TopUpReasonIn(Schema):
    reason = TextField(required=True, shortest=1, longest=500)


class TopUpQuery(PageQuery):
    state = fields.String(load_default=None)


class TopUpOut(Schema):
    id = fields.String()
    organisation_id = fields.String()
    amount = MoneyField()
    currency = fields.String()
    bank_reference = fields.String()
    state = fields.String()
    recorded_by = fields.String()
    recorded_at = UtcField()
    decided_by = fields.String(allow_none=True)
    decided_at = UtcField(allow_none=True)
    reason = fields.String()
    version = fields.Integer()


TopUpPageOut = page_of(TopUpOut)


class PaymentIn(Schema):
    purpose = fields.String(required=True, validate=OneOf([str(Purpose.TOP_UP), str(Purpose.INVOICE)]))
    method = fields.String(required=True)
    amount = MoneyField(load_default=None)
    currency = fields.String(load_default=None)
    invoice_id = IdField("inv", load_default=None)
    keep_card = fields.Boolean(load_default=False)


class PaymentOut(Schema):
    """``url`` is where its payer goes on; ``code`` and ``message`` say what is in the way."""

    id = fields.String()
    organisation_id = fields.String()
    purpose = fields.String()
    subject_id = fields.String()
    method = fields.String()
    amount = MoneyField()
    currency = fields.String()
    state = fields.String()
    url = fields.String()
    code = fields.String()
    message = fields.String()
    received = MoneyField()
    refunded = MoneyField()
    refunding = MoneyField()
    contested = MoneyField()
    refundable = MoneyField()
    begun_by = fields.String()
    begun_at = UtcField()
    expires_at = UtcField(allow_none=True)
    ended_at = UtcField(allow_none=True)
    version = fields.Integer()


PaymentPageOut = page_of(PaymentOut)


class MethodsOut(Schema):
    available = fields.Boolean()
    methods = fields.List(fields.String())
    bank_transfer = fields.Boolean()
    saved_card = fields.String(allow_none=True)
    test = fields.Boolean()
    fake = fields.Boolean()


class CardRefundIn(Schema):
    amount = MoneyField(required=True)
    reason = TextField(required=True, shortest=1, longest=500)


class CardRefundOut(Schema):
    id = fields.String()
    payment_id = fields.String()
    amount = MoneyField()
    currency = fields.String()
    state = fields.String()
    reason = fields.String()
    message = fields.String()
    asked_by = fields.String()
    asked_at = UtcField()
    ended_at = UtcField(allow_none=True)


class EvidenceIn(Schema):
    evidence = TextField(required=True, shortest=1, longest=20_000)


class ChargebackOut(Schema):
    id = fields.String()
    payment_id = fields.String()
    organisation_id = fields.String()
    amount = MoneyField()
    currency = fields.String()
    reason = fields.String()
    state = fields.String()
    withdrawn = fields.Boolean()
    held = MoneyField()
    owed = MoneyField()
    evidence = fields.String()
    answer_by = UtcField(allow_none=True)
    opened_at = UtcField()
    ended_at = UtcField(allow_none=True)


ChargebackPageOut = page_of(ChargebackOut)
