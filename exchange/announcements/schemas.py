"""Wire shapes of announcements."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import PageQuery, TextField, UtcField, page_of
from exchange.announcements.types import Weight


class AnnouncementIn(Schema):
    text_zh = TextField(required=True, shortest=3, longest=500)
    text_en = TextField(required=True, shortest=3, longest=500)
    weight = fields.String(load_default=Weight.NOTICE.value, validate=validate.OneOf([each.value for each in Weight]))
    shows_from = UtcField(load_default=None)
    shows_until = UtcField(required=True)


class AnnouncementOut(Schema):
    id = fields.String()
    text_zh = fields.String()
    text_en = fields.String()
    weight = fields.String()
    shows_from = UtcField()
    shows_until = UtcField()
    made_at = UtcField()
    ended_at = UtcField(allow_none=True)
    shown = fields.Boolean()


AnnouncementPageOut = page_of(AnnouncementOut)
AnnouncementsQuery = PageQuery
