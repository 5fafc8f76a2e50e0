"""Wire shapes of identity."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.identity.types import Origin
from core.fields import TextField, UtcField


class PersonIn(Schema):
    name = TextField(required=True, shortest=1, longest=100)
    email = TextField(required=True, shortest=3, longest=254)
    password = fields.String(required=True, load_only=True)
    language = fields.String(load_default=None, validate=validate.OneOf(["zh", "en"]))


class OrganisationIn(Schema):
    name = TextField(required=True, shortest=2, longest=100)
    name_en = TextField(load_default="", longest=150)
    country = TextField(load_default="", longest=2)
    credit_code = TextField(load_default="", longest=40)
    registration_number = TextField(load_default="", longest=60)
    origin = fields.String(load_default="enterprise", validate=validate.OneOf([str(o) for o in Origin]))


class RegistrationIn(Schema):
    organisation = fields.Nested(OrganisationIn, required=True)
    person = fields.Nested(PersonIn, required=True)


class OrganisationEdit(Schema):
    name = TextField(required=True, shortest=2, longest=100)
    name_en = TextField(load_default="", longest=150)
    credit_code = TextField(load_default=None, longest=40)
    registration_number = TextField(load_default=None, longest=60)


class ParentEdit(Schema):
    parent_id = fields.String(required=True, allow_none=True)


class TimezoneEdit(Schema):
    timezone = TextField(required=True, shortest=1, longest=40)


class OrganisationOut(Schema):
    id = fields.String()
    name = fields.String()
    name_en = fields.String()
    country = fields.String()
    credit_code = fields.String()
    registration_number = fields.String()
    parent_id = fields.String(allow_none=True)
    origin = fields.String()
    state = fields.String()
    level = fields.Integer()
    qualified_until = UtcField(allow_none=True)
    reason = fields.String()
    timezone = fields.String()
    version = fields.Integer()
    created_at = UtcField()


class PublicOrganisationOut(Schema):
    id = fields.String()
    name = fields.String()
    name_en = fields.String()
    country = fields.String()
    origin = fields.String()
    level = fields.Integer()


class MemberOut(Schema):
    id = fields.String()
    name = fields.String()
    email = fields.String()
    kind = fields.String()
    roles = fields.List(fields.String())


class SessionIn(Schema):
    email = TextField(required=True, longest=254)
    password = fields.String(required=True, load_only=True)
    otp = fields.String(load_default="", load_only=True, validate=validate.Length(max=40))


class SessionOut(Schema):
    token = fields.String()
    session_id = fields.String()
    account_id = fields.String()
    organisation_id = fields.String(allow_none=True)
    expires_at = UtcField()
    needs_factor = fields.Boolean()


class OpenSessionOut(Schema):
    id = fields.String()
    kind = fields.String()
    client = fields.String()
    created_at = UtcField()
    expires_at = UtcField()
    current = fields.Boolean()


class OtpIn(Schema):
    otp = fields.String(required=True, load_only=True, validate=validate.Length(max=40))


class EnrolIn(Schema):
    otp = fields.String(load_default="", load_only=True, validate=validate.Length(max=40))


class EnrolmentOut(Schema):
    secret = fields.String()
    uri = fields.String()


class FactorOut(Schema):
    enrolled = fields.Boolean()
    confirmed_at = UtcField(allow_none=True)
    recovery_codes_left = fields.Integer()


class OwnKeyIn(OtpIn):
    public_key = TextField(required=True, shortest=1, longest=100)
    proof = TextField(required=True, shortest=1, longest=200)


class PublicKeyOut(Schema):
    key_id = fields.String()
    public_key = fields.String()
    own = fields.Boolean()
    created_at = UtcField()
    retired_at = UtcField(allow_none=True)
