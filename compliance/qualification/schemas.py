"""Wire shapes of qualification."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.qualification.rules import LEVELS, MOST_MONTHS
from core.fields import TextField, UtcField


class QualificationOut(Schema):
    """An organisation with what its qualification stands at."""

    id = fields.String()
    name = fields.String()
    name_en = fields.String()
    credit_code = fields.String()
    origin = fields.String()
    state = fields.String()
    level = fields.Integer()
    qualified_until = UtcField(allow_none=True)
    reason = fields.String()
    version = fields.Integer()
    created_at = UtcField()


class SubmitIn(Schema):
    statement = TextField(required=True, longest=4000)


class QualificationReturnIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)


class ApproveIn(Schema):
    level = fields.Integer(load_default=2, validate=validate.OneOf(LEVELS))
    months = fields.Integer(load_default=MOST_MONTHS, validate=validate.Range(min=1, max=MOST_MONTHS))
