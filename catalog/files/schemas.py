"""Wire shapes of files."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.fields import TextField, UtcField


class UploadIn(Schema):
    name = TextField(required=True, shortest=1, longest=255)
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-fA-F]{64}\Z"))


class UploadOut(Schema):
    id = fields.String()
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    received = fields.Integer()
    state = fields.String()
    file_id = fields.String(allow_none=True)
    part_bytes = fields.Integer()
    expires_at = UtcField()


class ColumnOut(Schema):
    name = fields.String()
    type = fields.String()
    nulls = fields.Integer()
    distinct = fields.Integer(allow_none=True)
    minimum = fields.String(allow_none=True)
    maximum = fields.String(allow_none=True)
    histogram = fields.List(fields.Integer())


class ScanningOut(Schema):
    """How far the scan for identifiers is; what it found so far, or in all, are cells by kind and by column."""

    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    percent = fields.Integer()


class FindingsOut(Schema):
    name = fields.String()
    counts = fields.Dict()
    unconfirmed = fields.Dict()


class PersonsOut(Schema):
    persons = fields.Integer()
    sensitive = fields.Integer()
    missing = fields.String()


class FileBriefOut(Schema):
    id = fields.String()
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    media_type = fields.String()
    rows = fields.Integer(allow_none=True)


class StoredFileOut(FileBriefOut):
    columns = fields.Function(lambda file: ColumnOut(many=True).dump(file.profile.columns) if file.profile else [])
    facts = fields.Dict()


class OwnFileOut(StoredFileOut):
    """A file as its owner sees it, with what was found in it."""

    scanning = fields.Nested(ScanningOut)
    findings = fields.Function(
        lambda file: FindingsOut(many=True).dump(file.profile.scan.columns) if file.profile else []
    )


class FileOut(Schema):
    file = fields.Nested(OwnFileOut)
    persons = fields.Nested(PersonsOut, allow_none=True)
