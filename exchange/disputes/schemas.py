"""Wire shapes of disputes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import IdField, LocalTextField, MoneyField, PageQuery, TextField, UtcField, page_of
from exchange.disputes.types import GROUNDS, Outcome


class ConcernIn(Schema):
    invoice_id = IdField("inv", required=True)
    lines = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 10_000)), load_default=None, allow_none=True,
        validate=validate.Length(1, 1000),
    )  # fmt: skip


class DisputeIn(Schema):
    ground = fields.String(required=True, validate=validate.OneOf(GROUNDS))
    text = TextField(required=True, shortest=3, longest=5000)
    amount = MoneyField(load_default=None, allow_none=True)
    files = fields.List(IdField("fil"), load_default=(), validate=validate.Length(0, 1000))
    concerns = fields.List(
        fields.Nested(ConcernIn), load_default=None, allow_none=True, validate=validate.Length(1, 100)
    )


class StatementIn(Schema):
    text = TextField(required=True, shortest=3, longest=5000)


class DisputeWithdrawIn(Schema):
    reason = TextField(required=True, shortest=3, longest=500)


class RulingIn(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf([str(each) for each in Outcome]))
    amount = MoneyField(load_default=None, allow_none=True)
    reason = TextField(required=True, shortest=3, longest=2000)


class DisputesQuery(PageQuery):
    order_id = IdField("ord", load_default=None)


class ConcernOut(Schema):
    invoice_id = fields.String()
    period = fields.String()
    lines = fields.List(fields.Integer(), allow_none=True)
    credit_note_id = fields.String(allow_none=True)
    credited = MoneyField()


class DisputeOut(Schema):
    id = fields.String()
    order_id = fields.String()
    title = LocalTextField()
    buyer_id = fields.String()
    supplier_id = fields.String()
    state = fields.String()
    ground = fields.String()
    files = fields.List(fields.String())
    concerns = fields.List(fields.Nested(ConcernOut))
    currency = fields.String()
    asked = MoneyField(allow_none=True)
    outcome = fields.String(allow_none=True)
    refunded = MoneyField()
    ruling = fields.String()
    opened_at = UtcField()
    answer_by = UtcField()
    ended_at = UtcField(allow_none=True)
    version = fields.Integer()


class StatementOut(Schema):
    number = fields.Integer()
    side = fields.String()
    text = fields.String()
    file_name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    at = UtcField()
    audit_entry_id = fields.String()


DisputePageOut = page_of(DisputeOut)


class ContestOut(Schema):
    evidence = fields.String()
