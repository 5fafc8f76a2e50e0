"""Wire shapes of claims."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from catalog.references.claims.types import ClaimState
from core.fields import IdField, LocalTextField, PageQuery, TextField, UtcField, page_of


class ClaimIn(Schema):
    statement = TextField(required=True, shortest=2, longest=4000)
    document_ids = fields.List(IdField("doc"), load_default=list, validate=validate.Length(max=10))


class ClaimRejectIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)


class ClaimOut(Schema):
    id = fields.String()
    reference_id = fields.String()
    title = LocalTextField()
    supplier = fields.String()
    organisation_id = fields.String()
    statement = fields.String()
    documents = fields.List(fields.String())
    match = fields.String()
    state = fields.String()
    reason = fields.String()
    listing_id = fields.String(allow_none=True)
    created_at = UtcField()
    closed_at = UtcField(allow_none=True)
    version = fields.Integer()


ClaimPageOut = page_of(ClaimOut)


class ClaimsQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf([str(state) for state in ClaimState]))
