"""Wire shapes of memberships: roles, invitations, resets, ownership, service accounts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from compliance.identity.types import Role
from core.fields import IdField, TextField, UtcField

_SECRET: dict[str, Any] = {"load_only": True, "validate": validate.Length(max=200)}


def _roles(**options: Any) -> Any:
    each = fields.String(validate=validate.OneOf([str(role) for role in Role]))
    return fields.List(each, validate=validate.Length(min=1, max=len(Role)), **options)


class RolesIn(Schema):
    roles = _roles(required=True)


class InviteIn(RolesIn):
    email = TextField(required=True, shortest=3, longest=254)


class InvitationOut(Schema):
    id = fields.String()
    organisation_id = fields.String()
    email = fields.String()
    roles = fields.List(fields.String())
    created_at = UtcField()
    expires_at = UtcField()


class AcceptIn(Schema):
    token = fields.String(required=True, **_SECRET)
    name = TextField(required=True, shortest=1, longest=100)
    password = fields.String(required=True, load_only=True)
    language = fields.String(load_default=None, validate=validate.OneOf(["zh", "en"]))


class TokenIn(Schema):
    token = fields.String(required=True, **_SECRET)


class ResetAskIn(Schema):
    email = TextField(required=True, shortest=3, longest=254)


class ResetIn(TokenIn):
    password = fields.String(required=True, load_only=True)
    otp = fields.String(load_default="", **_SECRET)


class OwnershipIn(Schema):
    account_id = IdField("acc", required=True)
    otp = fields.String(required=True, **_SECRET)
    roles_after = _roles(load_default=["buyer"])


class SecondFactorIn(Schema):
    otp = fields.String(required=True, **_SECRET)


class ForgetIn(Schema):
    otp = fields.String(load_default="", **_SECRET)


class KeptOut(Schema):
    """``until`` is null while nobody knows: what was signed has not ended, or a legal hold stands on it."""

    object_id = fields.String()
    basis = fields.String()
    until = UtcField(allow_none=True)


class ForgottenOut(Schema):
    kept = fields.List(fields.Nested(KeptOut))


class SignerOut(Schema):
    pseudonym = fields.String()
    name = fields.String()
    signed_at = UtcField()
    account_erased = fields.Boolean()


class SignersOut(Schema):
    items: Any = fields.List(fields.Nested(SignerOut))


class TransferOut(Schema):
    id = fields.String()
    organisation_id = fields.String()
    from_account = fields.String()
    to_account = fields.String()
    roles_after = fields.List(fields.String())
    offered_at = UtcField()
    expires_at = UtcField()


class ServiceAccountIn(Schema):
    name = TextField(required=True, shortest=1, longest=100)
