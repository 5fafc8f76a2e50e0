"""Wire shapes of OAuth clients."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.keys.rules import LONGEST_OVERLAP_HOURS
from compliance.keys.schemas import CredentialIn
from core.fields import UtcField, page_of


class ClientIn(CredentialIn):
    """What a client is for."""


class SecretRotateIn(Schema):
    overlap_hours = fields.Integer(
        load_default=24, strict=True, validate=validate.Range(min=0, max=LONGEST_OVERLAP_HOURS)
    )


class ClientOut(Schema):
    id = fields.String()
    name = fields.String()
    mode = fields.String()
    listing_ids = fields.List(fields.String(), allow_none=True)
    state = fields.String()
    created_at = UtcField()
    revoked_at = UtcField(allow_none=True)
    last_used_at = UtcField(allow_none=True)
    previous_secret_until = UtcField(allow_none=True)


class MadeClientOut(Schema):
    """The one answer that holds the secret."""

    client_id = fields.String(attribute="snapshot.id")
    client_secret = fields.String()
    made = fields.Nested(ClientOut, attribute="snapshot")


ClientPageOut = page_of(ClientOut)
