"""The command ``piaohao``: one program for everything that is not done in a browser or through the API."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.keyring import SecretUnusable
from core.problems import DomainError
from core.settings import PROFILES, Settings
from exchange.commands import (
    backups,
    database,
    files,
    front,
    keys,
    listings,
    money,
    people,
    proofs,
    serving,
    upkeep,
    witnessing,
)
from exchange.installation import CannotStart


class Program(click.Group):
    """A group that lists its commands in the order a newcomer needs them, and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CannotStart as problem:
            raise click.ClickException(str(problem)) from None
        except DomainError as problem:
            raise click.ClickException(_sentence(problem)) from None
        except SecretUnusable as problem:
            raise click.ClickException(
                f"{problem} Put it back from where you keep copies; where there never was one: piaohao keys make."
            ) from None
        except SQLAlchemyError as problem:
            raise click.ClickException(f"The database: {_first_line(problem)}") from None
        except OSError as problem:
            if problem.errno == errno.EPIPE:  # who reads our output has gone: click ends quietly
                raise
            raise click.ClickException(str(problem)) from None


def _first_line(problem: SQLAlchemyError) -> str:
    """What the database said, without the statement: its values are nobody's business here."""
    said = str(problem.orig if isinstance(problem, DBAPIError) else problem).strip()
    return said.partition("\n")[0]


def _sentence(problem: DomainError) -> str:
    where = f" ({problem.field})" if problem.field else ""
    return " ".join(part for part in (f"{problem.title}{where}.", problem.detail, problem.hint or "") if part)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data", type=click.Path(path_type=Path), help="The data folder.  [default: PIAOHAO_DATA or var/exchange]"
)
@click.option(
    "--profile", type=click.Choice(PROFILES), help="What kind of exchange.  [default: PIAOHAO_PROFILE or development]"
)
@click.pass_context
def main(ctx: click.Context, data: Path | None, profile: str | None) -> None:
    """Piaohao, a data exchange whose every trade can be verified offline.

    Every setting is an environment variable named PIAOHAO_…, for example PIAOHAO_PORT.
    """
    try:
        settings = Settings.from_environment(data)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    ctx.obj = dataclasses.replace(settings, profile=profile) if profile else settings


_COMMANDS: tuple[click.Command, ...] = (
    serving.init_command, serving.serve, serving.demo, backups.backup, backups.restore,
    listings.import_group, listings.search, files.files,
    proofs.audit, proofs.verify, proofs.trace_command, witnessing.witness, database.database,
    money.usage, money.payments, money.payouts,
    people.users,
    keys.keys, upkeep.clock, upkeep.doctor, upkeep.ready, front.nginx,
    serving.role, upkeep.docs,
)  # fmt: skip
for _command in _COMMANDS:
    main.add_command(_command)
