"""How organisations are named in forms, by what stands on their papers; and what things are called, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog.listings import queries as listings
from compliance.identity import queries as identity
from core.db import Uow
from core.ids import is_id
from core.problems import Invalid
from exchange.trading import queries as trading


def organisation_named(uow: Uow, text: str, field: str) -> str:
    """Its id, from its id or its unified social credit code. Raises Invalid naming the field."""
    if is_id("org", text):
        return text
    found = identity.organisation_by_credit_code(uow, text.upper())
    if found is None:
        raise Invalid("There is no organisation of this id or credit code.", field=field)
    return found.id


def names_of(uow: Uow, ids: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """What orders, listings and organisations are called, by id, for pages of those who watch over the trade."""
    asked = set(ids)
    about = trading.listings_of(uow, {each for each in asked if is_id("ord", each)})
    sold = listings.briefs(uow, {*about.values(), *(each for each in asked if is_id("lst", each))})
    own = identity.organisations(uow, {each for each in asked if is_id("org", each)})
    named = {each: sold[about.get(each, each)].title for each in asked if about.get(each, each) in sold}
    return named | {key: {"zh": each.name, "en": each.name_en or each.name} for key, each in own.items()}
