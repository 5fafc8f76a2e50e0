"""Wire shapes of review."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.review.types import Answer, ReviewState
from core.fields import IdField, PageQuery, TextField, UtcField, page_of


class ItemOut(Schema):
    id = fields.String()
    zh = fields.String()
    en = fields.String()
    may_not_apply = fields.Boolean()
    evidence = fields.Dict()
    answer = fields.String()
    note = fields.String()


class ApprovalOut(Schema):
    kind = fields.String()
    zh = fields.String()
    en = fields.String()
    by_document = fields.Boolean()
    given = fields.Boolean()
    given_at = UtcField(allow_none=True)
    document_id = fields.String(allow_none=True)
    number = fields.String()


class CommentOut(Schema):
    id = fields.String()
    item = fields.String()
    side = fields.String()
    text = fields.String()
    documents = fields.List(fields.String())
    at = UtcField()


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
    approvals = fields.List(fields.Nested(ApprovalOut))
    comments = fields.List(fields.Nested(CommentOut))
    claimed = fields.Function(lambda review: review.claimed_by is not None)
    claimed_until = UtcField(allow_none=True)
    due_by = UtcField(allow_none=True)
    opened_at = UtcField()
    closed_at = UtcField(allow_none=True)
    version = fields.Integer()


ReviewPageOut = page_of(ReviewOut)


class ReviewsQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf([str(s) for s in ReviewState]))
    mine = fields.Boolean(load_default=False)


class ReviewAnswerIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf([str(a) for a in Answer]))
    note = TextField(load_default="", longest=2000)


class ReviewReturnIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)


class CommentIn(Schema):
    text = TextField(required=True, shortest=1, longest=4000)
    item = TextField(load_default="", longest=40)
    document_ids = fields.List(IdField("doc"), load_default=list, validate=validate.Length(max=10))


class AssessIn(Schema):
    document_id = IdField("doc", required=True)
    number = TextField(load_default="", longest=100)
