"""The schema of tantivy's index, and a document in it."""

from __future__ import annotations

import importlib.metadata

import tantivy

from catalog.search import fields
from catalog.search.types import SearchDocument

VERSION = f"{fields.FORMAT}/tantivy-{importlib.metadata.version('tantivy')}"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in fields.WORDS:
        builder.add_text_field(name, tokenizer_name="terms")
    for name in fields.KEYS:
        builder.add_text_field(name, tokenizer_name="terms", index_option="basic")
    for name in fields.NAMES:
        stored = name in ("id", "mark")
        builder.add_text_field(name, stored=stored, tokenizer_name="raw", index_option="basic", fast=name != "mark")
    for name in fields.NUMBERS:
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
    for name, text in (found.texts | found.names).items():
        document.add_text(name, text)
    for name, number in found.numbers.items():
        document.add_integer(name, number)
    return document
