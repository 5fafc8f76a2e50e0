"""Alembic's environment: one history for SQLite and PostgreSQL. Imports every feature's models."""

from __future__ import annotations

from alembic import context

from core.db import Base
from migrations import models  # noqa: F401  (fills the metadata)


def run() -> None:
    """Migrate over the connection that ``migrations.upgrade`` hands in."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


run()
