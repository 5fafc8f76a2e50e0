"""The people of the platform, and their passwords."""

from __future__ import annotations

import sys

import click

from core.house import House
from exchange.commands.frame import with_house

PLATFORM_ROLES = ("reviewer", "officer", "finance", "operator")


@click.group()
def users() -> None:
    """The people of the platform: reviewers, officers, finance, operators."""


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _hashed(email: str, password: str) -> str:
    from compliance.identity.rules import check_password, hash_password

    check_password(password, email)
    return hash_password(password)


@users.command("create")
@click.argument("email")
@click.option("--name", required=True, help="How others see this person.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(PLATFORM_ROLES), help="Repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_house
def users_create(house: House, email: str, name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Make an account with roles of the platform."""
    from compliance.identity.service import Person, create_platform_person

    person = Person(name=name, email=email, password_hash=_hashed(email, _password(password_stdin)))
    account_id = house.db.write(lambda uow: create_platform_person(uow, person, roles))
    click.echo(f"{email} is {', '.join(sorted(set(roles)))} ({account_id})")


@users.command("list")
@with_house
def users_list(house: House) -> None:
    """Who holds which role of the platform."""
    from compliance.identity.queries import platform_people

    for person in house.db.read(platform_people):
        click.echo(f"{person.email}\t{person.name}\t{', '.join(person.roles)}")


@users.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_house
def users_set_password(house: House, email: str, password_stdin: bool) -> None:
    """Give any account a new password and end its sessions."""
    from compliance.identity.service import set_password

    hashed = _hashed(email, _password(password_stdin))
    house.db.write(lambda uow: set_password(uow, email=email, password_hash=hashed))
    click.echo(f"{email} has a new password; all its sessions have ended")


@users.command("reset-factor")
@click.argument("email")
@with_house
def users_reset_factor(house: House, email: str) -> None:
    """Take the second factor off an account whose device and recovery codes are lost; it sets up another one."""
    from compliance.identity.standing import reset_factor

    house.db.write(lambda uow: reset_factor(uow, email=email))
    click.echo(f"{email} has no second factor any more; its sessions have ended")


@users.command("disable")
@click.argument("email")
@with_house
def users_disable(house: House, email: str) -> None:
    """Let nobody sign in to an account any more; its sessions end, and the keys and clients it made stop."""
    from compliance.identity.standing import disable_account

    house.db.write(lambda uow: disable_account(uow, email=email))
    click.echo(f"{email} is disabled; its sessions have ended, the keys and clients it made have stopped")
