"""The embedded engine: tantivy in a folder of the data folder.

One writer at a time, held by a lock file; readers of every process see a commit at their next
search. ``manifest.json`` names the folder of the present index and the format it was built with, so
that a rebuild happens beside it and is swapped in by one rename.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from catalog.search import analysis, question
from catalog.search.errors import IndexBusy, IndexNotReady
from catalog.search.types import FACETS, MOST_RESULTS, Answer, Ask, EngineState, Load, SearchDocument, Sort
from compliance.policy import Clause

FORMAT = 2
_VERSION = f"{FORMAT}/tantivy-{importlib.metadata.version('tantivy')}"
_HEAP_BYTES = 32_000_000
_NO_PRICE = 2**62
_MOST_VALUES = 500
_LONGEST_PREFIX = 12
_TRIES = 5
_Must, _Should, _MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


@dataclass
class _Open:
    """An index as this process has it; the stamps tell whether it was swapped, or written to, meanwhile."""

    stamp: tuple[int, int]
    index: tantivy.Index
    meta: Path
    commit: tuple[int, int] = (0, 0)


class TantivyEngine:
    """The search engine protocol on an index below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: _Open | None = None

    def ready(self) -> bool:
        manifest = self._manifest()
        return manifest is not None and self._usable(manifest) and manifest.get("whole") == "yes"

    def refresh(self, ids: Sequence[str], load: Load) -> None:
        with self._writing(20.0):
            writer = self._current().index.writer(_HEAP_BYTES, 1)
            try:
                for document_id in ids:
                    writer.delete_documents_by_term("id", document_id)
                for document in load(ids):
                    writer.add_document(_document(document))
                writer.commit()
            finally:
                writer.wait_merging_threads()

    def search(self, ask: Ask) -> Answer:
        searcher = self._searcher()
        limit = min(ask.limit, MOST_RESULTS - ask.offset)
        asked = [_text(ask.text), *_allowed(ask.visible, ask.excluded)]
        query = _all_of(*asked, *_filters(ask.filters))
        found: Any = searcher.search(query, max(1, limit), offset=ask.offset, **_order(ask))
        ids = tuple(_stored(searcher, address, "id") for _score, address in found.hits[: max(0, limit)])
        return Answer(ids, int(found.count), _facets(searcher, ask, asked))

    def suggest(self, prefix: str, visible: tuple[Clause, ...], excluded: frozenset[str], limit: int) -> list[str]:
        typed = _prefix_key(prefix)
        if not typed:
            return []
        searcher = self._searcher()
        query = _all_of(_beginning(typed, prefix), *_allowed(visible, excluded))
        return [_stored(searcher, address, "id") for _score, address in searcher.search(query, limit).hits]

    def rebuild(self, documents: Iterable[SearchDocument], *, wait_s: float = 60.0) -> int:
        with self._writing(wait_s):
            name = f"index-{time.time_ns():x}"
            count = _build(self.folder / name, documents)
            self._swap(name)
        return count

    def state(self) -> EngineState:
        if not self.ready():
            return EngineState(False, _VERSION)
        searcher = self._searcher()
        found = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs))
        addresses = [address for _score, address in found.hits]
        marks = {_stored(searcher, address, "id"): _stored(searcher, address, "mark") for address in addresses}
        return EngineState(True, _VERSION, marks)

    def _manifest(self) -> dict[str, str] | None:
        try:
            manifest: dict[str, str] = json.loads((self.folder / "manifest.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return manifest

    def _path(self, manifest: Mapping[str, str]) -> Path:
        return self.folder / manifest["folder"]

    def _usable(self, manifest: Mapping[str, str]) -> bool:
        return manifest["version"] == _VERSION and self._path(manifest).is_dir()

    def _current(self) -> _Open:
        """The present index, opened once and again after a swap by any process."""
        if not (self.folder / "manifest.json").exists():
            self._begin()
        stamp = _stamp(self.folder / "manifest.json")
        present = self._open
        if present is None or present.stamp != stamp:
            present = self._open = self._open_index(stamp)
        return present

    def _open_index(self, stamp: tuple[int, int]) -> _Open:
        manifest = self._manifest()
        if manifest is None or not self._usable(manifest):
            raise IndexNotReady("The search index has an older format.")
        path = self._path(manifest)
        index = tantivy.Index(_SCHEMA, path=str(path))
        index.config_reader("manual")
        return _Open(stamp, _with_analyser(index), path / "meta.json")

    def _searcher(self) -> tantivy.Searcher:
        """A view of the last commit, whichever process made it."""
        for _ in range(_TRIES):
            with contextlib.suppress(FileNotFoundError, ValueError):  # swapped between two of our steps
                return self._view()
            self._open = None
        return self._view()

    def _view(self) -> tantivy.Searcher:
        present = self._current()
        commit = _stamp(present.meta)
        if commit != present.commit:
            present.index.reload()
            present.commit = commit
        return present.index.searcher()

    @contextlib.contextmanager
    def _writing(self, wait_s: float) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "writer.lock").open("a") as lock:
            _take(lock.fileno(), wait_s)
            yield

    def _begin(self) -> None:
        """An empty index for a new exchange; not whole, so that whoever keeps the index still builds it."""
        with self._writing(10.0):
            if self._manifest() is None:
                name = f"index-{time.time_ns():x}"
                _build(self.folder / name, ())
                self._swap(name, whole=False)

    def _swap(self, name: str, *, whole: bool = True) -> None:
        temporary = self.folder / "manifest.tmp"
        manifest = {"folder": name, "version": _VERSION, "whole": "yes" if whole else "no"}
        temporary.write_text(json.dumps(manifest))
        with temporary.open() as written:
            os.fsync(written.fileno())
        temporary.replace(self.folder / "manifest.json")
        for old in self.folder.glob("index-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)


def mark(document: SearchDocument) -> str:
    """A short hash of everything the index keeps of a document."""
    return hashlib.sha256(repr(document).encode("utf-8", "replace")).hexdigest()[:16]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("mark", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("all", "title", "tags"):
        builder.add_text_field(name, tokenizer_name="terms")
    builder.add_text_field("beginning", tokenizer_name="terms", index_option="basic")
    for name in ("state", "owner", *FACETS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("level", "price", "updated"):
        builder.add_integer_field(name, fast=True, indexed=True)
    return builder.build()


_SCHEMA = _schema()


def _stored(searcher: tantivy.Searcher, address: tantivy.DocAddress, field: str) -> str:
    return str(searcher.doc(address).get_first(field))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ino


def _with_analyser(index: tantivy.Index) -> tantivy.Index:
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def _take(descriptor: int, wait_s: float) -> None:
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise IndexBusy("Another process is writing the index.", hint="Try again in a moment.") from None
        time.sleep(0.005)


def _build(folder: Path, documents: Iterable[SearchDocument]) -> int:
    folder.mkdir(parents=True)
    index = _with_analyser(tantivy.Index(_SCHEMA, path=str(folder)))
    writer = index.writer(_HEAP_BYTES, 1)
    count = 0
    for document in documents:
        writer.add_document(_document(document))
        count += 1
    writer.commit()
    writer.wait_merging_threads()
    return count


def _document(source: SearchDocument) -> tantivy.Document:
    document = tantivy.Document()
    titles = [text for text in source.title.values() if text]
    texts = [*titles, *source.summary.values(), *source.description.values(), source.owner_name, *source.tags]
    document.add_text("id", source.id)
    document.add_text("mark", mark(source))
    document.add_text("all", _sent([*texts, source.scene]))
    document.add_text("title", _sent(titles))
    document.add_text("tags", _sent([*source.tags, source.scene]))
    document.add_text("beginning", " ".join(dict.fromkeys(_beginnings(titles))))
    document.add_text("state", source.state)
    document.add_text("owner", source.owner)
    for name in FACETS:
        if source.facet(name):
            document.add_text(name, source.facet(name))
    document.add_integer("level", source.tier)
    document.add_integer("price", _NO_PRICE if source.price is None else min(source.price, _NO_PRICE - 1))
    document.add_integer("updated", int(source.updated_at.timestamp()))
    return document


def _sent(texts: Iterable[str]) -> str:
    return " ".join(term for text in texts for term in analysis.terms(text))


def _prefix_key(text: str) -> str:
    return "".join(analysis.runs(text))[:_LONGEST_PREFIX]


def _beginnings(titles: Iterable[str]) -> Iterator[str]:
    """Every beginning of the title and of what follows each of its runs, as written and in pinyin."""
    for title in titles:
        found = analysis.runs(title)
        spoken = [analysis.pinyin(run) if analysis.is_han(run) else (run, run) for run in found]
        for parts in (found, [full for full, _ in spoken], [initials for _, initials in spoken]):
            for start in range(len(parts)):
                rest = "".join(parts[start:])[:_LONGEST_PREFIX]
                yield from (rest[:size] for size in range(1, len(rest) + 1))


def _beginning(typed: str, prefix: str) -> tantivy.Query:
    """Titles that begin so, before titles that hold the words further inside."""
    begins = tantivy.Query.boost_query(tantivy.Query.term_query(_SCHEMA, "beginning", typed), 3.0)
    words = analysis.terms(prefix)
    if len("".join(words)) < 2:
        return begins
    inside = _wanted(question.Wanted("title", tuple(words), 1.0))
    return tantivy.Query.boolean_query([(_Should, begins), (_Should, inside)])


def _text(text: str) -> tantivy.Query:
    asked = question.ask(text)
    if asked.empty:
        return tantivy.Query.all_query() if not text.strip() else tantivy.Query.empty_query()
    parts = [(_Should, _wanted(wanted)) for wanted in asked.should]
    for group in asked.either:
        choices = [_any_of([_wanted(wanted) for wanted in choice]) for choice in group]
        parts.append((_Should, tantivy.Query.disjunction_max_query(choices)))
    return tantivy.Query.boolean_query(parts)


def _wanted(wanted: question.Wanted) -> tantivy.Query:
    if len(wanted.terms) == 1:
        query = tantivy.Query.term_query(_SCHEMA, wanted.field, wanted.terms[0])
    else:
        query = tantivy.Query.phrase_query(_SCHEMA, wanted.field, list(wanted.terms))
    return query if wanted.boost == 1.0 else tantivy.Query.boost_query(query, wanted.boost)


def _allowed(visible: Iterable[Clause], excluded: frozenset[str]) -> Iterator[tantivy.Query]:
    yield _unscored(_any_of([_clause(clause) for clause in visible]))
    if excluded:
        named = tantivy.Query.term_set_query(_SCHEMA, "id", sorted(excluded))
        everything = tantivy.Query.all_query()
        yield _unscored(tantivy.Query.boolean_query([(_Must, everything), (_MustNot, named)]))


def _clause(clause: Clause) -> tantivy.Query:
    parts = []
    if clause.states is not None:
        parts.append(tantivy.Query.term_set_query(_SCHEMA, "state", sorted(clause.states)))
    if clause.max_tier is not None or clause.min_tier > 0:
        kind = tantivy.FieldType.Integer
        parts.append(tantivy.Query.range_query(_SCHEMA, "level", kind, max(clause.min_tier, 0), clause.max_tier))
    if clause.owner is not None:
        parts.append(tantivy.Query.term_query(_SCHEMA, "owner", clause.owner))
    return _all_of(*parts)


def _filters(filters: Mapping[str, frozenset[str]]) -> Iterator[tantivy.Query]:
    for name, values in filters.items():
        if values:
            yield _unscored(tantivy.Query.term_set_query(_SCHEMA, name, sorted(values)))


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.boost_query(tantivy.Query.const_score_query(query, 0.0), 0.0)


def _all_of(*queries: tantivy.Query) -> tantivy.Query:
    if not queries:
        return tantivy.Query.all_query()
    return tantivy.Query.boolean_query([(_Must, query) for query in queries])


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if not queries:
        return tantivy.Query.empty_query()
    return tantivy.Query.boolean_query([(_Should, query) for query in queries])


def _order(ask: Ask) -> dict[str, Any]:
    if ask.sort is Sort.PRICE:
        return {"order_by_field": "price", "order": tantivy.Order.Asc}
    if ask.sort is Sort.NEWEST or not ask.text.strip():
        return {"order_by_field": "updated", "order": tantivy.Order.Desc}
    return {}


def _facets(
    searcher: tantivy.Searcher, ask: Ask, asked: Sequence[tantivy.Query]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Each facet counted without its own filter; those that have none share one pass."""
    free = [name for name in ask.facets if not ask.filters.get(name)]
    passes = [(free, ask.filters)] if free else []
    for name in ask.facets:
        if ask.filters.get(name):
            passes.append(([name], {other: values for other, values in ask.filters.items() if other != name}))
    counts: dict[str, tuple[tuple[str, int], ...]] = {}
    for names, filters in passes:
        query = _all_of(*asked, *_filters(filters))
        wanted = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in names}
        for name, found in searcher.aggregate(query, wanted).items():
            buckets = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in found["buckets"]]
            counts[name] = tuple(sorted(buckets, key=lambda pair: (-pair[1], pair[0])))
    return {name: counts[name] for name in ask.facets}
