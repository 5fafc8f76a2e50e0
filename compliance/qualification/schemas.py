"""Wire shapes of qualification."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.qualification.rules import LEVELS, MOST_MONTHS
from core.fields import TextField


class SubmitIn(Schema):
    statement = TextField(required=True, longest=4000)


class ReturnIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)


class ApproveIn(Schema):
    level = fields.Integer(load_default=2, validate=validate.OneOf(LEVELS))
    months = fields.Integer(load_default=MOST_MONTHS, validate=validate.Range(min=1, max=MOST_MONTHS))
