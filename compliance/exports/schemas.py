"""Wire shapes of exports."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from core.fields import IdField, TextField, UtcField


class ClearanceIn(Schema):
    organisation_id = IdField("org", required=True)
    mechanism = TextField(required=True, shortest=1, longest=40)
    number = TextField(required=True, shortest=1, longest=100)
    countries = fields.List(
        fields.String(validate=validate.Regexp(r"\A[A-Z]{2}\Z")), load_default=list, validate=validate.Length(max=250)
    )  # fmt: skip
    valid_from = UtcField(required=True)
    valid_until = UtcField(required=True)


class ClearanceWithdrawIn(Schema):
    reason = TextField(required=True, shortest=1, longest=2000)


class YearQuery(Schema):
    year = fields.Integer(load_default=None, validate=validate.Range(min=2000, max=2999))


class OrganisationQuery(Schema):
    organisation_id = IdField("org", required=True)


class ClearanceOut(Schema):
    id = fields.String()
    organisation_id = fields.String()
    mechanism = fields.String()
    number = fields.String()
    countries = fields.List(fields.String())
    valid_from = UtcField()
    valid_until = UtcField()
    recorded_at = UtcField()
    withdrawn_at = UtcField(allow_none=True)


class ClearancesOut(Schema):
    items = fields.List(fields.Nested(ClearanceOut))


class CounterOut(Schema):
    """``members`` are counted together; ``accepts`` are the clearances of which one is needed by now.

    ``lost``: sets of persons cannot be read, so who stands in several files counts several times.
    """

    organisation_id = fields.String()
    members = fields.List(fields.String())
    year = fields.Integer()
    persons = fields.Function(lambda counter: counter.count.persons)
    sensitive = fields.Function(lambda counter: counter.count.sensitive)
    orders = fields.Integer()
    accepts = fields.List(fields.String())
    next_persons = fields.Integer(allow_none=True)
    next_sensitive = fields.Integer(allow_none=True)
    lost = fields.Boolean()


class ExportersOut(Schema):
    items: Any = fields.List(fields.Nested(CounterOut))
