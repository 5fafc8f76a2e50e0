"""Wire shapes of periods."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class StatementQuery(Schema):
    format = fields.String(load_default="json", validate=validate.OneOf(("json", "csv")))
