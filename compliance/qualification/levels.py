"""Which documents prove which level: data, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml

from compliance.qualification.types import DocumentKind


@cache
def needed(level: int) -> tuple[DocumentKind, ...]:
    """The documents of that level, in the order in which they are asked for; none for a level that needs none."""
    return _levels().get(level, ())


@cache
def kind(name: str) -> DocumentKind | None:
    """None when no level asks for such a document."""
    return next((each for level in _levels().values() for each in level if each.name == name), None)


@cache
def _levels() -> Mapping[int, tuple[DocumentKind, ...]]:
    source = files("compliance.qualification") / "levels.yaml"
    return parse(yaml.safe_load(source.read_text(encoding="utf-8")))


def parse(document: Mapping[str, Any]) -> dict[int, tuple[DocumentKind, ...]]:
    """Raises ValueError for a level that asks for less than the one below, or for a document without names."""
    kinds = {name: DocumentKind(name, words["zh"], words["en"]) for name, words in document["documents"].items()}
    levels = {level: tuple(kinds[name] for name in names) for level, names in sorted(document["levels"].items())}
    for (low, fewer), (high, more) in pairwise(levels.items()):
        if not set(fewer) < set(more):
            raise ValueError(f"level {high} must ask for all that level {low} asks for, and more")
    return levels
