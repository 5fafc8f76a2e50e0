"""Wire shapes of payouts."""

from __future__ import annotations

from marshmallow import Schema, fields

from billing.settlement.schemas import PayableOut
from core.fields import IdField, MoneyField, TextField, UtcField, page_of


class BankAccountIn(Schema):
    holder = TextField(required=True, shortest=1, longest=140)
    bank = TextField(required=True, shortest=1, longest=140)
    bank_code = TextField(required=True, shortest=8, longest=20)
    number = TextField(required=True, shortest=5, longest=50)
    otp = TextField(load_default="", longest=40)


class BankAccountOut(Schema):
    """``masked`` is all that is ever shown of the number."""

    id = fields.String()
    holder = fields.String()
    bank = fields.String()
    bank_code = fields.String()
    masked = fields.String()
    changed_at = UtcField()
    usable_from = UtcField()


class ConnectedAccountOut(Schema):
    """``due`` is what the processor still asks for, ``disabled_reason`` why it stopped; both are its own words."""

    remote_id = fields.String()
    country = fields.String()
    ready = fields.Boolean()
    submitted = fields.Boolean()
    transfers = fields.Boolean()
    payouts_enabled = fields.Boolean()
    due = fields.List(fields.String())
    disabled_reason = fields.String()
    code = fields.String()
    message = fields.String()
    begun_at = UtcField()
    seen_at = UtcField(allow_none=True)


class DestinationOut(Schema):
    account = fields.Nested(ConnectedAccountOut, allow_none=True)
    bank_account = fields.Nested(BankAccountOut, allow_none=True)


class PayoutLinkOut(Schema):
    url = fields.String()


class PayoutOut(Schema):
    """``carried`` is what the amount holds beside its lines: what was carried forward from before."""

    id = fields.String()
    run_id = fields.String()
    organisation_id = fields.String()
    currency = fields.String()
    way = fields.String()
    amount = MoneyField()
    carried = MoneyField()
    state = fields.String()
    code = fields.String()
    message = fields.String()
    reversed = MoneyField()
    reversing = MoneyField()
    made_at = UtcField()
    ended_at = UtcField(allow_none=True)


PayoutPageOut = page_of(PayoutOut)


class ReversalIn(Schema):
    amount = MoneyField(required=True)
    reason = TextField(required=True, shortest=1, longest=500)


class ReversalOut(Schema):
    id = fields.String()
    payout_id = fields.String()
    amount = MoneyField()
    currency = fields.String()
    state = fields.String()
    reason = fields.String()
    message = fields.String()
    asked_at = UtcField()
    ended_at = UtcField(allow_none=True)


class PayoutWholeOut(Schema):
    payout = fields.Nested(PayoutOut)
    lines = fields.List(fields.Nested(PayableOut))
    reversals = fields.List(fields.Nested(ReversalOut))


class PayoutReturnIn(Schema):
    reason = TextField(required=True, shortest=1, longest=500)


class ArrivalOut(Schema):
    remote_id = fields.String()
    amount = MoneyField()
    currency = fields.String()
    state = fields.String()
    message = fields.String()
    arrives_at = UtcField(allow_none=True)


class ArrivalsOut(Schema):
    items = fields.List(fields.Nested(ArrivalOut))


class RunIn(Schema):
    currency = fields.String(load_default=None)
    as_of = UtcField(load_default=None, allow_none=True)


class SettlementRunOut(Schema):
    id = fields.String()
    currency = fields.String()
    as_of = UtcField()
    minimum = MoneyField()
    started_by = fields.String()
    started_at = UtcField()
    finished_at = UtcField(allow_none=True)
    file_made_by = fields.String()
    file_made_at = UtcField(allow_none=True)
    executed_by = fields.String()
    executed_at = UtcField(allow_none=True)


SettlementRunPageOut = page_of(SettlementRunOut)


class SkipOut(Schema):
    organisation_id = fields.String()
    reason = fields.String()
    balance = MoneyField()
    currency = fields.String()


class RunReportOut(Schema):
    run = fields.Nested(SettlementRunOut)
    payouts = fields.List(fields.Nested(PayoutOut))
    skips = fields.List(fields.Nested(SkipOut))


class FailedLineIn(Schema):
    payout_id = IdField("pyo", required=True)
    reason = TextField(required=True, shortest=1, longest=500)


class ExecutedIn(Schema):
    failed = fields.List(fields.Nested(FailedLineIn), load_default=list)
