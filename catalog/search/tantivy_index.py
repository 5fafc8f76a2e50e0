"""The schema of tantivy's index and the fields of a document. Whoever changes them changes ``FORMAT``."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator

import tantivy

from catalog.search import analysis, sounds
from catalog.search.types import FACETS, SearchDocument

FORMAT = 5
VERSION = f"{FORMAT}/tantivy-{importlib.metadata.version('tantivy')}"
_NO_PRICE = 2**62
_LONGEST_PREFIX = 12


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("mark", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("all", "title", "tags"):
        builder.add_text_field(name, tokenizer_name="terms")
    for name in ("beginning", "sounds"):
        builder.add_text_field(name, tokenizer_name="terms", index_option="basic")
    for name in ("state", "owner", *FACETS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("level", "price", "updated", "popular", "quality"):
        builder.add_integer_field(name, fast=True, indexed=True)
    return builder.build()


SCHEMA = _schema()


def with_analyser(index: tantivy.Index) -> tantivy.Index:
    """The index with our terms, which come analysed and parted by spaces."""
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def to_document(source: SearchDocument) -> tantivy.Document:
    """The fields of a document; its shown texts stay in the database."""
    document = tantivy.Document()
    titles = [text for text in source.title.values() if text]
    title, tags = _sent(titles), _sent([*source.tags, source.scene])
    texts = [*source.summary.values(), *source.description.values(), source.owner_name, *source.operations]
    document.add_text("id", source.id)
    document.add_text("mark", source.mark())
    document.add_text("all", f"{title} {_sent(texts)} {tags}")
    document.add_text("title", title)
    document.add_text("tags", tags)
    document.add_text("beginning", " ".join(dict.fromkeys(_beginnings(titles))))
    document.add_text("sounds", " ".join(sounds.of_titles(titles)))
    document.add_text("state", source.state)
    document.add_text("owner", source.owner)
    for name in FACETS:
        if source.facet(name):
            document.add_text(name, source.facet(name))
    document.add_integer("level", source.tier)
    document.add_integer("price", _NO_PRICE if source.price is None else min(source.price, _NO_PRICE - 1))
    document.add_integer("updated", int(source.updated_at.timestamp()))
    document.add_integer("popular", source.ranked(source.popularity))
    document.add_integer("quality", source.ranked(source.quality))
    return document


def _sent(texts: Iterable[str]) -> str:
    return " ".join(term for text in texts for term in analysis.terms(text))


def prefix_key(text: str) -> str:
    """What was typed, as beginnings are indexed."""
    return "".join(analysis.runs(text))[:_LONGEST_PREFIX]


def _beginnings(titles: Iterable[str]) -> Iterator[str]:
    """Every beginning of the title and of what follows each of its runs, as written and in pinyin."""
    for title in titles:
        found = analysis.runs(title)
        spoken = [analysis.pinyin(run) if analysis.is_han(run) else (run, run) for run in found]
        ways = (tuple(found), tuple(full for full, _ in spoken), tuple(initials for _, initials in spoken))
        for parts in dict.fromkeys(ways):
            for start in range(len(parts)):
                rest = "".join(parts[start:])[:_LONGEST_PREFIX]
                yield from (rest[:size] for size in range(1, len(rest) + 1))
