"""Wire shapes of notices."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import LocalTextField, UtcField


class TaskOut(Schema):
    code = fields.String()
    subject_id = fields.String()
    subject = LocalTextField(allow_none=True)
    due_at = UtcField(allow_none=True)
    note = fields.String()
    count = fields.Integer()
