"""Listings brought in from elsewhere, and the index in which all are found."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from core.house import House
from exchange.commands.frame import with_house


@click.group("import")
def import_group() -> None:
    """Bring in what others have published."""


@import_group.command("listings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="The name of a mapping file, or its path.")
@click.option("--rows", is_flag=True, help="Print every row that was not simply imported, with line and reason.")
@with_house
def import_listings(house: House, file: Path, source: str, rows: bool) -> None:
    """Read crawled listings of another exchange as external references.

    Every row is imported, queued for review, quarantined or reported with its line and reason. Running it
    again with the same file changes nothing; a newer file updates, adds and marks what has vanished.
    """
    from catalog.references.service import import_file
    from catalog.search.service import catch_up
    from core.actor import SYSTEM
    from exchange.import_text import lines

    def progress(line: int, total: int, note: str) -> None:
        click.echo(f"\r{line} of {total} lines {note}", nl=False, err=True)

    report = import_file(house, SYSTEM, path=file, source=source, progress=progress)
    click.echo(err=True)
    catch_up(house)  # whether a worker runs or not, everything can be found when this ends
    for text in lines(report, every_row=rows):
        click.echo(text)


@click.group()
def search() -> None:
    """Look after the search index."""


@search.command("rebuild")
@with_house
def search_rebuild(house: House) -> None:
    """Make the index anew from the database, beside the old one, then change over."""
    from catalog.search.service import rebuild

    click.echo(f"{rebuild(house)} documents indexed")


@search.command("check")
@click.option("--repair", is_flag=True, help="Bring in line what differs.")
@with_house
def search_check(house: House, repair: bool) -> None:
    """Compare the index with the database; ends with 1 when they differ."""
    from catalog.search.service import check

    report = check(house, repair=repair)
    for word, ids in (("missing", report.missing), ("stale", report.stale), ("extra", report.extra)):
        for found in ids:
            click.echo(f"{word}\t{found}")
    report = check(house) if repair else report
    click.echo(f"{report.documents} documents, the index is {'sound' if report.sound else 'not in line'}")
    sys.exit(not report.sound)
