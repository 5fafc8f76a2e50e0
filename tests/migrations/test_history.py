"""The migrated database is what the models say, with all its triggers, on both databases."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import migrations
from core.db import Base
from core.house import House

_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def _triggers(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql(_TRIGGERS[connection.dialect.name]).scalars())


def _declared_triggers(dialect: str) -> set[str]:
    found = set()
    for path in Path(migrations.__file__).parent.glob(f"ddl/*_{dialect}.sql"):
        words = path.read_text(encoding="utf-8").split()
        named = [words[place + 1 :] for place, word in enumerate(words) if word.upper() == "TRIGGER"]
        found |= {
            rest[3] if rest[0].upper() == "IF" else rest[0]
            for rest in named
            if rest[0].upper() not in ("AS", "LANGUAGE")
        }
    return {name.strip('"') for name in found}


def test_models_and_migrated_database_agree(house: House) -> None:
    import_module("migrations.models")
    with house.db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_every_trigger_is_there(house: House) -> None:
    with house.db.engine.connect() as connection:
        declared, found = _declared_triggers(connection.dialect.name), _triggers(connection)
    assert declared
    assert declared - found == set()


def test_upgrading_again_changes_nothing(house: House) -> None:
    migrations.upgrade(house.db.engine)
    assert migrations.current(house.db.engine) == migrations.head()
