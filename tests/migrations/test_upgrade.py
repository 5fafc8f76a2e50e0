"""A database of the first version, with rows in it, comes up to the present one with every row as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Table, insert, select, update
from sqlalchemy.types import BigInteger, Boolean, DateTime, Integer, LargeBinary

import migrations
from core.db import Base, Database
from tests.conftest import Template
from tests.servers import postgresql

_FIRST = "0001"
_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_SAID: dict[str, dict[str, Any]] = {
    "invoice": {"issuer": "us", "series": "INV", "corrects_id": None, "gross": 106, "net": 100, "tax": 6},
    "ledger_account": {"side": 1, "currency": "CNY"},
    "ledger_balance": {"balance": 0, "held": 0, "entries": None},
    "organisation": {"level": 2, "parent_id": None, "registration_number": None},
    "listing": {"tier": 1},
    "payable": {"net": 100, "commission": 10, "share": 90, "state": "on_hold"},
    "top_up": {"amount": 100},
    "trade_order": {"net": 100, "tax": 6, "gross": 106},
}
"""Where the database checks what a row says."""
_Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def first(template: Template, tmp_path: Path) -> Iterator[Database]:
    """A database of the first revision."""
    name = f"upgrade_{uuid4().hex}"
    if template.kind == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        database = Database(postgresql.create_database(template.where, name))
    migrations.upgrade(database.engine, _FIRST)
    yield database
    database.engine.dispose()
    if template.kind == "postgresql":
        postgresql.drop_database(template.where, name)


def _value(table: Table, column: Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, (BigInteger, Integer)):
        return number
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, DateTime):
        return _AT.replace(tzinfo=None) if table.metadata.info["naive"] else _AT
    if isinstance(kind, LargeBinary):
        return f"{table.name}.{column.name}".encode()
    return f"{number}{table.name}.{column.name}"[: getattr(kind, "length", None) or 200]


def _row(table: Table, known: _Rows, number: int) -> dict[str, Any]:
    row = {column.name: _value(table, column, number) for column in table.columns}
    for column in table.columns:
        for key in column.foreign_keys:
            there = known.get(key.column.table.name, [])
            other = column.name == "supplier_id"  # not the buyer's
            row[column.name] = there[(number - 1 + other) % len(there)][key.column.name] if there else None
    return row | _SAID.get(table.name, {})


def _filled(connection: Connection) -> _Rows:
    """Two rows in every table."""
    old = _reflected(connection)
    found = _invoices(connection, old) | _postings(connection, old)
    for table in old.sorted_tables:
        if table.name not in found:
            for number in (1, 2):
                row = _row(table, found, number)
                connection.execute(insert(table), row)
                found.setdefault(table.name, []).append(row)
    return found


def _invoices(connection: Connection, old: MetaData) -> _Rows:
    """Numbered one after the other, as the database asks."""
    series, rows = old.tables["invoice_series"], list[dict[str, Any]]()
    begun = {"issuer": "us", "series": "INV", "last_number": None}
    connection.execute(insert(series), begun)
    for number in (1, 2):
        connection.execute(update(series).values(last_number=number))
        rows.append(_row(old.tables["invoice"], {}, number) | {"serial": number})
        connection.execute(insert(old.tables["invoice"]), rows[-1])
    return {"invoice_series": [begun | {"last_number": 2}], "invoice": rows}


def _postings(connection: Connection, old: MetaData) -> _Rows:
    """One transaction of two entries that sum to zero."""
    accounts = [_row(old.tables["ledger_account"], {}, number) for number in (1, 2)]
    posted = _row(old.tables["ledger_transaction"], {}, 1)
    entries = [
        _row(old.tables["ledger_entry"], {}, number)
        | {"transaction_id": posted["id"], "account": account["key"], "position": number, "currency": "CNY",
           "amount": 5 if number == 1 else -5, "sequence": None, "balance_after": None}
        for number, account in zip((1, 2), accounts, strict=True)
    ]  # fmt: skip
    found = {"ledger_account": accounts, "ledger_entry": entries, "ledger_transaction": [posted]}
    for name, rows in found.items():
        connection.execute(insert(old.tables[name]), rows)
    return found


def _reflected(connection: Connection) -> MetaData:
    old = MetaData(info={"naive": connection.dialect.name == "sqlite"})
    old.reflect(connection)
    old.remove(old.tables["alembic_version"])
    return old


def test_rows_of_the_first_version_survive_every_upgrade(first: Database) -> None:
    with first.engine.connect() as connection:
        if first.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        written = _filled(connection)
        connection.commit()
    assert len(written) >= 40
    migrations.upgrade(first.engine)
    assert migrations.current(first.engine) == migrations.head()
    import_module("migrations.models")
    with first.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        now = _reflected(connection)
        for name, rows in written.items():
            table = now.tables[name]
            kept = [dict(row._mapping) for row in connection.execute(select(table))]
            for row in rows:
                said = {column: value for column, value in row.items() if column in table.columns}
                assert any(said.items() <= each.items() for each in kept), (name, row)


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(first: Database) -> None:
    def fails(_connection: Connection) -> None:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        migrations.upgrade(first.engine, "head", fails)
    assert migrations.current(first.engine) == _FIRST
