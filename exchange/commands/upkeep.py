"""Looking after an installation: its keys, its clock, what is wrong with it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from core.house import House
from core.settings import Settings
from exchange.commands.frame import with_house


@click.group()
def keys() -> None:
    """The keys that sign access tokens."""


@keys.command("rotate-signing")
@click.option("--compromised", is_flag=True, help="End the old keys, and every token they signed, at once.")
@with_house
def keys_rotate_signing(house: House, compromised: bool) -> None:
    """Make a new signing key. It is published now and signs in ten minutes; the old one ends after its last token."""
    from compliance.oauth.signing import rotate

    kid, signs_from = house.db.write(lambda uow: rotate(uow, compromised=compromised))
    click.echo(f"{kid} signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC")


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
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Look for what is wrong with this installation; ends with 1 when something is."""
    from exchange import checkup

    findings = checkup.examine(settings)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.text}")
    sys.exit(not all(finding.well for finding in findings))


@click.command(hidden=True)
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the generated pages of docs/ anew."""
    from exchange import generated_docs

    for path in generated_docs.write(Path("docs"), settings):
        click.echo(f"wrote {path}")
