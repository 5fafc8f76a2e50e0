"""Inserting what may be there already, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Base, Uow


def insert_missing(uow: Uow, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert those rows that break no unique constraint, and answer how many they were.

    On PostgreSQL this waits for another unit that is inserting the same row.
    """
    if not rows:
        return 0
    return len(uow.connection.execute(_insert(model, uow.house.db.sqlite), list(rows)).all())


@cache
def _insert(model: type[Base], on_sqlite: bool) -> Executable:
    table = model.__table__
    assert isinstance(table, Table)
    key = next(iter(table.primary_key.columns))
    dialect = sqlite if on_sqlite else postgresql
    statement: Executable = dialect.insert(table).on_conflict_do_nothing().returning(key)
    return statement
