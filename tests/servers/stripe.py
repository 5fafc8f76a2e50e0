"""The fake Stripe as a process of its own on a free port of the loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.exchange import PATIENCE_S, ROOT, free_port
from tests.stripe.client import Control

SECRET = "whsec_of_the_fake"
KEY = "sk_test_of_the_fake"


class FakeStripe:
    """Where it answers, and its control. With ``data`` it can be killed and started again."""

    def __init__(self, notify: str = "", secret: str = SECRET, data: Path | None = None, port: int = 0) -> None:
        self.port = port or free_port()
        self.url, self.secret, self.key = f"http://127.0.0.1:{self.port}", secret, KEY
        self.control = Control(self.url)
        self._words = ["--port", str(self.port), "--secret", secret, "--notify", notify]
        self._words += ["--data", str(data)] if data is not None else []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stripe", *self._words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        assert self.control.answers(PATIENCE_S), f"the fake Stripe has not come up: {self.process.poll()}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)


@contextmanager
def answering(notify: str = "", secret: str = SECRET, data: Path | None = None) -> Iterator[FakeStripe]:
    """Until it is left."""
    fake = FakeStripe(notify, secret, data)
    try:
        yield fake
    finally:
        fake.kill()
