"""Wire shapes of webhooks."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import TextField, UtcField, page_of
from exchange.webhooks.types import TYPES


class EndpointIn(Schema):
    url = TextField(required=True, shortest=8, longest=500)
    description = TextField(load_default="", longest=200)
    types = fields.List(fields.String(validate=validate.OneOf(TYPES)), load_default=())


class EndpointChange(EndpointIn):
    on = fields.Boolean(load_default=True)


class EndpointOut(Schema):
    id = fields.String()
    url = fields.String()
    description = fields.String()
    types = fields.List(fields.String())
    on = fields.Boolean()
    off_reason = fields.String()
    failing_since = UtcField(allow_none=True)
    rotated_until = UtcField(allow_none=True)
    created_at = UtcField()
    version = fields.Integer()


class MadeEndpointOut(Schema):
    endpoint = fields.Nested(EndpointOut, attribute="snapshot")
    secret = fields.String()


class SentMessageOut(Schema):
    id = fields.String()
    type = fields.String()
    payload = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    created_at = UtcField()
    due_at = UtcField(allow_none=True)
    delivered_at = UtcField(allow_none=True)


class AttemptOut(Schema):
    number = fields.Integer()
    at = UtcField()
    status = fields.Integer()
    error = fields.String()
    latency_ms = fields.Integer()
    answer = fields.String()


SentMessagePageOut = page_of(SentMessageOut)
