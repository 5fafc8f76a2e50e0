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


@audit.command("publish")
@click.argument("places", nargs=-1, metavar="[PLACE]...")
@click.option("--entries", is_flag=True, help="The entries too: they name parties and amounts.")
@with_house
def audit_publish(house: House, places: tuple[str, ...], entries: bool) -> None:
    """Write the log as tiles (C2SP tlog-tiles) to folders or s3://bucket/prefix, as far as its newest checkpoint.

    Without a place: to those of PIAOHAO_LOG_PUBLISH, as the worker does too. What is there is not written again.
    """
    from compliance.audit import publishing
    from compliance.audit.checkpoints import LogInconsistent
    from compliance.audit.places import named, place_of

    try:
        chosen = {text: place_of(house.settings, text) for text in places} or named(house.settings)
        if not chosen:
            raise ValueError("name a place, or set PIAOHAO_LOG_PUBLISH")
        for name, place in chosen.items():
            done = publishing.publish(house, place, entries=entries or house.settings.log_publish_entries)
            click.echo(f"{name}: {done.size} entries, {done.size - done.before} new, {done.files} files written")
    except (LogInconsistent, ValueError) as problem:
        raise click.ClickException(str(problem)) from None


@audit.command("stamps")
@click.option(
    "--roots", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Verify against these (PEM)."
)
@with_house
def audit_stamps(house: House, roots: Path | None) -> None:
    """List the time stamps (RFC 3161) of checkpoints; with --roots ends with 1 when one does not verify."""
    from compliance.audit import stamps

    bad = 0
    for each in house.db.read(stamps.every):
        word = "stamped"
        if roots is not None:
            try:
                stamps.verify(each, roots.read_bytes())
                word = "verified"
            except stamps.StampRefused as problem:
                bad, word = bad + 1, f"BAD: {problem}"
        click.echo(f"{each.size}\t{each.stamped_at:%Y-%m-%d %H:%M:%S} UTC\t{each.authority}\t{word}")
    sys.exit(bool(bad))


@audit.command("reopen")
@click.option(
    "--checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The last published checkpoint, for a machine without the signer's own head.",
)  # fmt: skip
@with_house
def audit_reopen(house: House, checkpoint: Path | None) -> None:
    """Let the log go on after the database was set back: in a new epoch that says what was signed before.

    Nothing of the exchange may run meanwhile. When the log continues what was signed, nothing is opened.
    """
    from compliance.audit import reopening
    from compliance.audit.verifier import Malformed, Tampered
    from exchange.installation import Lock

    lock = Lock.take(house.settings.data)
    try:
        epoch = reopening.reopen(house, last=checkpoint.read_text("utf-8", "replace") if checkpoint else None)
    except (Tampered, Malformed) as problem:
        raise click.ClickException(f"The checkpoint cannot be used: {problem}") from None
    finally:
        lock.release()
    click.echo(f"{epoch.origin} begins with entry {epoch.kept}" if epoch else "The log goes on as it is.")


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
