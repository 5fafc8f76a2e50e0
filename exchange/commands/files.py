"""Looking after the store of files."""

from __future__ import annotations

import sys

import click

from core.house import House
from exchange.commands.frame import with_house


@click.group()
def files() -> None:
    """Look after the store of files: the data folder, or an S3 bucket."""


@files.command("check")
@click.option("--hashes", is_flag=True, help="Read every byte and compare it with its file's SHA-256.")
@click.option("--extra", is_flag=True, help="Also name what is kept and that nothing names.")
@with_house
def files_check(house: House, hashes: bool, extra: bool) -> None:
    """Compare the database with the store.

    Ends with 1 when bytes are missing or not what they were.
    """
    from exchange import kept_files

    faults = list(kept_files.check(house, hashes=hashes))
    grave = [fault for fault in faults if fault.grave]
    for fault in faults if extra else grave:
        click.echo(f"{fault.kind}\t{fault.store}\t{fault.name}")
    spare = f", {len(faults) - len(grave)} that nothing names" if len(faults) > len(grave) else ""
    click.echo(f"{len(grave)} files are not as they should be{spare}" if grave else f"every file is kept{spare}")
    sys.exit(bool(grave))


@files.command("move")
@with_house
def files_move(house: House) -> None:
    """Copy the data folder's files into the S3 bucket that is set.

    The exchange may be serving from its folder meanwhile. Stop it, run this once more for what came last, and start it
    with the bucket. Stopped in between, it goes on with what is not there yet. The folder keeps its files. Damaged ones
    are named and not copied; then it ends with 1.
    """
    from exchange import kept_files

    try:
        faults = list(kept_files.move(house, click.echo))
    except kept_files.CannotMove as problem:
        raise click.ClickException(str(problem)) from None
    for fault in faults:
        click.echo(f"{fault.kind}\t{fault.store}\t{fault.name}")
    click.echo("moved" if not faults else f"{len(faults)} files are damaged and were not moved")
    sys.exit(bool(faults))
