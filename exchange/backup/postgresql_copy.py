"""The tables of a PostgreSQL database copied out and in, by whoever owns them: no superuser, no program of the server.

In: the tables' own triggers rest and their references to each other are put back at the end, in one transaction, so the
order does not matter, and what does not fit is refused as a whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from exchange.backup.manifest import Kept

_CHUNK_BYTES = 1 << 20
_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND state IS NOT NULL
"""
_OF_OTHERS = """
SELECT count(*) FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT pg_has_role(relowner, 'USAGE')
"""
_SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'"
_REFERENCES = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


def tables(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.exec_driver_sql(_COLUMNS):
        found.setdefault(table, []).append(column)
    return found


def sequences(connection: Connection) -> dict[str, list[Any]]:
    """Each sequence's last value, and whether it was given away."""
    names = list(connection.exec_driver_sql(_SEQUENCES).scalars())
    read = "SELECT last_value, is_called FROM {}"
    return {name: list(connection.exec_driver_sql(read.format(_quoted(name))).one()) for name in names}


def copy_out(connection: Connection, folder: Path, chosen: dict[str, list[str]]) -> dict[str, Kept]:
    """Write each table into a file of its own, as of this connection's snapshot."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {f"{table}.copy": _table_out(connection, folder, table, chosen[table]) for table in chosen}


def _table_out(connection: Connection, folder: Path, table: str, columns: Sequence[str]) -> Kept:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(folder / f"{table}.copy", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, _cursor(connection) as cursor:
        with cursor.copy(f"COPY {_quoted(table)} ({_listed(columns)}) TO STDOUT".encode()) as copy:
            for chunk in copy:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Kept(size, digest.hexdigest())


def others(connection: Connection) -> int:
    """How many else are connected to this database by the same login, as far as it may see."""
    return int(connection.exec_driver_sql(_OTHERS).scalar_one())


def of_others(connection: Connection) -> int:
    """How many tables belong to somebody whose rights this login does not have: only owners fill them anew."""
    return int(connection.exec_driver_sql(_OF_OTHERS).scalar_one())


def is_empty(connection: Connection) -> bool:
    """Whether none of the tables has a row."""
    return not any(
        connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {_quoted(table)})").scalar()  # noqa: S608
        for table in tables(connection)
    )


def copy_in(connection: Connection, folder: Path, chosen: dict[str, list[str]], counted: dict[str, list[Any]]) -> None:
    """Replace the content of all tables by that of the files. The caller commits, or undoes all of it."""
    known = tables(connection)
    missing = sorted(set(chosen) - set(known))
    if missing:
        raise ValueError(f"the database has no table {missing[0]}")
    references = list(connection.exec_driver_sql(_REFERENCES))
    for table, name, _ in references:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for table in known:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} DISABLE TRIGGER USER")
    connection.exec_driver_sql(f"TRUNCATE {', '.join(map(_quoted, known))}")
    for table, columns in chosen.items():
        _table_in(connection, folder / f"{table}.copy", table, columns)
    for table in known:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} ENABLE TRIGGER USER")
    for table, name, definition in references:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for name, (last, called) in counted.items():
        connection.exec_driver_sql("SELECT setval(%s::regclass, %s, %s)", (_quoted(name), last, called))


def _table_in(connection: Connection, path: Path, table: str, columns: Sequence[str]) -> None:
    statement = f"COPY {_quoted(table)} ({_listed(columns)}) FROM STDIN".encode()
    with _cursor(connection) as cursor, cursor.copy(statement) as copy:
        for chunk in _chunks(path):
            copy.write(chunk)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _cursor(connection: Connection) -> Any:
    """psycopg's own: SQLAlchemy does not copy."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.cursor()


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
