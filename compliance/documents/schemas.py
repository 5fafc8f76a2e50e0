"""Wire shapes of documents."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import UtcField


class DocumentOut(Schema):
    id = fields.String()
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    media_type = fields.String()
    created_at = UtcField()
