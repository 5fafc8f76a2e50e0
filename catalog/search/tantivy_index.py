"""The schema of tantivy's index, and a document in it."""

from __future__ import annotations

import importlib.metadata

import tantivy

from catalog.search import fields
from catalog.search.types import FACETS, SearchDocument

VERSION = f"{fields.FORMAT}/tantivy-{importlib.metadata.version('tantivy')}/2"
"""Ends with the number of this schema: whoever changes it changes that."""

_IN_GRADE = ("state", "level")
"""Kept as one name, the grade: it says who may see a document."""
_NAMES = (*(name for name in fields.NAMES if name not in _IN_GRADE), "grade")
_FAST = ("id", *FACETS)
_NUMBERS = tuple(name for name in fields.NUMBERS if name not in _IN_GRADE)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in fields.WORDS:
        builder.add_text_field(name, tokenizer_name="terms")
    for name in fields.KEYS:
        builder.add_text_field(name, tokenizer_name="terms", index_option="basic")
    for name in _NAMES:
        stored = name in ("id", "mark")
        builder.add_text_field(name, stored=stored, tokenizer_name="raw", index_option="basic", fast=name in _FAST)
    for name in _NUMBERS:
        builder.add_integer_field(name, fast=True, indexed=True)
    return builder.build()


SCHEMA = _schema()


def with_analyser(index: tantivy.Index) -> tantivy.Index:
    """The index with our terms, which come analysed and parted by spaces."""
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def to_document(source: SearchDocument) -> tantivy.Document:
    if not source.state:
        raise ValueError(f"{source.id} has no state: nothing would say who may see it")
    document, found = tantivy.Document(), fields.of(source)
    names = found.names | {"grade": f"{source.state}:{source.tier}"}
    for name, text in (found.texts | {name: names[name] for name in _NAMES if name in names}).items():
        document.add_text(name, text)
    for name in _NUMBERS:
        document.add_integer(name, found.numbers[name])
    return document


def parted_grade(grade: str) -> tuple[str, int]:
    """The state and the tier that a grade is of."""
    state, _, tier = grade.rpartition(":")
    return state, int(tier)
