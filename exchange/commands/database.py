"""What the processes may do to the database."""

from __future__ import annotations

import sys

import click

from core.house import House
from exchange.commands.frame import with_house


@click.group()
def database() -> None:
    """Look after the database's own rights."""


@database.command("roles")
@click.option("--prefix", default="piaohao", show_default=True, help="What the names of the roles begin with.")
@click.option("--apply", "at_once", is_flag=True, help="Run them in one transaction instead of printing them.")
@with_house
def database_roles(house: House, prefix: str, at_once: bool) -> None:
    """Part the rights of migrator, application, sequencer and auditor into PostgreSQL roles.

    Run it as a superuser, again after each upgrade. Then make a login for each: CREATE ROLE web LOGIN
    PASSWORD '…' IN ROLE piaohao_application; the worker's is told by PIAOHAO_LOG_DATABASE_URL, the migrator's needs
    ALTER ROLE … SET role = piaohao_migrator.
    """
    from migrations import privileges

    try:
        statements = privileges.statements(prefix)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--prefix") from None
    if not at_once:
        sys.stdout.write("".join(f"{statement};\n" for statement in statements))
        return
    if house.db.sqlite:
        raise click.ClickException("SQLite has no roles: the rights are those of the file.")
    house.db.administer(statements)
    click.echo(f"{prefix}_migrator, {prefix}_application, {prefix}_sequencer and {prefix}_auditor may what they should")
