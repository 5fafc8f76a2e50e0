"""The audit log, evidence, and whose copy leaked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from core.house import House
from exchange.commands.frame import with_house


@click.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command("verify")
@with_house
def audit_verify(house: House) -> None:
    """Read the whole log and its checkpoints and prove them; ends with 1 when something was changed."""
    from compliance.audit import check

    faults = check.verify_log(house)
    for line in faults:
        click.echo(line)
    click.echo("the log verifies" if not faults else f"{len(faults)} faults")
    sys.exit(bool(faults))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, required=True, metavar="FILE [--key KEY]")
def verify(arguments: tuple[str, ...]) -> None:
    """Verify an evidence bundle, or the JSON of a usage statement, offline.

    Needs no exchange: the verifier is one file that you can take along.
    """
    from compliance.audit import verifier

    sys.exit(verifier.main(list(arguments)))


@click.command("trace")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_house
def trace_command(house: House, file: Path) -> None:
    """Find whose marked copy a leaked table came from; ends with 1 when nobody is named.

    A buyer is named when the file is at least a thousand million times likelier to come from its copy.
    """
    from exchange.delivery import tracer
    from exchange.delivery.trace_text import lines

    reports = tracer.trace_path(house, file)
    for line in lines(reports):
        click.echo(line)
    sys.exit(0 if any(each.accused for report in reports for each in report.suspicions) else 1)
