"""Xapian as a peer, in an environment that has its binding: terms with positions, facets as values with spies."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import xapian  # type: ignore[import-not-found]  # of another environment

FACETS = ("kind", "scene", "origin", "tier", "price_kind", "source", "orderable")
_UPDATED = len(FACETS)


def main(documents: str, folder: str) -> None:
    path = Path(folder) / "xapian"
    stood, began = Path(f"{path}.compact").exists(), time.perf_counter()
    database = _built(str(path), Path(documents))
    built = {"version": f"Xapian {xapian.version_string()}", "seconds": None if stood else time.perf_counter() - began}
    print(json.dumps(built | {"bytes": sum(each.stat().st_size for each in path.iterdir())}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        began = time.perf_counter()
        total, facets = _answer(database, question)
        print(json.dumps({"total": total, "facets": facets, "seconds": time.perf_counter() - began}), flush=True)


def _built(path: str, documents: Path) -> Any:
    whole = Path(path + ".compact")
    if not whole.exists():
        _fill(path, documents)
        half = str(whole) + ".half"
        xapian.Database(path).compact(half)
        Path(half).rename(whole)
    return xapian.Database(str(whole))


def _fill(path: str, documents: Path) -> None:
    database = xapian.WritableDatabase(path, xapian.DB_CREATE_OR_OVERWRITE | xapian.DB_NO_SYNC)
    with documents.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            database.add_document(_document(json.loads(line)))
            if number % 100_000 == 0:
                database.commit()
    database.commit()
    database.close()


def _document(row: dict[str, Any]) -> Any:
    document = xapian.Document()
    for place, term in enumerate(row["all"].split(), 1):
        document.add_posting(term, place)
    document.add_boolean_term("Xvisible" if _visible(row) else "Xhidden")
    for slot, name in enumerate(FACETS):
        if row[name]:
            document.add_boolean_term(f"X{name}:{row[name]}")
            document.add_value(slot, row[name])
    document.add_value(_UPDATED, xapian.sortable_serialise(row["updated"]))
    return document


def _visible(row: dict[str, Any]) -> bool:
    return bool(row["state"] == "reference" or (row["state"] == "listed" and row["level"] <= 1))


def _answer(database: Any, question: dict[str, Any]) -> tuple[int, dict[str, dict[str, int]]]:
    filters = question["filters"]
    free = [name for name in question["facets"] if name not in filters]
    enquire = xapian.Enquire(database)
    enquire.set_query(_query(question, filters))
    if question["newest"]:
        enquire.set_sort_by_value(_UPDATED, True)
    spies = _spies(enquire, free)
    found = enquire.get_mset(question["offset"], question["limit"], database.get_doccount())
    facets = _told(spies)
    for name in question["facets"]:
        if name in filters:
            other = xapian.Enquire(database)
            others = {key: value for key, value in filters.items() if key != name}
            other.set_query(_query(question | {"any": question["counted"]}, others))
            other.set_weighting_scheme(xapian.BoolWeight())
            alone = _spies(other, [name])
            other.get_mset(0, 0, database.get_doccount())
            facets |= _told(alone)
    return found.get_matches_estimated(), facets


def _spies(enquire: Any, names: list[str]) -> dict[str, Any]:
    spies = {name: xapian.ValueCountMatchSpy(FACETS.index(name)) for name in names}
    for spy in spies.values():
        enquire.add_matchspy(spy)
    return spies


def _told(spies: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {name: {each.term.decode(): each.termfreq for each in spy.values()} for name, spy in spies.items()}


def _query(question: dict[str, Any], filters: dict[str, list[str]]) -> Any:
    conditions = [xapian.Query("Xvisible")]
    for name, values in filters.items():
        conditions.append(xapian.Query(xapian.Query.OP_OR, [f"X{name}:{value}" for value in values]))
    allowed = xapian.Query(xapian.Query.OP_AND, conditions)
    if question["any"] is None:
        return xapian.Query(xapian.Query.OP_SCALE_WEIGHT, allowed, 0.0)
    wanted = xapian.Query(xapian.Query.OP_OR, [_one(words) for words in question["any"]])
    if question["must"]:
        needed = xapian.Query(xapian.Query.OP_AND, [_one(words) for words in question["must"]])
        wanted = xapian.Query(xapian.Query.OP_AND_MAYBE, needed, wanted) if question["any"] else needed
    return xapian.Query(xapian.Query.OP_FILTER, wanted, allowed)


def _one(words: list[str]) -> Any:
    return xapian.Query(words[0]) if len(words) == 1 else xapian.Query(xapian.Query.OP_PHRASE, words, len(words))


if __name__ == "__main__":
    main(*sys.argv[1:])
