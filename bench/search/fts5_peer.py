"""SQLite's FTS5 as a peer: the terms in an index of their own without content, all else in a table beside it.

What may be asked twice of a question (its total and its facets) is found once, into a temporary table.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

FACETS = ("kind", "scene", "origin", "tier", "price_kind", "source", "orderable")
_VISIBLE = "(d.state = 'reference' OR (d.state = 'listed' AND d.level <= 1))"


def main(documents: str, folder: str) -> None:
    path = Path(folder) / "fts5.db"
    stood, began = path.exists(), time.perf_counter()
    database = _built(path, Path(documents))
    built = {
        "version": f"SQLite {sqlite3.sqlite_version}, FTS5",
        "seconds": None if stood else time.perf_counter() - began,
    }
    print(json.dumps(built | {"bytes": path.stat().st_size}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        began = time.perf_counter()
        total, facets = _answer(database, question)
        print(json.dumps({"total": total, "facets": facets, "seconds": time.perf_counter() - began}), flush=True)


def _built(path: Path, documents: Path) -> sqlite3.Connection:
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        _fill(half, documents)
        half.rename(path)
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA cache_size=-400000; PRAGMA temp_store=MEMORY;")
    return database


def _fill(path: Path, documents: Path) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; PRAGMA temp_store=MEMORY;"
        "CREATE VIRTUAL TABLE f USING fts5(t, content='', tokenize='unicode61', columnsize=1);"
        f"CREATE TABLE d (id INTEGER PRIMARY KEY, state, level, updated, {', '.join(FACETS)});"
    )
    columns = ("state", "level", "updated", *FACETS)
    database.execute("BEGIN")
    with documents.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            database.execute("INSERT INTO f (rowid, t) VALUES (?, ?)", (number, row["all"]))
            marks = ", ".join("?" * (len(columns) + 1))
            database.execute(f"INSERT INTO d VALUES ({marks})", (number, *(row[name] for name in columns)))
    database.execute("COMMIT")
    database.execute("INSERT INTO f (f) VALUES ('optimize')")
    database.execute("CREATE INDEX newest ON d (updated DESC, state, level)")
    database.execute("ANALYZE")
    database.close()


def _answer(database: sqlite3.Connection, question: dict[str, Any]) -> tuple[int, dict[str, dict[str, int]]]:
    if question["any"] is None:
        return _browsed(database, question)
    matched, counted = _matched(question, "any"), _matched(question, "counted")
    database.execute("DROP TABLE IF EXISTS temp.m")
    if question["facets"]:
        database.execute("CREATE TEMP TABLE m AS SELECT rowid AS id FROM f WHERE f MATCH ?", (counted,))
        facets = {name: _counted(database, question, name) for name in question["facets"]}
        source = "m JOIN d ON d.id = m.id"
        total = database.execute(f"SELECT count(*) FROM {source} WHERE {_where(question['filters'])}").fetchone()[0]
    else:
        facets = {}
        total = database.execute(
            f"SELECT count(*) FROM f JOIN d ON d.id = f.rowid WHERE f MATCH ? AND {_where(question['filters'])}",
            (counted,),
        ).fetchone()[0]
    database.execute(
        f"SELECT d.id FROM f JOIN d ON d.id = f.rowid WHERE f MATCH ? AND {_where(question['filters'])}"
        " ORDER BY f.rank LIMIT ? OFFSET ?",
        (matched, question["limit"], question["offset"]),
    ).fetchall()
    return total, facets


def _matched(question: dict[str, Any], several: str) -> str:
    kind, chosen = (" AND ", question["must"]) if question["must"] else (" OR ", question[several])
    return kind.join('"' + " ".join(words) + '"' for words in chosen)


def _browsed(database: sqlite3.Connection, question: dict[str, Any]) -> tuple[int, dict[str, dict[str, int]]]:
    where = _where(question["filters"])
    database.execute(
        f"SELECT d.id FROM d WHERE {where} ORDER BY d.updated DESC LIMIT ? OFFSET ?",
        (question["limit"], question["offset"]),
    ).fetchall()
    return database.execute(f"SELECT count(*) FROM d WHERE {where}").fetchone()[0], {}


def _counted(database: sqlite3.Connection, question: dict[str, Any], name: str) -> dict[str, int]:
    others = {other: values for other, values in question["filters"].items() if other != name}
    rows = database.execute(
        f"SELECT d.{name}, count(*) FROM m JOIN d ON d.id = m.id WHERE {_where(others)} AND d.{name} <> '' GROUP BY 1"
    )
    return dict(rows.fetchall())


def _where(filters: dict[str, list[str]]) -> str:
    parts = [_VISIBLE]
    for name, values in filters.items():
        parts.append(f"d.{name} IN ({', '.join(repr(value) for value in values)})")
    return " AND ".join(parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
