"""Wire shapes of a negotiation."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import IdField, MoneyField, TextField, UtcField


class InquiryIn(Schema):
    listing_id = fields.String(required=True)
    purpose = TextField(required=True, longest=60)
    text = TextField(required=True, shortest=2, longest=4000)


class PrivateOfferIn(Schema):
    listing_id = fields.String(required=True)
    buyer_id = IdField("org", required=True)
    terms = fields.Dict(required=True)
    text = TextField(load_default="", longest=4000)


class MessageIn(Schema):
    text = TextField(required=True, shortest=1, longest=4000)
    in_reply_to = IdField("msg", load_default=None, allow_none=True)


class OfferTermsIn(Schema):
    in_reply_to = IdField("msg", required=True)
    terms = fields.Dict(required=True)
    text = TextField(load_default="", longest=4000)


class AgreementIn(Schema):
    in_reply_to = IdField("msg", required=True)


class NegotiationDeclineIn(Schema):
    in_reply_to = IdField("msg", load_default=None, allow_none=True)
    reason = TextField(load_default="", longest=1000)


class MeetIn(Schema):
    otp = TextField(load_default="", longest=40)
    signature = TextField(load_default="", longest=100)


class LimitIn(Schema):
    amount = MoneyField(required=True, allow_none=True)
    monthly = MoneyField(load_default=None, allow_none=True)


class MessageOut(Schema):
    id = fields.String()
    number = fields.Integer()
    kind = fields.String()
    side = fields.String()
    text = fields.String()
    in_reply_to = fields.String(allow_none=True)
    terms = fields.Dict(allow_none=True)
    sha256 = fields.String()
    at = UtcField()


class ThreadOut(Schema):
    items = fields.List(fields.Nested(MessageOut))


class RequirementOut(Schema):
    name = fields.String()
    kind = fields.String()
    side = fields.String()
    met_at = UtcField(allow_none=True)
    audit_entry_id = fields.String(allow_none=True)


class RequirementsOut(Schema):
    items = fields.List(fields.Nested(RequirementOut))


class SignatureOut(Schema):
    side = fields.String()
    by = fields.String()
    key_id = fields.String()
    public_key = fields.String()
    signature = fields.String()
    signed_at = UtcField()


class ContractOut(Schema):
    id = fields.String()
    kind = fields.String()
    sha256 = fields.String()
    made_at = UtcField()
    body = fields.String()
    document = fields.Dict()
    complete = fields.Boolean()
    signatures = fields.List(fields.Nested(SignatureOut))


class ContractsOut(Schema):
    items = fields.List(fields.Nested(ContractOut))


class LimitOut(Schema):
    account_id = fields.String()
    amount = MoneyField()
    monthly = MoneyField()
    currency = fields.String()


class LimitsOut(Schema):
    items = fields.List(fields.Nested(LimitOut))
