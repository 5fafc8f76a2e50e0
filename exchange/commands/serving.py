"""Making an exchange and serving it."""

from __future__ import annotations

import dataclasses
import sys

import click

from core.settings import Settings
from exchange.installation import ROLES, init


@click.command("init")
@click.pass_obj
def init_command(settings: Settings) -> None:
    """Make the data folder and its database, or bring them up to date."""
    made = init(settings)
    click.echo(f"{'Made' if made else 'Up to date:'} the exchange in {settings.data}")


@click.command()
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="Only this; repeatable.  [default: all]",
)  # fmt: skip
@click.pass_obj
def serve(settings: Settings, roles: tuple[str, ...]) -> None:
    """Serve the exchange: web, gateway, worker and sidecar under one supervisor, until Ctrl-C or SIGTERM.

    With roles, one machine's part of it: worker and jobs run once, web and gateway on as many machines as you like.
    """
    from exchange import supervisor

    chosen = tuple(each for each in ROLES if not roles or each in roles)
    supervisor.serve(settings, lambda: click.echo(_welcome(settings) if not roles else _served(chosen)), chosen)


def _served(roles: tuple[str, ...]) -> str:
    return f"Piaohao serves {', '.join(roles)} here. Ctrl-C stops it."


def _welcome(settings: Settings) -> str:
    program = "./piaohao" if settings.data == Settings().data.absolute() else f"./piaohao --data '{settings.data}'"
    return (
        f"Piaohao serves http://{settings.host}:{settings.port}/ from {settings.data}\n"
        f"{_gateway_welcome(settings)}"
        f"The first operator, in another terminal:\n"
        f"  {program} users create you@example.org --name 'Your Name' --role operator --role officer\n"
        f"Ctrl-C stops it."
    )


def _gateway_welcome(settings: Settings) -> str:
    return f"Interfaces are called at {settings.gateway_address}/\n" if settings.gateway_workers else ""


@click.command()
@click.option("--once", is_flag=True, help="End when the story has been told instead of going on serving.")
@click.option("--language", type=click.Choice(("zh", "en")), default="en", help="In which the story is told.")
@click.pass_obj
def demo(settings: Settings, once: bool, language: str) -> None:
    """Make a demo exchange, play three trades through its public API, and go on serving it."""
    from exchange import stage

    sys.exit(stage.perform(dataclasses.replace(settings, profile="demo"), once=once, language=language))


@click.command(hidden=True)
@click.argument("name", type=click.Choice(("web", "worker", "jobs", "sidecar", "loader")))
@click.option("--bind", default="")
@click.pass_obj
def role(settings: Settings, name: str, bind: str) -> None:
    """One process of `serve`; the supervisor starts it."""
    if name == "web":
        from exchange import web_server

        web_server.run(settings, bind or f"{settings.host}:{settings.port}")
    elif name == "worker":
        from exchange import worker

        worker.run(settings)
    elif name == "jobs":
        from exchange import long_work

        long_work.run(settings)
    else:
        from exchange.app import build_house
        from exchange.sidecar import loading_role, process

        run = process.run if name == "sidecar" else loading_role.run
        run(build_house(settings))
