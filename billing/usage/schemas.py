"""Wire shapes of usage. Money is a string; unrounded costs have up to seven decimals more than the currency."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from billing.rating import Outcome
from billing.usage.types import Step
from core.fields import IdField, MoneyField, PageQuery, PriceField, TextField, UtcField, page_of


class UsageQuery(Schema):
    entitlement_id = IdField("ent", load_default=None)
    listing_id = IdField("lst", load_default=None)
    by = fields.Enum(Step, by_value=True, load_default=Step.DAY)
    starts_at = UtcField(data_key="from", load_default=None)
    ends_at = UtcField(data_key="to", load_default=None)


class CallsQuery(PageQuery):
    entitlement_id = IdField("ent", load_default=None)
    operation = TextField(load_default=None, longest=255)
    outcome = fields.String(load_default=None, validate=validate.OneOf([str(each) for each in Outcome]))
    mode = fields.String(load_default=None, validate=validate.OneOf(["live", "test"]))


class UsageSumOut(Schema):
    starts_at = UtcField()
    entitlement_id = fields.String()
    listing_id = fields.String()
    operation = fields.String()
    outcome = fields.String()
    mode = fields.String()
    credited = fields.Boolean()
    calls = fields.Integer()
    bytes_in = fields.Integer()
    bytes_out = fields.Integer()
    records = fields.Integer()
    mean_latency_us = fields.Integer()


class StepCostOut(Schema):
    starts_at = UtcField()
    entitlement_id = fields.String()
    units = fields.Integer()
    amount = PriceField()
    currency = fields.String()


class WindowCostOut(Schema):
    entitlement_id = fields.String()
    listing_id = fields.String()
    window = fields.String(attribute="label")
    kind = fields.String()
    unit = fields.String(allow_none=True)
    quantity = fields.Integer()
    rated = PriceField()
    rounded = MoneyField()
    invoiced = PriceField()
    currency = fields.String()


class UsageOut(Schema):
    by = fields.String()
    zone = fields.String()
    starts_at = UtcField()
    ends_at = UtcField()
    sums = fields.List(fields.Nested(UsageSumOut))
    steps = fields.List(fields.Nested(StepCostOut))
    windows = fields.List(fields.Nested(WindowCostOut))


class CallOut(Schema):
    call_id = fields.String()
    at = UtcField()
    entitlement_id = fields.String()
    order_id = fields.String()
    listing_id = fields.String()
    operation = fields.String()
    credential_id = fields.String(allow_none=True)
    mode = fields.String()
    status = fields.Integer()
    outcome = fields.String()
    bytes_in = fields.Integer()
    bytes_out = fields.Integer()
    records = fields.Integer()
    latency_us = fields.Integer()
    credited = fields.Boolean()
    plan_hash = fields.String()
    batch_id = fields.String()


class CallProofOut(Schema):
    """How the call stands in its batch; ``root`` is also what the batch's audit entry says."""

    batch_id = fields.String()
    audit_entry_id = fields.String()
    entry_number = fields.Integer(allow_none=True)
    root = fields.String()
    document = fields.Dict()


class ProvenCallOut(CallOut):
    proof = fields.Nested(CallProofOut, allow_none=True)


class LeftOut(Schema):
    window = fields.String(allow_none=True)
    limit = fields.Integer(allow_none=True)
    taken = fields.Integer()
    left = fields.Integer(allow_none=True)


class UsageStandingOut(Schema):
    entitlement_id = fields.String()
    order_id = fields.String()
    listing_id = fields.String()
    plan = fields.Dict()
    limits = fields.Dict()
    quota = fields.Nested(LeftOut)
    trial = fields.Nested(LeftOut)
    given_out = fields.Integer()
    free_left = fields.Integer(allow_none=True)
    units_left = fields.Integer(allow_none=True)
    now = fields.Nested(WindowCostOut, allow_none=True)
    held = MoneyField(allow_none=True)
    balance = MoneyField(allow_none=True)
    available = MoneyField(allow_none=True)
    currency = fields.String()


CallPageOut = page_of(CallOut)
