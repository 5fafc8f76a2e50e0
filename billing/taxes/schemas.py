"""Wire shapes of tax details."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import TextField, UtcField, page_of


class TaxDetailsIn(Schema):
    version = fields.Integer(required=True, strict=True, validate=validate.Range(0))
    title = TextField(load_default="", longest=150)
    taxpayer_number = TextField(load_default="", longest=40)
    address = TextField(load_default="", longest=200)
    phone = TextField(load_default="", longest=40)
    bank = TextField(load_default="", longest=100)
    account = TextField(load_default="", longest=40)
    vat_number = TextField(load_default="", longest=40)


class VatNumberIn(Schema):
    vat_number = TextField(required=True, shortest=2, longest=40)


class ExemptionIn(Schema):
    document = TextField(load_default="", longest=200)
    until = UtcField(load_default=None, allow_none=True)


class TaxDetailsOut(Schema):
    organisation_id = fields.String()
    title = fields.String()
    taxpayer_number = fields.String()
    address = fields.String()
    phone = fields.String()
    bank = fields.String()
    account = fields.String()
    vat_number = fields.String()
    vat_confirmed_at = UtcField(allow_none=True)
    exemption = fields.String()
    exempt_until = UtcField(allow_none=True)
    version = fields.Integer()


class TaxDecisionOut(Schema):
    profile = fields.String()
    profile_version = fields.Integer()
    treatment = fields.String()
    rate_bp = fields.Integer()
    note = fields.Dict()


TaxDetailsPageOut = page_of(TaxDetailsOut)
