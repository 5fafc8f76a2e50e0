"""Wire shapes of keys."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from compliance.keys.rules import LONGEST_OVERLAP_HOURS
from compliance.keys.types import Mode
from core.fields import IdField, TextField, UtcField, page_of

MOST_LISTINGS = 100


class CredentialIn(Schema):
    """What a credential is for; without ``listing_ids`` it is for whatever the organisation is entitled to."""

    name = TextField(required=True, shortest=1, longest=100)
    mode = fields.String(load_default="live", validate=validate.OneOf([str(mode) for mode in Mode]))
    listing_ids = fields.List(
        IdField("lst"), load_default=None, allow_none=True, validate=validate.Length(min=1, max=MOST_LISTINGS)
    )

    @post_load
    def freeze(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        listing_ids = data["listing_ids"]
        return data | {"listing_ids": None if listing_ids is None else tuple(dict.fromkeys(listing_ids))}


class KeyIn(CredentialIn):
    expires_at = UtcField(load_default=None, allow_none=True)
    service_account_id = IdField("acc", load_default=None, allow_none=True)


class KeyRotateIn(Schema):
    overlap_hours = fields.Integer(
        load_default=24, strict=True, validate=validate.Range(min=0, max=LONGEST_OVERLAP_HOURS)
    )
    expires_at = UtcField(load_default=None, allow_none=True)


class KeyOut(Schema):
    id = fields.String()
    name = fields.String()
    prefix = fields.String()
    mode = fields.String()
    listing_ids = fields.List(fields.String(), allow_none=True)
    state = fields.String()
    created_at = UtcField()
    expires_at = UtcField(allow_none=True)
    revoked_at = UtcField(allow_none=True)
    last_used_at = UtcField(allow_none=True)
    successor_id = fields.String(allow_none=True)


class MadeKeyOut(Schema):
    """The one answer that holds the key itself."""

    key = fields.String()
    made = fields.Nested(KeyOut, attribute="snapshot")


KeyPageOut = page_of(KeyOut)
