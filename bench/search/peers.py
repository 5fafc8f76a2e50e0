"""The same documents and the same questions for engines that are not ours: as terms that are analysed already.

A peer is given what our index is given, the terms of ``all``, and the values of its facets; and it is asked for what
ours is asked for: any of these terms and phrases, what may be seen, the filters, how many there are in all, the first
twenty, and each facet counted without its own filter. So both find the same documents, and the totals must agree.
That words stand side by side adds to the score there too, where it finds nothing that one of the words does not. What
is only counted is counted among the fewest terms that find the same there too.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.search import question
from catalog.search.tantivy_index import to_document
from catalog.search.types import FACETS, Ask, SearchDocument, Sort

ROOT = Path(__file__).parents[2]
_SOUND = "zz"
"""Begins the terms of titles as they sound, which ours keeps in a field of their own."""
XAPIAN = ROOT / ".venv-xapian" / "bin" / "python"


@dataclass(frozen=True)
class Answered:
    """What a peer answered, and how long it took by its own clock, in seconds."""

    total: int
    facets: Mapping[str, Mapping[str, int]]
    seconds: float


def write(documents: Iterable[SearchDocument], path: Path) -> None:
    """One line of JSON a document. The file is there when it is whole."""
    half = path.with_suffix(".half")
    with half.open("w", encoding="utf-8") as lines:
        for document in documents:
            lines.write(json.dumps(_row(document), ensure_ascii=False) + "\n")
    half.rename(path)


def _row(document: SearchDocument) -> dict[str, Any]:
    made = to_document(document)
    sounds = " ".join(f"{_SOUND}{term}" for term in str(made.get_first("sounds") or "").split())
    terms = f"{made.get_first('all')} {sounds}"
    facets = {name: document.facet(name) for name in FACETS}
    updated = int(document.updated_at.timestamp())
    return {"all": terms, "state": document.state, "level": document.tier, "updated": updated, **facets}


def asked(ask: Ask) -> dict[str, Any]:
    """A question as a peer gets it; ``any`` are terms and phrases of which one is enough where
    none ``must`` be there; None asks for everything. ``counted`` finds the same with the fewest of them."""
    wanted = ask.question
    found = _any(wanted)
    single = {terms[0] for terms in found if len(terms) == 1}
    found += [list(one.terms) for one in wanted.extra if one.field == "all" and not single.isdisjoint(one.terms)]
    return {
        "any": None if wanted.everything else found,
        "counted": _any(question.unscored(wanted)),
        "must": [_terms(one) for one in wanted.must],
        "filters": {name: sorted(values) for name, values in ask.filters.items()},
        "facets": list(ask.facets),
        "newest": ask.sort is Sort.NEWEST or wanted.everything,
        "offset": ask.offset,
        "limit": ask.limit,
    }


def _any(wanted: question.Question) -> list[list[str]]:
    each = [*wanted.should, *(one for group in wanted.either for one in group)]
    return [_terms(one) for one in each if one.field in ("all", "sounds")]


def _terms(wanted: question.Wanted) -> list[str]:
    return [_SOUND + term if wanted.field == "sounds" else term for term in wanted.terms]


class Peer:
    """A peer in a process of its own: ``command`` with a folder, which reads and writes lines of JSON."""

    def __init__(self, command: list[str], documents: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [*command, str(documents), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        built = self._read()
        self.version: str = built["version"]
        self.seconds: float | None = built["seconds"]
        self.bytes: int = built["bytes"]

    def ask(self, one: Ask) -> Answered:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked(one)) + "\n")
        self.process.stdin.flush()
        return Answered(**self._read())

    def close(self) -> None:
        self.process.communicate("")

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The peer ended with {self.process.wait()}")
        read: dict[str, Any] = json.loads(line)
        return read


def timed(work: Any, *given: Any) -> tuple[Any, float]:
    """What ``work`` answers and how long it took, in seconds."""
    began = time.perf_counter()
    answer = work(*given)
    return answer, time.perf_counter() - began
