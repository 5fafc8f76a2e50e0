"""Comparing who claims with whom the source names: pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from catalog.references.claims.types import Match

_SHORTEST = 4
_NOISE = re.compile(r"[\W_]+")
_FORMS = (
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "公司",
    "集团",
    "coltd",
    "limited",
    "ltd",
    "inc",
    "corporation",
    "corp",
)


def match(names: Iterable[str], credit_code: str, supplier: str, texts: Iterable[str]) -> Match:
    """The strongest agreement: the code stands in the reference, the name is the same, or the same but for its form."""
    if credit_code and any(credit_code in text.upper() for text in (supplier, *texts)):
        return Match.CREDIT_CODE
    named = _plain(supplier)
    known = [plain for plain in map(_plain, names) if plain]
    if not named or not known:
        return Match.NONE
    if named in known:
        return Match.NAME
    core, cores = _core(named), [_core(each) for each in known]
    if len(core) >= _SHORTEST and any(core == each for each in cores):
        return Match.SIMILAR
    return Match.NONE


def _plain(text: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _core(text: str) -> str:
    """The name without the form of the firm at its end."""
    for form in _FORMS:
        if text.endswith(form) and len(text) > len(form):
            return text[: -len(form)]
    return text
