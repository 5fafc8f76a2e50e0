"""Wire shapes of the rulebook."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import IdField, TextField, UtcField, page_of


class ProposalIn(Schema):
    document = fields.Dict(required=True)
    reason = TextField(required=True, shortest=2, longest=1000)


class ActivationIn(Schema):
    """``hash`` is that of the version that was looked at."""

    hash = fields.String(required=True, validate=validate.Length(equal=64))


class RejectionIn(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


class VersionOut(Schema):
    id = fields.String()
    hash = fields.String()
    version = fields.Integer()
    state = fields.String()
    reason = fields.String()
    base_hash = fields.String()
    proposed_at = UtcField()
    decided_at = UtcField(allow_none=True)


VersionPageOut = page_of(VersionOut)


class SimulationIn(Schema):
    """Facts by their names in the rules, without the part before the point; what is left out is missing."""

    action = fields.String(required=True, validate=validate.Length(max=60))
    actor = fields.Dict(load_default=dict, keys=fields.String(), data_key="actor", attribute="who")
    resource = fields.Dict(load_default=dict, keys=fields.String())
    context = fields.Dict(load_default=dict, keys=fields.String())
    version_id = IdField("pol", load_default=None, allow_none=True)
