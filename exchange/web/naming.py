"""How a person names an organisation in a form: by what stands on its papers."""

from __future__ import annotations

from compliance.identity import queries as identity
from core.db import Uow
from core.ids import is_id
from core.problems import Invalid


def organisation_named(uow: Uow, text: str, field: str) -> str:
    """Its id, from its id or its unified social credit code. Raises Invalid naming the field."""
    if is_id("org", text):
        return text
    found = identity.organisation_by_credit_code(uow, text.upper())
    if found is None:
        raise Invalid("There is no organisation of this id or credit code.", field=field)
    return found.id
