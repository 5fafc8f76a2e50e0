"""Wire shapes of the audit log."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length

from core.fields import PageQuery, UtcField, page_of


class CosignatureOut(Schema):
    witness = fields.String()
    at = fields.Integer()
    line = fields.String()


class CosignaturesIn(Schema):
    size = fields.Integer(required=True, strict=True)
    cosignatures = fields.String(required=True, validate=Length(max=10_000))


class CosignaturesOut(Schema):
    items = fields.List(fields.Nested(CosignatureOut))


class CheckpointOut(Schema):
    origin = fields.String()
    size = fields.Integer()
    root = fields.String()
    note = fields.String()
    signed_at = UtcField()


class EntryOut(Schema):
    number = fields.Integer()
    id = fields.String()
    at = UtcField()
    action = fields.String()
    object_id = fields.String()
    leaf_hash = fields.String()
    body = fields.String()


EntryPageOut = page_of(EntryOut)


class EntriesQuery(PageQuery):
    object_id = fields.String(load_default=None)


class ProofQuery(Schema):
    number = fields.Integer(load_default=None)
    leaf = fields.String(load_default=None)
    size = fields.Integer(load_default=None)


class LogProofOut(Schema):
    number = fields.Integer()
    size = fields.Integer()
    leaf_hash = fields.String()
    root = fields.String()
    proof = fields.List(fields.String())


class ConsistencyQuery(Schema):
    first = fields.Integer(required=True)
    second = fields.Integer(load_default=None)
