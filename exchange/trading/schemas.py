"""Wire shapes of the trade."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import IdField, MoneyField, PageQuery, TextField, UtcField, page_of


class OrderIn(Schema):
    listing_id = fields.String(required=True)
    offer_id = IdField("off", required=True)
    purpose = TextField(required=True, longest=60)
    accept_terms = fields.Boolean(required=True, truthy={True}, falsy={False})
    replaces = IdField("ord", load_default=None, allow_none=True)
    coupon = TextField(load_default=None, allow_none=True, shortest=3, longest=40)


class ReasonIn(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


class OrderPaymentIn(Schema):
    method = fields.String(required=True)


class OrderPaymentOut(Schema):
    """The payment that was begun: ``POST /payments/<id>/open`` answers where it is paid."""

    id = fields.String()
    state = fields.String()
    amount = MoneyField()
    currency = fields.String()
    method = fields.String()


class OrdersQuery(PageQuery):
    state = fields.String(load_default=None)


class LicenceOut(Schema):
    id = fields.String()
    purpose = fields.String()
    terms_hash = fields.String()
    terms = fields.String()
    starts_at = UtcField()
    ends_at = UtcField(allow_none=True)


class LicenceViewOut(Schema):
    id = fields.String()
    order_id = fields.String()
    policy = fields.Dict()
    policy_hash = fields.String()
    words = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    starts_at = UtcField()
    ends_at = UtcField(allow_none=True)
    tier = fields.Integer()
    code = fields.String()
    purposes = fields.List(fields.String())
    territories = fields.List(fields.String())
    recipients = fields.List(fields.String())
    count = fields.Integer(allow_none=True)
    used = fields.Integer()


class EntitlementOut(Schema):
    id = fields.String()
    state = fields.String()
    tier = fields.Integer()
    lacking = fields.String()
    starts_at = UtcField()
    ends_at = UtcField(allow_none=True)


class OrderOut(Schema):
    id = fields.String()
    listing_id = fields.String()
    kind = fields.String()
    revision_id = fields.String()
    revision_number = fields.Integer()
    offer_id = fields.String()
    title = fields.Dict()
    tier = fields.Integer()
    buyer_id = fields.String()
    supplier_id = fields.String()
    plan = fields.Dict()
    limits = fields.Dict(allow_none=True)
    currency = fields.String()
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    purpose = fields.String()
    state = fields.String()
    reason = fields.String()
    invoice_id = fields.String(allow_none=True)
    frozen_at = UtcField(allow_none=True)
    frozen_reason = fields.String()
    licence = fields.Nested(LicenceOut, allow_none=True)
    entitlement = fields.Nested(EntitlementOut, allow_none=True)
    turn = fields.String()
    head = fields.String(allow_none=True)
    answer_by = UtcField(allow_none=True)
    agreement = fields.Dict(allow_none=True)
    agreement_hash = fields.String()
    pay_by = UtcField(allow_none=True)
    accept_by = UtcField(allow_none=True)
    created_at = UtcField()
    paid_at = UtcField(allow_none=True)
    delivered_at = UtcField(allow_none=True)
    ended_at = UtcField(allow_none=True)
    version = fields.Integer()
    replaces = fields.String(allow_none=True)


class ChargedPeriodOut(Schema):
    number = fields.Integer()
    label = fields.String()
    starts_at = UtcField()
    ends_at = UtcField()
    plan_hash = fields.String()
    net = MoneyField()
    invoice_id = fields.String(allow_none=True)


class PriceNoticeOut(Schema):
    order_id = fields.String()
    offer_id = fields.String()
    plan = fields.Dict()
    announced_at = UtcField()
    effective_from = UtcField()
    applied_at = UtcField(allow_none=True)


class QuoteQuery(Schema):
    calls = fields.Integer(required=True, validate=validate.Range(0, 10**12))


class QuoteLineOut(Schema):
    kind = fields.String()
    quantity = fields.Integer()
    unit = fields.String(allow_none=True)
    price = fields.String()
    per = fields.Integer()
    amount = fields.String()


class QuoteOut(Schema):
    listing_id = fields.String()
    units = fields.Integer()
    unit = fields.String(allow_none=True)
    period = fields.String()
    currency = fields.String()
    lines = fields.List(fields.Nested(QuoteLineOut))
    exact = fields.String()
    net = MoneyField()
    tax_rate_bp = fields.Integer()
    tax = MoneyField()
    gross = MoneyField()
    rounding = fields.String()


class SubscriptionOut(Schema):
    order_id = fields.String()
    state = fields.String()
    currency = fields.String()
    covered_until = UtcField()
    cancelled_at = UtcField(allow_none=True)
    suspended_at = UtcField(allow_none=True)
    ended_at = UtcField(allow_none=True)
    periods = fields.List(fields.Nested(ChargedPeriodOut))
    notices = fields.List(fields.Nested(PriceNoticeOut))


OrderPageOut = page_of(OrderOut)


class StepOut(Schema):
    number = fields.Integer()
    state = fields.String()
    action = fields.String()
    at = UtcField()
    by = fields.String()
    note = fields.String()
    audit_entry_id = fields.String()
    decision = fields.Dict(allow_none=True)
