"""An exchange that holds a collection as references, asked over HTTP."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import urllib3
import yaml
from werkzeug.serving import WSGIRequestHandler, make_server

import migrations
from bench.relevance.files import Unreadable
from bench.relevance.reading import Document
from catalog.references.service import import_file
from catalog.search import service as search
from core.actor import SYSTEM
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of

Ask = Callable[[str, int], list[str]]
_AT_ONCE = 20_000
_PER_PAGE = 100
_LONGEST = 300
_PLACE = "https://collection.example/"


@contextmanager
def exchange(documents: Sequence[Document], address: str = "") -> Iterator[Ask]:
    """Yields what asks a query and answers ids of documents, best first; of the exchange at ``address`` if given."""
    if address:
        yield _asker(address.rstrip("/"), documents)
        return
    with tempfile.TemporaryDirectory() as data:
        house = build_house(Settings(data=Path(data), profile="test"))
        migrations.upgrade(house.db.engine)
        began = time.perf_counter()
        _bring_in(house, documents, Path(data))
        search.rebuild(house)
        print(f"brought in and indexed in {time.perf_counter() - began:.1f} s")
        server = make_server("127.0.0.1", 0, create_app_of(house), threaded=True, request_handler=_Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield _asker(f"http://127.0.0.1:{server.server_port}", documents)
        finally:
            server.shutdown()


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


def _bring_in(house: House, documents: Sequence[Document], folder: Path) -> None:
    for number, start in enumerate(range(0, len(documents), _AT_ONCE)):
        name = f"collection-{number}"
        mapping, rows = folder / f"{name}.yaml", folder / f"{name}.jsonl"
        mapping.write_text(yaml.safe_dump(_mapping(name), allow_unicode=True), encoding="utf-8")
        with rows.open("w", encoding="utf-8") as written:
            for place, each in enumerate(documents[start : start + _AT_ONCE], start):
                written.write(json.dumps(_row(place, each), ensure_ascii=False) + "\n")
        report = import_file(house, SYSTEM, path=rows, source=str(mapping))
        if report.imported != report.rows:
            print(f"{report.rows - report.imported} of {report.rows} documents were not taken in (no text, or twice)")


def _mapping(name: str) -> dict[str, object]:
    fields, languages = ("title", "description"), ("zh", "en")
    texts = {field: {language: f"{field}_{language}" for language in languages} for field in fields}
    return {
        "version": 1, "source": {"name": name, "title": {"en": name}}, "file": {"format": "jsonl"}, "key": "key",
        "address": "address", "tags": {"columns": ["tags"], "split": "\t"}, **texts,
        "optional_columns": ["tags", *(column for names in texts.values() for column in names.values())],
    }  # fmt: skip


def _row(place: int, document: Document) -> dict[str, str]:
    """A document without a title begins with its text."""
    titles = document.title or {language: text[:80] for language, text in document.text.items()}
    row = {"key": document.id, "address": f"{_PLACE}{place}", "tags": "\t".join(document.tags)}
    row |= {f"title_{language}": text for language, text in titles.items()}
    return row | {f"description_{language}": text for language, text in document.text.items()}


def _asker(address: str, documents: Sequence[Document]) -> Ask:
    pool = urllib3.PoolManager()
    ids = [each.id for each in documents]

    def ask(text: str, depth: int) -> list[str]:
        found: list[str] = []
        offset: int | None = 0
        while offset is not None and offset < depth:
            limit = min(_PER_PAGE, depth - offset)
            asked = f"q={quote(text[:_LONGEST])}&limit={limit}&offset={offset}"
            answer = pool.request("GET", f"{address}/api/v1/search?{asked}")
            if answer.status != 200:
                raise Unreadable(f"the search answered {answer.status}: {answer.data[:300].decode(errors='replace')}")
            body = answer.json()
            found += [_id(hit["address"], ids) for hit in body["items"]]
            offset = body["next_offset"]
        return found

    return ask


def _id(address: str, ids: Sequence[str]) -> str:
    number = address.rsplit("/", 1)[-1]
    return ids[int(number)] if number.isdigit() and int(number) < len(ids) else address
