"""Wire shapes of coupons."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import IdField, MoneyField, TextField, UtcField, page_of

_MOST = 1_000_000


class CouponIn(Schema):
    code = TextField(required=True, shortest=3, longest=40)
    percent_bp = fields.Integer(load_default=None, allow_none=True, strict=True)
    amount = fields.String(load_default=None, allow_none=True)
    listing_id = IdField("lst", load_default=None, allow_none=True)
    minimum = fields.String(load_default="0")
    periods = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 120))
    most = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, _MOST))
    starts_at = UtcField(load_default=None, allow_none=True)
    ends_at = UtcField(load_default=None, allow_none=True)


class CouponOut(Schema):
    id = fields.String()
    code = fields.String()
    carried_by = fields.String()
    listing_id = fields.String(allow_none=True)
    percent_bp = fields.Integer(allow_none=True)
    amount = MoneyField(allow_none=True)
    currency = fields.String()
    minimum = MoneyField()
    periods = fields.Integer()
    most = fields.Integer(allow_none=True)
    redeemed = fields.Integer()
    starts_at = UtcField()
    ends_at = UtcField(allow_none=True)
    created_at = UtcField()


class CouponUseOut(Schema):
    organisation_id = fields.String()
    order_id = fields.String()
    at = UtcField()


CouponPageOut = page_of(CouponOut)
CouponUsePageOut = page_of(CouponUseOut)
