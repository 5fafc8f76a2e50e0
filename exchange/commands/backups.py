"""Backups: making one, and making an exchange from one."""

from __future__ import annotations

from pathlib import Path

import click

from core.house import House
from core.settings import Settings
from exchange.commands.frame import with_house


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--with-secrets", is_flag=True, help="Copy the secrets too. Who has such a backup can read all of it.")
@with_house
def backup(house: House, folder: Path, with_secrets: bool) -> None:
    """Copy the whole exchange into a new folder, while it works.

    One moment of the database, and every file that it names. Secrets stay out unless asked for, and the head of the
    audit log's signer always.
    """
    from exchange.backup import service

    made = service.back_up(house, folder, with_secrets=with_secrets)
    size = sum(each.size for each in made.files.values())
    click.echo(f"{folder}: {len(made.files)} files, {size / 1e6:.1f} MB, {made.log_size} entries of the audit log")
    if made.in_bucket:
        click.echo(f"The files in the bucket {made.in_bucket} are not in it: keep their versions as long as backups.")
    if not with_secrets:
        click.echo("The secrets are not in it. Without them it opens nothing: keep them in another safe place.")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of an exchange that is there; its files go aside.")
@click.option(
    "--checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The last published checkpoint, for a machine without the signer's own head.",
)  # fmt: skip
@click.pass_obj
def restore(settings: Settings, folder: Path, replace: bool, checkpoint: Path | None) -> None:
    """Make the exchange from a backup. Nothing of it may run meanwhile.

    When more was signed than the backup holds, the audit log goes on in a new epoch that says so.
    """
    from exchange.backup.restoring import restore as put_back

    last = checkpoint.read_text("utf-8", "replace") if checkpoint else None
    done = put_back(settings, folder, replace=replace, last=last, tell=click.echo)
    if done.epoch is not None:
        click.echo(f"A new epoch of the audit log was opened: {done.epoch.origin}, from entry {done.epoch.kept} on.")
    if done.aside is not None:
        click.echo(f"What was there before lies in {done.aside}.")
    click.echo(f"The exchange of {done.manifest.made_at} is in {settings.data}; {done.documents} documents indexed")
