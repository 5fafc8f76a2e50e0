"""``piaohao demo``: sets the stage, lets the player tell the story through the public API, goes on serving."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from core.settings import Settings
from exchange.installation import CannotStart
from exchange.supervisor import listen

_READY_WITHIN_S = 60.0
_MARK = "this-is-a-demo"


def perform(settings: Settings, *, once: bool, language: str = "en") -> int:
    """Answers the exit status. Raises CannotStart, saying what to change, when the exchange does not come up."""
    listen(settings.host, settings.port).close()  # a taken port is told at once, and no stranger answers for us
    if settings.gateway_workers:
        listen(settings.host, settings.gateway_port, "PIAOHAO_GATEWAY_PORT").close()
    _fresh_folder(settings.data)
    log = settings.data / "exchange.log"
    for number in (signal.SIGINT, signal.SIGTERM):  # either ends the exchange too, also when started in the background
        signal.signal(number, signal.default_int_handler)
    process = _start(settings, log)
    try:
        _wait_until_ready(settings, process, log)
        click.echo(f"Piaohao serves http://{settings.host}:{settings.port}/  (its log: {log})")
        outcome = _play(settings, language)
        if not once:
            click.echo("\nLook around; Ctrl-C stops the exchange.")
            process.wait()
        return outcome
    except KeyboardInterrupt:
        return 130 if once else 0  # with --once the story was cut short
    finally:
        _stop(process)


def _fresh_folder(data: Path) -> None:
    """The demo begins anew each time, but never deletes a folder that it did not make itself."""
    if data.exists() and any(data.iterdir()):
        if not (data / _MARK).exists():
            raise CannotStart(f"{data} is not a demo's folder; choose another one with --data.")
        shutil.rmtree(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / _MARK).touch()


def _start(settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "exchange", "--data", str(settings.data), "--profile", settings.profile, "serve"]
    with log.open("wb") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


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


def _play(settings: Settings, language: str) -> int:
    from exchange.demo import aftermath, bootstrap, player

    bootstrap.main(settings)
    return player.main(f"http://{settings.host}:{settings.port}", language) or aftermath.main(settings.data, language)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()
