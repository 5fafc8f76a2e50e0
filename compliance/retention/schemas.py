"""Wire shapes of retention."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import PageQuery, TextField, UtcField, page_of


class HoldIn(Schema):
    object_id = TextField(required=True, shortest=1, longest=40)
    reason = TextField(required=True, shortest=1, longest=2000)


class HoldReleaseIn(Schema):
    reason = TextField(required=True, shortest=1, longest=2000)


class HoldsQuery(PageQuery):
    standing_only = fields.Boolean(load_default=False)


class HoldOut(Schema):
    id = fields.String()
    object_id = fields.String()
    reason = fields.String()
    placed_by = fields.String()
    placed_at = UtcField()
    released_by = fields.String(allow_none=True)
    released_at = UtcField(allow_none=True)
    release_reason = fields.String()


HoldPageOut = page_of(HoldOut)
