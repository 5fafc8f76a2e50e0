"""Secrets and signing keys: making, rotating and retiring them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from core.clock import Clock
from core.house import House
from exchange.commands.frame import with_house
from exchange.secret_names import BY_NAME, SECRETS, Use

_ROTATED = [each.name for each in SECRETS if each.use in (Use.SEALS, Use.PROVES)]
_NAME = click.argument("name", type=click.Choice(sorted(_ROTATED)))


@click.group()
def keys() -> None:
    """Secrets of this installation, and the keys that sign access tokens and the audit log."""


@keys.command("list")
@with_house
def keys_list(house: House) -> None:
    """Every secret: its age in days, how many older ones are still read, what it is for."""
    for each in SECRETS:
        path = house.settings.data / "secrets" / each.name
        age = "missing"
        if path.exists():
            made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            age = f"{(Clock().now() - made).days} days"
        older = len(house.keyring.old(each.name))
        click.echo(f"{each.name}\t{each.use}\t{age}\t{older} older\t{each.purpose}")


@keys.command("make")
@with_house
def keys_make(house: House) -> None:
    """Make what is missing: production does not make secrets by itself."""
    made = [each.name for each in SECRETS if house.keyring.make(each.name)]
    click.echo(f"made: {', '.join(made)}" if made else "nothing was missing")


@keys.command("rotate")
@_NAME
@with_house
def keys_rotate(house: House, name: str) -> None:
    """Put a new secret in the place of an old one, which is still read until it is retired. Nothing need stop."""
    house.keyring.rotate(name)
    click.echo(f"{name} is new; {len(house.keyring.old(name))} older ones are still read until `keys retire {name}`")


@keys.command("retire")
@_NAME
@with_house
def keys_retire(house: House, name: str) -> None:
    """Seal anew what older secrets sealed, then destroy them. Backups made before need them: keep a copy of yours."""
    from core.sealing import seal_anew

    try:
        sealed = seal_anew(house, name) if BY_NAME[name].use is Use.SEALS else 0
    except ValueError as problem:
        raise click.ClickException(f"Nothing was retired: {problem}") from None
    click.echo(f"{name}: {sealed} sealed anew, {house.keyring.retire(name)} older ones destroyed")


@keys.command("rotate-signing")
@click.option("--compromised", is_flag=True, help="End the old keys, and every token they signed, at once.")
@with_house
def keys_rotate_signing(house: House, compromised: bool) -> None:
    """Make a new signing key. It is published now and signs in ten minutes; the old one ends after its last token."""
    from compliance.oauth.signing import rotate

    kid, signs_from = house.db.write(lambda uow: rotate(uow, compromised=compromised))
    click.echo(f"{kid} signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC")


@keys.command("rotate-log")
@with_house
def keys_rotate_log(house: House) -> None:
    """Give the audit log's signer a new key. The log names it under the old one, which stays good for what it signed.

    Nothing need stop. Publish the new key where you published the old one.
    """
    from compliance.audit import rekeying
    from compliance.audit.checkpoints import LogInconsistent
    from exchange.worker import keeping_the_log

    try:
        old, new = rekeying.rotate_key(house, keeping_the_log(house))
    except LogInconsistent as problem:
        click.echo(f"The log cannot be signed, so the key stays: {problem}", err=True)
        sys.exit(1)
    click.echo(f"old\t{old.text()}\nnew\t{new.text()}")
