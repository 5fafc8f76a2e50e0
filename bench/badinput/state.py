"""What an exchange holds, told apart table by table and file by file, so that a change cannot hide."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

_MACHINERY = {
    "alembic_version", "audit_pending", "audit_leaf", "audit_node", "audit_head", "audit_checkpoint", "audit_counter",
    "audit_concern", "outbox", "job", "search_pending", "sign_in_session", "sign_in_throttle",
    "refused_deed", "oversight_mark", "gateway_refusal",
}  # fmt: skip
"""Tables that the worker and sign-ins move by themselves."""
_MOVED = {"look_at"}
"""A column that the worker moves by itself: when it looks next."""
_NOT_REFUSED = "WHERE action NOT LIKE 'refused:%'"
_MOVING = ("exchange.db", "search/", "supervisor.lock", "secrets/", "signer/", "run/", "filler")


@dataclass(frozen=True)
class State:
    """A digest for each table, a size for each file. Entries about refusals are no change: they are meant."""

    tables: dict[str, str]
    files: dict[str, int]

    @classmethod
    def of(cls, data: Path) -> State:
        connection = sqlite3.connect(f"file:{data / 'exchange.db'}?mode=ro", uri=True, timeout=10)
        try:
            tables = {name: _digest(connection, name) for name in _tables(connection)}
        finally:
            connection.close()
        return cls(tables, _files(data))

    def differences(self, later: State) -> set[str]:
        """The tables and files that are not the same."""
        pairs = ((self.tables, later.tables), (self.files, later.files))
        return {name for old, new in pairs for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted({name for (name,) in found} - _MACHINERY)


def _digest(connection: sqlite3.Connection, table: str) -> str:
    where = _NOT_REFUSED if table == "audit_entry" else ""
    found = connection.execute(f'SELECT * FROM "{table}" {where}')
    kept = [place for place, column in enumerate(found.description) if column[0] not in _MOVED]
    rows = sorted(repr([row[place] for place in kept]) for row in found)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _files(data: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in data.rglob("*"):
        name = path.relative_to(data).as_posix()
        if not name.startswith(_MOVING) and path.is_file():
            found[name] = path.stat().st_size
    return found
