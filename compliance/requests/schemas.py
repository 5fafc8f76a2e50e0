"""Wire shapes of data subjects' requests."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from compliance.requests.types import Outcome, RequestState, words
from core.fields import PageQuery, TextField, UtcField, page_of

_TOLD = ("email", "phone", "resident_id", "name", "text")


class RequestIn(Schema):
    """``email`` is where the code goes; the other particulars are what the person may be known by."""

    kind = fields.String(required=True, validate=validate.OneOf(list(words().kinds)))
    email = TextField(required=True, shortest=3, longest=254)
    phone = TextField(load_default="", longest=30)
    resident_id = TextField(load_default="", longest=20)
    name = TextField(load_default="", longest=100)
    text = TextField(load_default="", longest=4000)
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))

    @post_load
    def gather(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        told = {name: data.pop(name) for name in _TOLD}
        return data | {"particulars": told}


class CodeIn(Schema):
    code = TextField(required=True, shortest=1, longest=40)


class EraseIn(Schema):
    otp = TextField(load_default="", longest=40)


class RequestAnswerIn(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf([str(each) for each in Outcome]))
    text = TextField(required=True, shortest=1, longest=8000)


class RequestsQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf([str(each) for each in RequestState]))


class TasksQuery(Schema):
    state = fields.String(load_default=None, validate=validate.OneOf(["open", "answered"]))


class RequestBriefOut(Schema):
    id = fields.String()
    kind = fields.String()
    state = fields.String()
    outcome = fields.String()
    created_at = UtcField()
    due_at = UtcField(allow_none=True)
    closed_at = UtcField(allow_none=True)
    overdue = fields.Boolean()


class SupplierAnswerOut(Schema):
    """What one supplier said; who it is the person may know, its files not."""

    organisation_id = fields.String()
    state = fields.String()
    outcome = fields.String()
    answer = fields.String(allow_none=True)
    answered_at = UtcField(allow_none=True)


class OwnRequestOut(RequestBriefOut):
    """A request as the person sees it."""

    confirmed_at = UtcField(allow_none=True)
    answer = fields.String(allow_none=True)
    tasks = fields.List(fields.Nested(SupplierAnswerOut))


class TaskOut(SupplierAnswerOut):
    request_id = fields.String()
    kind = fields.String()
    due_at = UtcField(allow_none=True)
    file_ids = fields.List(fields.String())


class TaskInFullOut(TaskOut):
    particulars = fields.Dict()
    kept = fields.List(fields.Dict())


class TasksOut(Schema):
    items = fields.List(fields.Nested(TaskOut))


class RequestOut(RequestBriefOut):
    """A request as officers see it."""

    confirmed_at = UtcField(allow_none=True)
    particulars = fields.Dict()
    answer = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    tasks = fields.List(fields.Nested(TaskOut))
    version = fields.Integer()


RequestBriefPageOut = page_of(RequestBriefOut)
