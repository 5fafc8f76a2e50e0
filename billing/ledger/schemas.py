"""Wire shapes of the ledger."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import IdField, MoneyField, PageQuery, UtcField, page_of


class WhoseQuery(Schema):
    organisation_id = IdField("org", load_default=None)


class StatementQuery(PageQuery):
    organisation_id = IdField("org", load_default=None)
    account = fields.String(load_default="buyer_prepaid")


class BalanceOut(Schema):
    balance = MoneyField()
    held = MoneyField()
    available = MoneyField()
    currency = fields.String()


class StatementRowOut(Schema):
    sequence = fields.Integer()
    transaction_id = fields.String()
    kind = fields.String()
    subject_id = fields.String()
    order_id = fields.String(allow_none=True)
    posted_at = UtcField()
    currency = fields.String()
    change = MoneyField()
    balance_after = MoneyField()


class TrialRowOut(Schema):
    kind = fields.String()
    currency = fields.String()
    debits = MoneyField()
    credits = MoneyField()
    balance = MoneyField()


class TotalOut(Schema):
    currency = fields.String()
    total = MoneyField()


class TrialBalanceOut(Schema):
    rows = fields.List(fields.Nested(TrialRowOut))
    totals = fields.List(fields.Nested(TotalOut))
    balanced = fields.Boolean()


StatementPageOut = page_of(StatementRowOut)
