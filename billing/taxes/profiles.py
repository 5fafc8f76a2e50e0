"""Loading tax profiles; one with anything unknown in it is refused whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from billing.taxes.errors import TaxProfileInvalid
from billing.taxes.types import FAPIAO_FIELDS, TaxPayer, TaxProfile, Treatment

_KEYS = {
    "name", "version", "effective_from", "payers", "countries", "reverse_charge", "vat_numbers", "fapiao", "notes",
}  # fmt: skip
_WHOLE = 10_000


def profile(name: str, on: date) -> TaxProfile:
    """The version of that profile which holds on a day; before the first one, the first. Raises TaxProfileInvalid."""
    known = versions(name)
    return next((each for each in reversed(known) if each.effective_from <= on), known[0])


@cache
def versions(name: str) -> tuple[TaxProfile, ...]:
    """Every version of a profile, the oldest first: ``name.yaml``, and ``name-2.yaml`` for what holds later."""
    folder = files("billing.taxes")
    if not (name.isalnum() and name.isascii() and (folder / f"{name}.yaml").is_file()):
        raise TaxProfileInvalid(f"there is no tax profile named {name}")
    mine = re.compile(rf"{name}(-\d+)?\.yaml")
    sources = [each for each in folder.iterdir() if mine.fullmatch(each.name)]
    made = [parse(yaml.safe_load(source.read_text(encoding="utf-8"))) for source in sources]
    made.sort(key=lambda each: each.effective_from)
    if [each.version for each in made] != list(range(1, len(made) + 1)):
        raise TaxProfileInvalid(f"the versions of {name} are not numbered in the order of their days")
    return tuple(made)


def parse(document: Any) -> TaxProfile:
    """A profile as it is written. Raises TaxProfileInvalid."""
    if not isinstance(document, Mapping) or set(document) != _KEYS:
        raise TaxProfileInvalid("a tax profile has exactly these parts: " + ", ".join(sorted(_KEYS)))
    given = dict(document)
    if type(given["version"]) is not int or not isinstance(given["effective_from"], date):
        raise TaxProfileInvalid("a profile has a version and the day from which it holds")
    for place, rate in [*given["payers"].items(), *given["countries"].items()]:
        if not isinstance(place, str) or type(rate) is not int or not 0 <= rate <= _WHOLE:
            raise TaxProfileInvalid(f"{place}: {rate!r} is not a rate in basis points")
    _known("payers", given["payers"], {str(each) for each in TaxPayer})
    _known("notes", given["notes"], {str(each) for each in Treatment})
    for kind, fields in given["fapiao"].items():
        _known(f"fapiao of the kind {kind}", fields, set(FAPIAO_FIELDS))
    fapiao = {kind: tuple(fields) for kind, fields in given["fapiao"].items()}
    return TaxProfile(**given | {"fapiao": fapiao})


def _known(where: str, names: Any, allowed: set[str]) -> None:
    strange = set(names) - allowed
    if strange:
        raise TaxProfileInvalid(f"{where}: nothing is known of {', '.join(sorted(map(str, strange)))}")
