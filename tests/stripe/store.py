"""What the fake knows: one SQLite file, or memory; one request at a time."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.stripe.errors import Refused, missing

Object = dict[str, Any]
PLATFORM = ""
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_of ON objects (kind, account, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT NOT NULL, account TEXT NOT NULL, endpoint TEXT NOT NULL, params TEXT NOT NULL, at INTEGER NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request_id TEXT NOT NULL, PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, state TEXT NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, status INTEGER
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS timers (due INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timers_due ON timers (due);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_LETTERS = string.ascii_letters + string.digits


class Store:
    """Everything is written in a ``unit``: whole or not at all."""

    def __init__(self, path: str = ":memory:") -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_TABLES)
        self._depth = 0

    @contextmanager
    def unit(self) -> Iterator[None]:
        """Rolled back when it raises, except for what a Declined has on record."""
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException as error:
                self._db.execute("COMMIT" if isinstance(error, Refused) and error.status == 402 else "ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth -= 1

    def execute(self, statement: str, *values: Any) -> list[Any]:
        with self.lock:
            return self._db.execute(statement, values).fetchall()

    def clear(self) -> None:
        """As on the first day: nothing is known, the clock is right."""
        with self.unit():
            for table in ("objects", "answers", "deliveries", "timers", "settings"):
                self.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        with self.lock:
            self._db.close()

    def setting(self, name: str, default: Any = None) -> Any:
        found = self.execute("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(found[0][0]) if found else default

    def set(self, name: str, value: Any) -> None:
        self.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, json.dumps(value))

    def now(self) -> int:
        """By the test clock: that of the machine, moved by what control has added, or stopped where it has put it."""
        stopped = self.setting("stopped")
        return int(stopped if stopped is not None else time.time() + self.setting("offset", 0))

    def remind(self, due: int, kind: str, identity: str) -> None:
        """What is to become of an object at that time of the test clock."""
        self.execute("INSERT INTO timers VALUES (?, ?, ?)", due, kind, identity)

    def take_due(self) -> list[tuple[str, str]]:
        """In the order in which they fall due; each once."""
        now = self.now()
        found = self.execute("SELECT kind, id FROM timers WHERE due <= ? ORDER BY due, rowid", now)
        self.execute("DELETE FROM timers WHERE due <= ?", now)
        return found

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(24))}"

    def add(self, body: Object, account: str = PLATFORM) -> Object:
        self.execute(
            "INSERT INTO objects (id, kind, account, body) VALUES (?, ?, ?, ?)",
            body["id"], body["object"], account, json.dumps(body),
        )  # fmt: skip
        return body

    def save(self, body: Object) -> Object:
        self.execute("UPDATE objects SET body = ? WHERE id = ?", json.dumps(body), body["id"])
        return body

    def get(self, kind: str, identity: str, account: str | None = PLATFORM, param: str = "id") -> Object:
        """Raises Refused (404) for one that is not there, of another kind or of another account."""
        found = self.execute("SELECT body, account FROM objects WHERE id = ? AND kind = ?", identity, kind)
        if not found or (account is not None and found[0][1] != account):
            raise missing(kind, identity, param)
        return dict(json.loads(found[0][0]))

    def any(self, identity: str) -> Object | None:
        found = self.execute("SELECT body FROM objects WHERE id = ?", identity)
        return json.loads(found[0][0]) if found else None

    def account_of(self, identity: str) -> str:
        return str(self.execute("SELECT account FROM objects WHERE id = ?", identity)[0][0])

    def find(self, kind: str, account: str | None = PLATFORM, **equal: Any) -> list[Object]:
        """Newest first."""
        where = "".join(f" AND json_extract(body, '$.{name}') = ?" for name in equal)
        if account is not None:
            where += " AND account = ?"
        values = [*equal.values(), *([account] if account is not None else [])]
        found = self.execute(f"SELECT body FROM objects WHERE kind = ?{where} ORDER BY seq DESC", kind, *values)
        return [json.loads(body) for (body,) in found]
