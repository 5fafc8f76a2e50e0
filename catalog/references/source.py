"""A source mapping as values: where each part of a listing stands in a row, and how it is read."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.references import markup, price
from catalog.references.rows import FileShape

KINDS = ("dataset", "interface", "report", "application", "service", "model", "other")
ORIGINS = ("government", "enterprise", "social", "")
TEXTS = ("title", "summary", "description", "supplier")
LANGUAGES = ("zh", "en")


def matches(text: str, name: str) -> bool:
    """Whether a cell's text is the one a mapping names; a ``*`` in the name stands for anything."""
    return fnmatch.fnmatchcase(text, name.replace("[", "[[]")) if "*" in name else text == name


@dataclass(frozen=True)
class Value:
    """Where a text comes from: columns joined, a pattern's group taken, values put for others."""

    columns: tuple[str, ...] = ()
    join: str = "\n"
    pattern: re.Pattern[str] | None = None
    template: str | None = None
    constant: str | None = None
    ignore: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    html: bool = False

    def of(self, row: Mapping[str, str]) -> str:
        """The text of a row, trimmed; empty when the row has none."""
        if self.constant is not None:
            return self.constant
        found = [self._one(row.get(column, "")) for column in self.columns]
        if self.template is not None:
            return self.template.format(*found) if all(found) else self.default
        text = self.join.join(dict.fromkeys(filter(None, found)))
        if self.values:
            return next((put for name, put in self.values.items() if matches(text, name)), self.default)
        return text or self.default

    def _one(self, cell: str) -> str:
        text = markup.plain(cell) if self.html else cell.strip()
        if self.pattern is not None:
            match = self.pattern.search(text)
            text = (match.group(1) if match.re.groups else match.group()).strip() if match else ""
        return "" if text in self.ignore else text


@dataclass(frozen=True)
class PriceRule:
    """When ``contains`` stands in the price's text or details, the kind is known; ``read`` is whether to read it."""

    contains: str
    kind: str
    read: bool


@dataclass(frozen=True)
class PriceMapping:
    text: Value = Value()
    amount: Value = Value()
    unit: Value = Value()
    currency: Value = Value()
    details: Value = Value()
    words: price.Words = field(default_factory=price.Words)
    rules: tuple[PriceRule, ...] = ()


@dataclass(frozen=True)
class Classification:
    """What becomes of a row by the class its source gives it; the strictest of its columns counts."""

    columns: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    otherwise: str = "accept"

    def of(self, name: str) -> str:
        """The strictest list that holds the class, or what becomes of classes in no list."""
        lists = (("quarantine", self.quarantine), ("queue", self.queue), ("accept", self.accept))
        return next((kind for kind, names in lists if any(matches(name, n) for n in names)), self.otherwise)


@dataclass(frozen=True)
class DateMapping:
    value: Value = Value()
    formats: tuple[str, ...] = ("iso",)
    zone: str = "+08:00"


@dataclass(frozen=True)
class SourceMapping:
    """A whole mapping, checked."""

    name: str
    title: Mapping[str, str]
    file: FileShape
    key: Value
    address: Value
    texts: Mapping[tuple[str, str], Value]
    tags: tuple[Value, ...]
    tag_split: re.Pattern[str]
    kind: Value
    scene: Value
    origin: Value
    price: PriceMapping
    classification: Classification
    updated_at: DateMapping
    optional: frozenset[str]

    def columns(self) -> set[str]:
        """Every column that the mapping reads."""
        p = self.price
        values = [self.key, self.address, *self.texts.values(), *self.tags, self.kind, self.scene, self.origin]
        values += [p.text, p.amount, p.unit, p.currency, p.details, self.updated_at.value]
        return {column for value in values for column in value.columns} | set(self.classification.columns)
