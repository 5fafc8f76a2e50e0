"""Bank references as they are compared."""

from __future__ import annotations

import unicodedata

from core.problems import Invalid, Sentence

_SHORTEST, _LONGEST = 4, 64


def normal_reference(text: object, *, field: str = "bank_reference") -> str:
    """One spelling for one reference: full-width forms, spaces and case do not make it another."""
    found = "".join(unicodedata.normalize("NFKC", text).split()).upper() if isinstance(text, str) else ""
    if not _SHORTEST <= len(found) <= _LONGEST or not found.isprintable():
        raise Invalid(
            Sentence(
                "A bank reference has between %(shortest)s and %(longest)s characters.",
                shortest=_SHORTEST,
                longest=_LONGEST,
            ),
            field=field,
        )
    return found
