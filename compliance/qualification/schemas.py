"""Wire shapes of qualification."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from compliance.qualification.rules import LEVELS, MOST_MONTHS
from core.fields import IdField, TextField, UtcField


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


class QualificationProofOut(Schema):
    kind = fields.String()
    zh = fields.String()
    en = fields.String()
    state = fields.String()
    document_id = fields.String(allow_none=True)
    name = fields.String()
    size = fields.Integer()
    valid_until = UtcField(allow_none=True)
    note = fields.String()


class QualificationStandingOut(Schema):
    """What the qualification stands at, and what the level aimed at is proven by."""

    organisation_id = fields.String()
    state = fields.String()
    level = fields.Integer()
    qualified_until = UtcField(allow_none=True)
    reason = fields.String()
    aim = fields.Integer()
    statement = fields.String()
    documents = fields.List(fields.Nested(QualificationProofOut), attribute="proofs")
    missing = fields.Function(lambda found: [each.kind for each in found.missing])


class LevelQuery(Schema):
    level = fields.Integer(load_default=None, validate=validate.OneOf(LEVELS))


_BY_KIND = fields.String(validate=validate.Length(max=40))


class SubmitIn(Schema):
    statement = TextField(required=True, longest=4000)
    level = fields.Integer(load_default=2, strict=True, validate=validate.OneOf(LEVELS))
    documents = fields.Dict(
        keys=_BY_KIND, values=IdField("doc"), load_default=dict, validate=validate.Length(max=20)
    )  # fmt: skip


class AttachIn(Schema):
    document_id = IdField("doc", required=True)
    valid_until = UtcField(load_default=None)


class SuspendIn(Schema):
    reason = TextField(required=True, shortest=2, longest=2000)


class QualificationReturnIn(SuspendIn):
    """``documents`` says by kind what is wrong with which."""

    documents = fields.Dict(
        keys=_BY_KIND, values=TextField(shortest=2, longest=1000), load_default=dict, validate=validate.Length(max=20)
    )  # fmt: skip


class ApproveIn(Schema):
    level = fields.Integer(load_default=2, validate=validate.OneOf(LEVELS))
    months = fields.Integer(load_default=MOST_MONTHS, validate=validate.Range(min=1, max=MOST_MONTHS))
