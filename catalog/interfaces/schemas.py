"""Wire shapes of interfaces."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from catalog.interfaces import rules
from catalog.interfaces.types import CredentialKind
from core.fields import IdField, TextField, UtcField, page_of

_LONGEST_EXAMPLE = 8192


class UpstreamIn(Schema):
    base_url = TextField(required=True, shortest=1, longest=500)
    timeout_ms = fields.Integer(load_default=10_000, strict=True, validate=validate.Range(*rules.TIMEOUT_MS))
    connect_timeout_ms = fields.Integer(
        load_default=2_000, strict=True, validate=validate.Range(*rules.CONNECT_TIMEOUT_MS)
    )


class CredentialKindIn(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([str(kind) for kind in CredentialKind]))
    name = TextField(load_default="", longest=60)


class PickedOperationIn(Schema):
    """``operation`` is its name in the check; the outcome rule is a document of docs/formats/interface.md."""

    operation = TextField(required=True, longest=64)
    id = TextField(longest=64)
    summary = TextField(longest=300)
    outcome = fields.Dict(keys=fields.String())
    request_example = TextField(longest=_LONGEST_EXAMPLE)
    response_example = TextField(longest=_LONGEST_EXAMPLE)


class InterfaceIn(Schema):
    openapi_check_id = IdField("oas", required=True)
    title = TextField(load_default=None, shortest=1, longest=200)
    upstream = fields.Nested(UpstreamIn, required=True)
    credential = fields.Nested(CredentialKindIn, load_default=lambda: {"kind": "none", "name": ""})
    operations = fields.List(
        fields.Nested(PickedOperationIn), required=True, validate=validate.Length(min=1, max=rules.MOST_OPERATIONS)
    )


class CredentialIn(Schema):
    value = fields.String(required=True, load_only=True)


class TrialIn(Schema):
    """``values`` are the parameters by name, wherever they stand; ``body`` is sent as it is."""

    operation = TextField(required=True, longest=64)
    values = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    body = fields.String(load_default=None, allow_none=True)


class FoundOperationOut(Schema):
    id = fields.String()
    method = fields.String()
    path = fields.String()
    summary = fields.String()
    parameters = fields.List(fields.Dict())
    request_media_type = fields.String()
    request_fields = fields.List(fields.Dict())
    request_example = fields.String()
    response_fields = fields.List(fields.Dict())
    response_example = fields.String()
    statuses = fields.List(fields.String())
    proposed_outcome = fields.Dict()
    problem = fields.String()


class OpenApiCheckOut(Schema):
    id = fields.String()
    title = fields.String()
    openapi = fields.String()
    sha256 = fields.String()
    servers = fields.List(fields.String())
    credential = fields.Dict()
    operations = fields.List(fields.Nested(FoundOperationOut))
    expires_at = UtcField()


class CredentialStateOut(Schema):
    kind = fields.String()
    name = fields.String()
    set_at = UtcField(allow_none=True)


class InterfaceOut(Schema):
    """As its own organisation sees it."""

    id = fields.String(attribute="interface.id")
    sha256 = fields.String(attribute="interface.sha256")
    created_at = UtcField(attribute="interface.created_at")
    document = fields.Dict(attribute="interface.document")
    credential = fields.Nested(CredentialStateOut)


InterfacePageOut = page_of(InterfaceOut)


class OperationOut(Schema):
    """An operation as others see it."""

    id = fields.String()
    method = fields.String()
    path = fields.String()
    summary = fields.String()
    parameters = fields.List(fields.Dict())
    request_media_type = fields.String()
    request_fields = fields.List(fields.Dict())
    request_example = fields.String()
    response_fields = fields.List(fields.Dict())
    response_example = fields.String()
    outcome = fields.Dict()


class InterfaceBriefOut(Schema):
    """An interface in a list. Where its upstream is stands in no answer to others."""

    id = fields.String()
    title = fields.String()
    sha256 = fields.String()
    operation_count = fields.Integer()


class PublicInterfaceOut(InterfaceBriefOut):
    operations = fields.List(fields.Nested(OperationOut))


class TrialOut(Schema):
    id = fields.String()
    operation = fields.String()
    at = UtcField()
    status = fields.Integer(allow_none=True)
    outcome = fields.String()
    succeeded = fields.Boolean()
    problem = fields.String()
    detail = fields.String()
    latency_us = fields.Integer()
    size = fields.Integer()
    excerpt = fields.String()
