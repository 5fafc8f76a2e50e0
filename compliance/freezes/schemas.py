"""Wire shapes of freezes."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import PageQuery, UtcField, page_of


class FreezesQuery(PageQuery):
    standing_only = fields.Boolean(load_default=True)


class FreezeOut(Schema):
    id = fields.String()
    kind = fields.String()
    object_id = fields.String()
    reason = fields.String()
    placed_at = UtcField()
    released_at = UtcField(allow_none=True)


class CustodyOut(Schema):
    number = fields.Integer()
    at = UtcField()
    action = fields.String()
    actor = fields.String()
    leaf_hash = fields.String()


class ChainOut(Schema):
    freeze = fields.Nested(FreezeOut)
    links = fields.List(fields.Nested(CustodyOut))


FreezePageOut = page_of(FreezeOut)
