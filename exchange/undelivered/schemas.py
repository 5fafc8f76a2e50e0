"""Wire shapes of dead letters."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import PageQuery, TextField, UtcField, page_of

UndeliveredQuery = PageQuery


class UndeliveredOut(Schema):
    id = fields.Integer()
    subscriber = fields.String()
    payload = fields.Dict(keys=fields.String())
    created_at = UtcField()
    attempts = fields.Integer()
    last_error = fields.String()


UndeliveredPageOut = page_of(UndeliveredOut)


class DropIn(Schema):
    reason = TextField(required=True, shortest=3, longest=500)
