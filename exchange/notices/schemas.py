"""Wire shapes of notices."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import LocalTextField, PageQuery, UtcField
from exchange.notices.types import DIGESTS, TOPICS


class TaskOut(Schema):
    code = fields.String()
    subject_id = fields.String()
    subject = LocalTextField(allow_none=True)
    due_at = UtcField(allow_none=True)
    note = fields.String()
    count = fields.Integer()


class NoticesQuery(PageQuery):
    unread = fields.Boolean(load_default=False)


class NoticeOut(Schema):
    id = fields.String()
    code = fields.String()
    topic = fields.String()
    subject_id = fields.String()
    subject = LocalTextField()
    address = fields.String()
    note = fields.String()
    due_at = UtcField(allow_none=True)
    created_at = UtcField()
    read = fields.Boolean()


class NoticesOut(Schema):
    unread = fields.Integer()
    items = fields.List(fields.Nested(NoticeOut))
    next_cursor = fields.String(allow_none=True)


class PreferencesIn(Schema):
    digest = fields.String(required=True, validate=validate.OneOf(DIGESTS))
    muted = fields.List(fields.String(validate=validate.OneOf(TOPICS)), load_default=())


class PreferencesOut(Schema):
    digest = fields.String()
    muted = fields.List(fields.String())
