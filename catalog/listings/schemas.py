"""Wire shapes of listings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from catalog.files.schemas import FileBriefOut, StoredFileOut
from catalog.interfaces.schemas import InterfaceBriefOut, PublicInterfaceOut
from catalog.listings.types import DECLARATIONS, ListingKind, Purpose, Scene
from core.fields import IdField, LocalTextField, PageQuery, TextField, UtcField, page_of


class ImpactIn(Schema):
    """What a harm would fall on if the data leaked or were misused, and how bad it would be, by the tier profile."""

    object = fields.String(required=True, validate=validate.Length(max=40))
    degree = fields.String(required=True, validate=validate.Length(max=40))


class ListingFields(Schema):
    """What a supplier writes; declarations are texts by name."""

    title = LocalTextField(longest=200)
    summary = LocalTextField(longest=1000)
    description = LocalTextField(longest=20_000)
    scene = fields.String(validate=validate.OneOf([str(s) for s in Scene]))
    tags = fields.List(TextField(shortest=1, longest=40), validate=validate.Length(max=30))
    licence_terms = LocalTextField(longest=20_000)
    impact = fields.Nested(ImpactIn, allow_none=True)
    declarations = fields.Dict(
        keys=fields.String(
            validate=validate.OneOf([*DECLARATIONS, "impact", "deidentification", "purposes"])
        ),
        values=TextField(longest=2000),
    )  # fmt: skip


class ListingIn(ListingFields):
    kind = fields.String(load_default="dataset", validate=validate.OneOf([str(kind) for kind in ListingKind]))
    title = LocalTextField(longest=200, required=True)


class RevisionIn(Schema):
    """Files of a dataset, or the interface of a listing of that kind."""

    file_ids = fields.List(fields.String(), load_default=list, validate=validate.Length(max=200))
    interface_id = IdField("ifc", load_default=None)
    notes = TextField(load_default="", longest=2000)


class OfferIn(Schema):
    plan = fields.Dict(required=True)
    purposes = fields.List(
        fields.String(validate=validate.OneOf([str(p) for p in Purpose])),
        required=True,
        validate=validate.Length(min=1),
    )
    term_months = fields.Integer(load_default=12, strict=True, validate=validate.Range(min=0, max=120))
    limits = fields.Dict(load_default=None, allow_none=True)


class TierIn(Schema):
    tier = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=5))


class LowerTierIn(TierIn):
    reason = TextField(required=True, shortest=2, longest=1000)


class SuspensionIn(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


class RevisionBriefOut(Schema):
    id = fields.String()
    number = fields.Integer()
    files = fields.List(fields.Nested(FileBriefOut))
    interface = fields.Nested(InterfaceBriefOut, allow_none=True)
    notes = fields.String()
    created_at = UtcField()


class RevisionOut(RevisionBriefOut):
    files = fields.List(fields.Nested(StoredFileOut))
    interface = fields.Nested(PublicInterfaceOut, allow_none=True)


class OfferOut(Schema):
    id = fields.String()
    plan = fields.Dict()
    purposes = fields.List(fields.String())
    term_months = fields.Integer()
    limits = fields.Dict(allow_none=True)
    created_at = UtcField()


class ListingBriefOut(Schema):
    """A listing in a list: its columns and long texts are told where it is read alone."""

    id = fields.String()
    kind = fields.String()
    supplier_id = fields.String()
    title = LocalTextField()
    summary = LocalTextField()
    scene = fields.String()
    origin = fields.String()
    tags = fields.List(fields.String())
    tier = fields.Integer()
    proposed_tier = fields.Integer(allow_none=True)
    impact = fields.Dict(allow_none=True)
    tier_reasons = fields.List(fields.Dict())
    state = fields.String()
    reason = fields.String()
    revision = fields.Nested(RevisionBriefOut, allow_none=True)
    offer = fields.Nested(OfferOut, allow_none=True)
    version = fields.Integer()
    created_at = UtcField()
    updated_at = UtcField()
    listed_at = UtcField(allow_none=True)
    review_by = UtcField(allow_none=True)


class ListingOut(ListingBriefOut):
    description = LocalTextField()
    licence_terms = LocalTextField()
    revision = fields.Nested(RevisionOut, allow_none=True)


ListingPageOut = page_of(ListingBriefOut)


class ListingsQuery(PageQuery):
    scene = fields.String(load_default=None)


class SampleOut(Schema):
    kind = fields.String()
    columns = fields.List(fields.String())
    rows = fields.List(fields.List(fields.String()))
    total_rows = fields.Integer()
    obligations = fields.List(fields.String())


class InvitationIn(Schema):
    organisation_id = IdField("org", required=True)
    until = UtcField(load_default=None, allow_none=True)


class UninvitationIn(Schema):
    organisation_id = IdField("org", required=True)


class InviteeOut(Schema):
    id = fields.String()
    name = fields.String()
    name_en = fields.String()
