"""Wire shapes of accounting."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import DayField, IdField, MoneyField, TextField, UtcField


class StatementQuery(Schema):
    account = fields.String(load_default="buyer_prepaid")
    month = TextField(load_default="", longest=10)
    first = DayField(load_default=None, data_key="from")
    last = DayField(load_default=None, data_key="to")
    currency = TextField(load_default=None, longest=3)
    organisation_id = IdField("org", load_default=None)


class MonthQuery(Schema):
    month = TextField(required=True, longest=10)


class MonthConfirmIn(Schema):
    sha256 = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))


class OutsideIn(Schema):
    entry_id = TextField(required=True, shortest=3, longest=120)
    reason = TextField(required=True, shortest=2, longest=500)


class OutsideOut(Schema):
    id = fields.String()


class StatementEntryOut(Schema):
    sequence = fields.Integer()
    posted_at = UtcField()
    kind = fields.String()
    document = fields.String()
    document_id = fields.String()
    order_id = fields.String(allow_none=True)
    change = MoneyField()
    balance_after = MoneyField()


class AccountStatementOut(Schema):
    organisation_id = fields.String()
    account = fields.String()
    currency = fields.String()
    starts_at = UtcField()
    ends_at = UtcField()
    opening = MoneyField()
    closing = MoneyField()
    debits = MoneyField()
    credits = MoneyField()


class MonthCloseOut(Schema):
    month = fields.String()
    ends_at = UtcField()
    state = fields.String()
    document = fields.Dict()
    sha256 = fields.String()
    closed_at = UtcField()
    confirmed_at = UtcField(allow_none=True)


class CoverOut(Schema):
    currency = fields.String()
    cash = MoneyField()
    owed = MoneyField()
    left = MoneyField()


class MoneyTrialRowOut(Schema):
    kind = fields.String()
    currency = fields.String()
    debits = MoneyField()
    credits = MoneyField()
    balance = MoneyField()


class UnmatchedOut(Schema):
    id = fields.String()
    kind = fields.String()
    source = fields.String()
    amount = MoneyField()
    currency = fields.String()
    created_at = UtcField()


class StuckOut(Schema):
    id = fields.String()
    deed = fields.String()
    subject_id = fields.String()
    tries = fields.Integer()
    message = fields.String()
    created_at = UtcField()


class FailingOut(Schema):
    entitlement_id = fields.String()
    order_id = fields.String()
    reason = fields.String()
    since = UtcField()


class MoneyRunOut(Schema):
    id = fields.String()
    currency = fields.String()
    started_at = UtcField()
    finished_at = UtcField(allow_none=True)


class MoneyOut(Schema):
    trial = fields.List(fields.Nested(MoneyTrialRowOut))
    covers = fields.List(fields.Nested(CoverOut))
    unmatched = fields.List(fields.Nested(UnmatchedOut))
    stuck = fields.List(fields.Nested(StuckOut))
    failing = fields.List(fields.Nested(FailingOut))
    runs = fields.List(fields.Nested(MoneyRunOut))
    months = fields.List(fields.Nested(MonthCloseOut))
    waiting = fields.Integer()
    topups = fields.Integer()
    fapiao = fields.Integer()
    balanced = fields.Function(lambda money: not any(money.sums.values()))
