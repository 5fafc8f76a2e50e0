"""Wire shapes of oversight."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.fields import IdField, MoneyField, PageQuery, TextField, UtcField, page_of


class AlertsQuery(PageQuery):
    open_only = fields.Boolean(load_default=False)
    organisation_id = IdField("org", load_default=None)


class AlertOut(Schema):
    id = fields.String()
    rule = fields.String()
    organisation_id = fields.String()
    subject_id = fields.String()
    starts_at = UtcField()
    ends_at = UtcField()
    figures = fields.Dict(keys=fields.String())
    evidence = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    raised_at = UtcField()
    changed_at = UtcField()
    acknowledged_at = UtcField(allow_none=True)
    note = fields.String()


AlertPageOut = page_of(AlertOut)


class NoteIn(Schema):
    note = TextField(required=True, shortest=3, longest=2000)


class MapQuery(Schema):
    starts_at = UtcField(data_key="from", load_default=None)
    ends_at = UtcField(data_key="to", load_default=None)


class FlowOut(Schema):
    supplier_id = fields.String()
    buyer_id = fields.String()
    tier = fields.Integer()
    orders = fields.Integer()
    gross = MoneyField()
    currency = fields.String()
    calls = fields.Integer()
    rows = fields.Integer()
    bytes = fields.Integer()


class MapOut(Schema):
    starts_at = UtcField(data_key="from")
    ends_at = UtcField(data_key="to")
    items = fields.List(fields.Nested(FlowOut), attribute="flows")
