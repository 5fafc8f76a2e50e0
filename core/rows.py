"""Inserting what may be there already, and reading what nobody else may change meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Executable, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from core.db import Base, Uow

Row = TypeVar("Row", bound=Base)


def insert_missing(uow: Uow, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert those rows that break no unique constraint, and answer how many they were.

    On PostgreSQL this waits for another unit that is inserting the same row.
    """
    if not rows:
        return 0
    return len(uow.connection.execute(_insert(model, uow.house.db.sqlite), list(rows)).all())


def copy_in(uow: Uow, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert many whole rows by PostgreSQL's COPY, which costs a part of what statements do.

    What is promised of the table is checked as ever. Raises what SQLAlchemy raises for a statement.
    """
    names, dialect = [column.name for column in table.columns], uow.connection.dialect
    statement, driver = f"COPY {table.name} ({', '.join(names)}) FROM STDIN", dialect.import_dbapi()
    cursor: Any = uow.connection.connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=dialect) from error


@cache
def _insert(model: type[Base], on_sqlite: bool) -> Executable:
    table = model.__table__
    assert isinstance(table, Table)
    key = next(iter(table.primary_key.columns))
    dialect = sqlite if on_sqlite else postgresql
    statement: Executable = dialect.insert(table).on_conflict_do_nothing().returning(key)
    return statement


def locked(uow: Uow, model: type[Row], *conditions: ColumnElement[bool]) -> Row | None:
    """The row that these hold of, as it is in the database now; nobody else changes it until this unit ends."""
    chosen = select(model).where(*conditions).with_for_update().execution_options(populate_existing=True)
    return uow.session.execute(chosen).scalars().first()
