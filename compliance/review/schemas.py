"""Wire shapes of review."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.review.types import Answer, ReviewState
from core.fields import PageQuery, TextField, UtcField, page_of


class ItemOut(Schema):
    id = fields.String()
    zh = fields.String()
    en = fields.String()
    may_not_apply = fields.Boolean()
    evidence = fields.Dict()
    answer = fields.String()
    note = fields.String()


class ReviewOut(Schema):
    id = fields.String()
    subject_id = fields.String()
    subject_version = fields.Integer()
    subject = fields.Dict()
    owner_id = fields.String()
    tier = fields.Integer()
    state = fields.String()
    reason = fields.String()
    items = fields.List(fields.Nested(ItemOut))
    open_items = fields.Integer()
    awaits_officer = fields.Boolean()
    opened_at = UtcField()
    closed_at = UtcField(allow_none=True)
    version = fields.Integer()


ReviewPageOut = page_of(ReviewOut)


class ReviewsQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf([str(s) for s in ReviewState]))


class AnswerIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf([str(a) for a in Answer]))
    note = TextField(load_default="", longest=2000)


class ReturnIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)
