"""One migration history for both databases; triggers stand in one DDL file per feature and dialect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import Engine

_HERE = Path(__file__).parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def head() -> str:
    """The newest revision that this code knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def current(engine: Engine) -> str | None:
    """The revision of a database, None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this code can bring a database of that revision to its own."""
    return any(each.revision == revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade(engine: Engine, revision: str = "head", fill: Callable[[Connection], None] | None = None) -> None:
    """Bring a database to that revision, ``head()`` unless told, and let ``fill`` write into it, in one transaction."""
    config = _config()
    with engine.connect() as connection:
        connection.begin()  # else Alembic would begin one of its own, and end it before ``fill``
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if fill is not None:
            fill(connection)
        connection.commit()


def apply_ddl(connection: Connection, *features: str) -> None:
    """Create the triggers of these features in the connection's dialect. Statements are parted by a line ``--;``."""
    escape = connection.dialect.name == "postgresql"  # psycopg reads % as a placeholder
    for feature in features:
        path = _HERE / "ddl" / f"{feature}_{connection.dialect.name}.sql"
        for statement in path.read_text(encoding="utf-8").split("\n--;"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%") if escape else statement)
