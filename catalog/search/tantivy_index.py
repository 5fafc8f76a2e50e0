"""The schema of tantivy's index, and a document in it."""

from __future__ import annotations

import importlib.metadata

import tantivy

from catalog.listings.types import ListingState
from catalog.search import fields
from catalog.search.ordering import place
from catalog.search.types import FACETS, REFERENCE, SearchDocument

VERSION = f"{fields.FORMAT}/tantivy-{importlib.metadata.version('tantivy')}/4"
"""Ends with the number of this schema: whoever changes it changes that."""

_STATES = tuple(dict.fromkeys((REFERENCE, ListingState.LISTED.value, *(state.value for state in ListingState))))
GRADES = tuple((state, tier) for state in _STATES for tier in range(6))
"""The grade of a document is the place of its state and tier here: it says who may see it. What everybody may see
stands first, so that what somebody may see is mostly one range."""
_IN_GRADE = ("state", "level")
_NAMES = tuple(name for name in fields.NAMES if name not in _IN_GRADE)
_FAST = ("id", *FACETS)
_NUMBERS = (*(name for name in fields.NUMBERS if name not in _IN_GRADE), "grade")


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
    builder.add_integer_field("place", fast=True)
    return builder.build()


SCHEMA = _schema()


def with_analyser(index: tantivy.Index) -> tantivy.Index:
    """The index with our terms, which come analysed and parted by spaces."""
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def to_document(source: SearchDocument) -> tantivy.Document:
    document, found = tantivy.Document(), fields.of(source)
    names = {name: found.names[name] for name in _NAMES if name in found.names}
    for name, text in (found.texts | names).items():
        document.add_text(name, text)
    numbers = found.numbers | {"grade": _grade(source)}
    for name in _NUMBERS:
        document.add_integer(name, numbers[name])
    document.add_integer("place", place(source.id))
    return document


def documents_in(searcher: tantivy.Searcher) -> int:
    """How many documents there are, those counted that are deleted and not yet merged away, as ``doc_freq`` does."""
    return int(searcher.doc_freq("all", fields.END)) + int(searcher.doc_freq("all", fields.NOTHING))


def _grade(source: SearchDocument) -> int:
    try:
        return GRADES.index((source.state, source.tier))
    except ValueError:
        raise ValueError(f"{source.id} is {source.state!r} at tier {source.tier}: who may see it?") from None
