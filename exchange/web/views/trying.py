"""Trying an operation from the page of its interface."""

from __future__ import annotations

from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from catalog.listings import queries as listings
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError, Invalid
from exchange.web import forms, licences, trying
from exchange.web.session import actor, house
from exchange.web.shell import pages, read, signed_in
from exchange.web.views import listing as listing_page

_PARAMETER = "value-"


class TryForm(Schema):
    entitlement_id = fields.String(required=True)
    operation = TextField(required=True, longest=64)
    key = fields.String(required=True)
    body = fields.String(load_default=None)


@pages.post("/listings/<listing_id>/try")
def try_operation(listing_id: str) -> Response:
    """One real call, metered and billed as any other. The key is kept nowhere and not shown again."""
    signed_in()
    try:
        form = forms.load_marked(TryForm, _PARAMETER)
        licence = read(lambda uow: _licence(uow, listing_id, form["entitlement_id"]))
        operation = licence.interface.operation(form["operation"])
        if operation is None:
            raise Invalid("The interface has no such operation.", field="operation")
        tried = trying.call(
            house().settings, listing_id, operation, key=form["key"].strip(), purpose=licence.purpose,
            values=form["values"], body=form["body"] if operation["request_media_type"] else None,
        )  # fmt: skip
    except DomainError as problem:
        return listing_page.listing(listing_id, problem)
    return listing_page.listing(listing_id, tried=tried)


def _licence(uow: Uow, listing_id: str, entitlement_id: str) -> licences.Licence:
    listings.get(uow, actor(), listing_id)
    found = next(
        (each for each in licences.held(uow, actor(), listing_id) if each.entitlement_id == entitlement_id), None
    )
    if found is None:
        raise Invalid("Choose one of your licences.", field="entitlement_id")
    return found
