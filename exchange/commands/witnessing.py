"""Being a witness of a log: needs no exchange, only a folder and the log's address and key."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from compliance.audit.verifier import Key, Malformed, Tampered, parse_key

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def witness() -> None:
    """Watch an exchange's audit log from outside, and cosign that it only grows."""


def _told(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a witness refuses into a sentence, and exit code 1."""

    @wraps(command)
    def call(*arguments: Any, **options: Any) -> None:
        from compliance.witness.errors import NotWitnessed
        from compliance.witness.memory import NoWitness

        try:
            command(*arguments, **options)
        except (NotWitnessed, NoWitness) as problem:
            raise click.ClickException(str(problem)) from None

    return call


def _key(text: str) -> Key:
    try:
        path = Path(text)
        return parse_key(path.read_text("utf-8") if path.is_file() else text)
    except (Malformed, Tampered, OSError, UnicodeDecodeError) as problem:
        raise click.BadParameter(str(problem), param_hint="--key") from None


@witness.command("init")
@_FOLDER
@click.option("--name", required=True, help="Who you are, as an address without https://, such as witness.example/w1.")
@_told
def witness_init(folder: Path, name: str) -> None:
    """Make a witness with a key of its own, and print the key that the exchange's operator has to know."""
    from compliance.witness.memory import Memory

    click.echo(Memory.create(folder, name).private()[0].text())


@witness.command("watch")
@_FOLDER
@click.option("--log", "address", required=True, help="Where the log is, such as https://exchange.example/log.")
@click.option("--key", required=True, help="The log's public key, or a file that holds it.")
@click.option("--submit", default="", help="The exchange that gets the cosignatures, such as https://exchange.example.")
@click.option("--every", type=click.FloatRange(0.1), default=10.0, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Look once; ends with 1 when it was not cosigned.")
@_told
def witness_watch(folder: Path, address: str, key: str, submit: str, every: float, once: bool) -> None:
    """Look at a log again and again; cosign what grew out of what was seen, refuse forks and rollbacks.

    A fork ends it with 1, and both checkpoints are kept. The key has to come from elsewhere than the log.
    """
    from compliance.witness import service
    from compliance.witness.errors import Forked, LogAway, NotWitnessed
    from compliance.witness.memory import Memory
    from compliance.witness.reading import WebLog, submitted

    memory, log, known = Memory(folder), WebLog(address), _key(key)
    memory.private()
    while True:
        try:
            seen = service.look(memory, log, known)
            sent = submitted(submit, seen.size, seen.cosignature) if submit and (seen.grown or once) else ""
            if seen.grown or once:
                click.echo(f"{seen.size} entries, {seen.grown} new, cosigned{sent}")
                click.echo(seen.cosignature, nl=False)
        except NotWitnessed as problem:
            if once or isinstance(problem, Forked):
                raise
            click.echo(f"{'away' if isinstance(problem, LogAway) else 'NOT COSIGNED'}: {problem}", err=True)
        if once:
            return
        time.sleep(every)


@witness.command("serve")
@_FOLDER
@click.option("--key", "keys", multiple=True, required=True, help="A log's public key, or a file of it. Repeatable.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8470, show_default=True)
@_told
def witness_serve(folder: Path, keys: tuple[str, ...], host: str, port: int) -> None:
    """Answer logs that send their checkpoints with a proof (C2SP tlog-witness), until Ctrl-C.

    Put a web server with TLS in front of it.
    """
    from compliance.witness.memory import Memory
    from compliance.witness.server import serving

    memory, known = Memory(folder), [_key(each) for each in keys]
    name = memory.private()[0].name
    with serving(memory, {each.name: each for each in known}, host, port) as server:
        click.echo(f"{name} answers http://{host}:{server.server_address[1]}/add-checkpoint for {len(known)} logs")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)
