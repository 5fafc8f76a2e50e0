"""The embedded engine: tantivy in a folder of the data folder.

One writer at a time, held by a lock file; readers of every process see a commit at their next
search. ``manifest.json`` names the folder of the present index and the format it was built with, so
that a rebuild happens beside it and is swapped in by one rename.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from catalog.search.errors import IndexBusy, IndexNotReady
from catalog.search.fields import prefix_key
from catalog.search.ordering import field_of
from catalog.search.question import Question, Wanted, unscored
from catalog.search.tantivy_best import ids_of_best, total_of
from catalog.search.tantivy_clearance import clearance
from catalog.search.tantivy_index import SCHEMA, VERSION, documents_in, to_document, with_analyser
from catalog.search.tantivy_order import ids_by_field, ids_by_score
from catalog.search.tantivy_query import beginning, count_facets, filtered_by, kept_out_by, matching
from catalog.search.types import MOST_RESULTS, Answer, Ask, EngineState, Held, Load, SearchDocument
from compliance.policy import Clause
from core.locks import locked_at

_HEAP_BYTES = 32_000_000
_MOST_KEPT = 256
"""Answers that a process keeps of the present commit: many people ask the same, above all the start page."""
_TRIES = 5


@dataclass
class _Open:
    """An index as this process has it; the stamps tell whether it was swapped, or written to, meanwhile."""

    stamp: tuple[int, int]
    index: tantivy.Index
    meta: Path
    commit: tuple[int, int] = (0, 0)


class TantivyEngine:
    """The search engine protocol on an index below ``folder``; up to ``most_kept`` answers of a commit are kept."""

    def __init__(self, folder: Path, most_kept: int = _MOST_KEPT) -> None:
        self.folder = folder
        self._most_kept = most_kept
        self._open: _Open | None = None
        self._kept: tuple[object, dict[Hashable, Answer]] = (None, {})

    def ready(self) -> bool:
        manifest = self._manifest()
        return manifest is not None and self._usable(manifest) and manifest.get("whole") == "yes"

    def refresh(self, ids: Sequence[str], load: Load) -> None:
        if self._manifest() is None:
            self._begin()  # takes the lock itself
        with self._writing(20.0):
            writer = self._current().index.writer(_HEAP_BYTES, 1)
            try:
                for document_id in ids:
                    writer.delete_documents_by_term("id", document_id)
                for document in load(ids):
                    writer.add_document(to_document(document))
                writer.commit()
            finally:
                writer.wait_merging_threads()

    def search(self, ask: Ask) -> Answer:
        searcher, commit = self._searcher()
        of, answers = self._kept
        if of != commit or len(answers) >= self._most_kept:
            answers = {}
            self._kept = commit, answers
        key = _key(ask)
        if key not in answers:
            answers[key] = self._answer(searcher, ask)
        return answers[key]

    def _answer(self, searcher: tantivy.Searcher, ask: Ask) -> Answer:
        limit, asked = min(ask.limit, MOST_RESULTS - ask.offset), ask.question
        many, counted = _finds_many(searcher, asked), unscored(asked)
        clear = clearance(searcher, ask.visible, ask.excluded, many=many)

        def query_of(question: Question, filters: Mapping[str, frozenset[str]]) -> tantivy.Query:
            if question.everything:
                return clear(filtered_by(filters))
            several = {name: values for name, values in filters.items() if len(values) > 1 and not many}
            others = {name: values for name, values in filters.items() if name not in several}
            return clear([matching(question), *filtered_by(others)], kept_out_by(several))

        facets = count_facets(searcher, ask, lambda filters: query_of(counted, filters)) if ask.facets else {}
        field = field_of(ask)
        if field is not None:
            ids, total = ids_by_field(searcher, query_of(asked, ask.filters), field, ask.offset, limit)
            return Answer(ids, total, facets)
        best = None if many else ids_of_best(searcher, ask, clear, limit)  # of very many too many are equal
        if best is None:
            ids, total = ids_by_score(searcher, query_of(asked, ask.filters), ask.offset, limit)
            return Answer(ids, total, facets)
        kinds = facets.get("kind")  # each document has one, and there is no filter
        total = total_of(searcher, matching(counted), clear) if kinds is None else sum(count for _kind, count in kinds)
        return Answer(best, total, facets)

    def held(self, wanted: Sequence[Wanted]) -> Held:
        searcher, _commit = self._searcher()
        return Held([searcher.doc_freq(each.field, each.terms[0]) for each in wanted], documents_in(searcher))

    def suggest(self, prefix: str, visible: tuple[Clause, ...], excluded: frozenset[str], limit: int) -> list[str]:
        typed = prefix_key(prefix)
        if not typed:
            return []
        searcher, _commit = self._searcher()
        query = clearance(searcher, visible, excluded)([beginning(typed, prefix)])
        return list(ids_by_score(searcher, query, 0, limit)[0])

    def rebuild(self, documents: Iterable[SearchDocument], *, wait_s: float = 60.0) -> int:
        with self._writing(wait_s):
            name = f"index-{time.time_ns():x}"
            count = _build(self.folder / name, documents)
            self._swap(name)
        return count

    def state(self) -> EngineState:
        if not self.ready():
            return EngineState(False, VERSION)
        searcher, _commit = self._searcher()
        found = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs))
        addresses = [address for _score, address in found.hits]
        marks = {_stored(searcher, address, "id"): _stored(searcher, address, "mark") for address in addresses}
        return EngineState(True, VERSION, marks)

    def _manifest(self) -> dict[str, str] | None:
        try:
            manifest: dict[str, str] = json.loads((self.folder / "manifest.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return manifest

    def _path(self, manifest: Mapping[str, str]) -> Path:
        return self.folder / manifest["folder"]

    def _usable(self, manifest: Mapping[str, str]) -> bool:
        return manifest["version"] == VERSION and self._path(manifest).is_dir()

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
        if manifest is None or manifest["version"] != VERSION:
            raise IndexNotReady("The search index has an older format.")
        path = self._path(manifest)
        if not path.is_dir():
            raise FileNotFoundError(path)
        index = tantivy.Index(SCHEMA, path=str(path))
        index.config_reader("manual")
        return _Open(stamp, with_analyser(index), path / "meta.json")

    def _searcher(self) -> tuple[tantivy.Searcher, object]:
        """A view of the last commit, whichever process made it, and which one that is."""
        for _ in range(_TRIES):
            with contextlib.suppress(FileNotFoundError, ValueError):  # swapped between two of our steps
                return self._view()
            self._open = None
        raise IndexNotReady("The folder of the search index is missing.")

    def _view(self) -> tuple[tantivy.Searcher, object]:
        present = self._current()
        commit = _stamp(present.meta)
        if commit != present.commit:
            present.index.reload()
            present.commit = commit
        return present.index.searcher(), (present.stamp, commit)

    @contextlib.contextmanager
    def _writing(self, wait_s: float) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        busy = IndexBusy("Another process is writing the index.", hint="Try again in a moment.")
        with locked_at(self.folder / "writer.lock", wait_s, busy):
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
        manifest = {"folder": name, "version": VERSION, "whole": "yes" if whole else "no"}
        temporary.write_text(json.dumps(manifest))
        with temporary.open() as written:
            os.fsync(written.fileno())
        temporary.replace(self.folder / "manifest.json")
        for old in self.folder.glob("index-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)


def _finds_many(searcher: tantivy.Searcher, asked: Question) -> bool:
    """Whether one of its words stands in half of the documents."""
    terms = {wanted.terms[0] for wanted in asked.should if wanted.field == "all"}
    return max((searcher.doc_freq("all", term) for term in terms), default=0) * 2 > searcher.num_docs


def _key(ask: Ask) -> Hashable:
    filters = frozenset((name, frozenset(values)) for name, values in ask.filters.items())
    return ask.question, ask.visible, ask.excluded, filters, tuple(ask.facets), ask.sort, ask.offset, ask.limit


def _stored(searcher: tantivy.Searcher, address: tantivy.DocAddress, field: str) -> str:
    return str(searcher.doc(address).get_first(field))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ino


def _build(folder: Path, documents: Iterable[SearchDocument]) -> int:
    folder.mkdir(parents=True)
    index = with_analyser(tantivy.Index(SCHEMA, path=str(folder)))
    writer = index.writer(_HEAP_BYTES, 1)
    count = 0
    for document in documents:
        writer.add_document(to_document(document))
        count += 1
    writer.commit()
    writer.wait_merging_threads()
    return count
