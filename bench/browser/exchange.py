"""A demo exchange that has told its story and goes on serving, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.settings import environment_with
from tests.servers.exchange import free_port

_TOLD_WITHIN_S = 600.0


@contextmanager
def told(log: Path) -> Iterator[str]:
    """Gives its address when the story is told. Raises RuntimeError with the end of its log when it fails."""
    with TemporaryDirectory(prefix="browser-") as folder:
        port, gateway, metrics = free_port(), free_port(), free_port()
        ports = {"port": str(port), "gateway_port": str(gateway), "metrics_port": str(metrics)}
        command = [sys.executable, "-m", "exchange", "--data", f"{folder}/demo", "demo", "--language", "zh"]
        with log.open("w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment_with(**ports))
        try:
            _wait(process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _TOLD_WITHIN_S
    while "Ctrl-C" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"the demonstration did not come to its end:\n{log.read_text()[-2000:]}")
        time.sleep(0.5)
    if "✗" in log.read_text(errors="replace"):
        raise RuntimeError(f"the story went otherwise than expected:\n{log.read_text()[-2000:]}")
