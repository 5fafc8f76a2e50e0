"""Inserting what may be there already, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Base, Uow


def insert_missing(uow: Uow, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert those rows that break no unique constraint, and answer how many they were.

    On PostgreSQL this waits for another unit that is inserting the same row.
    """
    if not rows:
        return 0
    table = model.__table__
    assert isinstance(table, Table)
    dialect = postgresql if uow.session.get_bind().dialect.name == "postgresql" else sqlite
    key = next(iter(table.primary_key.columns))
    statement = dialect.insert(table).values(list(rows)).on_conflict_do_nothing().returning(key)
    return len(uow.session.execute(statement).all())
