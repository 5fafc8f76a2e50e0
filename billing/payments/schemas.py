"""Wire shapes of payments."""

from __future__ import annotations

from marshmallow import Schema, fields

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
