"""Bank references as they are compared."""

from __future__ import annotations

import unicodedata

from core.problems import Invalid

_SHORTEST, _LONGEST = 4, 64


def normal_reference(text: object, *, field: str = "bank_reference") -> str:
    """One spelling for one reference: full-width forms, spaces and case do not make it another."""
    found = "".join(unicodedata.normalize("NFKC", text).split()).upper() if isinstance(text, str) else ""
    if not _SHORTEST <= len(found) <= _LONGEST or not found.isprintable():
        raise Invalid(f"A bank reference has between {_SHORTEST} and {_LONGEST} characters.", field=field)
    return found
