"""``piaohao demo``: sets the stage, lets the player tell the story through the public API, goes on serving.

On the stage stand the exchange, a supplier's service that its interfaces lead to and, where the tests are, a fake
payment processor: processes which end when this one does.
"""

from __future__ import annotations

import http.client
import json
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from core.settings import Settings, environment_with
from exchange import fake_processor
from exchange.demo.player.filling import World
from exchange.installation import CannotStart
from exchange.supervisor import listen

_READY_WITHIN_S = 60.0
_MARK = "this-is-a-demo"


def perform(settings: Settings, *, once: bool, language: str = "en") -> int:
    """Answers the exit status. Raises CannotStart, saying what to change, when the exchange does not come up."""
    listen(settings.host, settings.port).close()  # a taken port is told at once, and no stranger answers for us
    if settings.gateway_workers:
        listen(settings.host, settings.gateway_port, "PIAOHAO_GATEWAY_PORT").close()
    if fake_processor.is_here():
        fake_processor.refuse_taken_port(settings)
    _fresh_folder(settings.data)
    log = settings.data / "exchange.log"
    for number in (signal.SIGINT, signal.SIGTERM):  # either ends the exchange too, also when started in the background
        signal.signal(number, signal.default_int_handler)
    secret = secrets.token_urlsafe(16)
    with supplier_answering(secret) as upstream, fake_processor.answering(settings) as fake:
        environment = _environment(upstream, fake)
        process = _start(settings, log, environment)
        try:
            _wait_until_ready(settings, process, log)
            click.echo(f"Piaohao serves http://{settings.host}:{settings.port}/  (its log: {log})")
            click.echo(_paying(fake))
            bank = fake.url if fake else ""
            world = World(settings.gateway_address, upstream, secret, settings.data / "mail", bank)
            outcome = _play(settings, world, language, environment)
            if not once:
                click.echo("\nLook around; Ctrl-C stops the exchange.")
                process.wait()
            return outcome
        except KeyboardInterrupt:
            return 130 if once else 0  # with --once the story was cut short
        finally:
            _stop(process)


@contextmanager
def supplier_answering(secret: str) -> Iterator[str]:
    """A supplier's service in a process of its own; gives its address."""
    command = [
        sys.executable,
        "-m",
        "exchange.demo.upstream",
        "--port",
        "0",
        f"--secret={secret}",
        "--until-stdin-ends",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _fresh_folder(data: Path) -> None:
    """The demo begins anew each time, but never deletes a folder that it did not make itself."""
    if data.exists() and any(data.iterdir()):
        if not (data / _MARK).exists():
            raise CannotStart(f"{data} is not a demo's folder; choose another one with --data.")
        shutil.rmtree(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / _MARK).touch()


def _environment(upstream: str, fake: fake_processor.Fake | None) -> dict[str, str]:
    """The exchange's: the supplier's service may be on this machine, and payments go to the fake processor."""
    return environment_with(upstream_allow=upstream.removeprefix("http://"), **(fake.settings if fake else {}))


def _paying(fake: fake_processor.Fake | None) -> str:
    if fake is None:
        return "No fake payment processor here (it lies with the tests): nobody pays by card or wallet."
    return f"A FAKE Stripe answers at {fake.url}: no money moves anywhere."


def _start(settings: Settings, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "exchange", "--data", str(settings.data), "--profile", settings.profile, "serve"]
    with log.open("wb") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env=environment,
        )  # fmt: skip


def _wait_until_ready(settings: Settings, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + _READY_WITHIN_S
    while not answers(settings.host, settings.port):
        if process.poll() is not None:
            raise CannotStart(_last_words(log))
        if time.monotonic() > give_up_at:
            raise CannotStart(f"The exchange did not answer within {_READY_WITHIN_S:.0f} s; see {log}")
        time.sleep(0.1)


def answers(host: str, port: int) -> bool:
    """Whether a healthy exchange answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/api/v1/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_words(log: Path) -> str:
    """What the exchange said last, without the frame that logs and the command line put around it."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
    for line in reversed(lines):
        if line.startswith("Error: "):
            return line.removeprefix("Error: ")
    try:
        return str(json.loads(lines[-1])["text"])
    except (ValueError, KeyError, TypeError):
        return lines[-1]


def _play(settings: Settings, world: World, language: str, environment: dict[str, str]) -> int:
    from exchange.demo import aftermath, bootstrap, player

    bootstrap.main(settings)
    played = player.main(f"http://{settings.host}:{settings.port}", world, language)
    return played or aftermath.main(settings.data, language, environment)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()
