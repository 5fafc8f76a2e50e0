"""Wire shapes of search."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from catalog.search.types import FACETS, Sort
from core.fields import LocalTextField, MoneyField, PriceField, UtcField


class _SearchQuery(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=300), metadata={"description": "What to find"})
    sort = fields.String(load_default="relevance", validate=validate.OneOf([str(sort) for sort in Sort]))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=9_999))
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))


_filters: dict[str, Any] = {
    name: fields.String(load_default="", metadata={"description": f"Only these values of {name}, separated by commas"})
    for name in FACETS
}
SearchQuery = type("SearchQuery", (_SearchQuery,), _filters)


class SuggestionQuery(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=300))
    limit = fields.Integer(load_default=8, validate=validate.Range(min=1, max=20))


class PieceOut(Schema):
    text = fields.String()
    hit = fields.Boolean()


class HitOut(Schema):
    id = fields.String()
    what = fields.String()
    kind = fields.String()
    title = LocalTextField()
    marked_title = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(PieceOut)))
    marked_excerpt = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(PieceOut)))
    tags = fields.List(fields.String())
    scene = fields.String()
    origin = fields.String()
    tier = fields.Integer(allow_none=True)
    state = fields.String()
    supplier_id = fields.String(allow_none=True)
    supplier = LocalTextField()
    price_kind = fields.String()
    price_text = fields.String()
    currency = fields.String(allow_none=True)
    amount = MoneyField(allow_none=True)
    unit_price = PriceField(allow_none=True)
    price_per = fields.Integer()
    updated_at = UtcField()
    source = fields.String()
    source_title = LocalTextField()
    address = fields.String()
    orderable = fields.Boolean()


class CountOut(Schema):
    value = fields.String()
    count = fields.Integer()


class SimilarOut(Schema):
    items = fields.List(fields.Nested(HitOut))


class SearchOut(Schema):
    items = fields.List(fields.Nested(HitOut))
    total = fields.Integer()
    facets = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(CountOut)))
    next_offset = fields.Integer(allow_none=True)
    did_you_mean = fields.String()


class SuggestionOut(Schema):
    text = fields.String()
    id = fields.String()


class SuggestionsOut(Schema):
    items = fields.List(fields.Nested(SuggestionOut))
