"""Looking after an installation: its clock, what is wrong with it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from core.house import House
from core.settings import Settings
from exchange.commands.frame import with_house
from exchange.readiness import ROLES


@click.group()
def clock() -> None:
    """The exchange's clock, which can be moved forwards outside production."""


@clock.command("advance")
@click.option("--days", type=click.IntRange(0), default=0)
@click.option("--hours", type=click.IntRange(0), default=0)
@with_house
def clock_advance(house: House, days: int, hours: int) -> None:
    """Move the clock forwards, for all processes of this exchange at once."""
    try:
        now = house.clock.advance(timedelta(days=days, hours=hours))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"It is now {now:%Y-%m-%d %H:%M:%S} UTC")


@click.command()
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def ready(settings: Settings, role: str) -> None:
    """Ask whether a role of this machine works; ends with 1, saying why, when it does not."""
    from exchange.readiness import problem_of

    problem = problem_of(settings, role)
    click.echo(problem or f"{role} is ready")
    sys.exit(problem is not None)


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Look for what is wrong with this installation; ends with 1 when something is.

    A line for each thing looked at: ok, a note, or BAD with how to mend it.
    """
    from exchange import checkup

    findings = checkup.examine(settings)
    for finding in findings:
        click.echo(finding.line)
    sys.exit(not all(finding.well for finding in findings))


@click.command(hidden=True)
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the generated pages of docs/ anew."""
    from exchange import generated_docs

    for path in generated_docs.write(Path("docs"), settings):
        click.echo(f"wrote {path}")
