"""The fake payment processor of the demonstration: a process of its own, beside the supplier's service.

It lies with the tests: a clone has it, an installed package has not, and then nobody pays by card or wallet.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import exchange
from core.settings import Settings
from exchange.installation import CannotStart

PORT_ABOVE = 3
"""It answers on the exchange's port and so many more."""
_ROOT = Path(exchange.__file__).parents[1]
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Fake:
    """Where it answers, and what it and the exchange know each other by."""

    url: str
    key: str
    webhook_secret: str

    @property
    def settings(self) -> dict[str, str]:
        """What the exchange is to be started with."""
        return {"stripe_url": self.url, "stripe_key": self.key, "stripe_webhook_secret": self.webhook_secret}


def is_here() -> bool:
    """Whether there is a fake to start."""
    return (_ROOT / "tests" / "stripe" / "__main__.py").is_file()


def refuse_taken_port(settings: Settings) -> None:
    """Raises CannotStart when its port is somebody else's."""
    port = settings.port + PORT_ABOVE
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        raise CannotStart(
            f"Port {port} on {_HOST}, where the demonstration's fake Stripe answers, cannot be had. It is PIAOHAO_PORT "
            f"and {PORT_ABOVE}: set that to another one, for example PIAOHAO_PORT={settings.port + 10}."
        ) from None


@contextmanager
def answering(settings: Settings) -> Iterator[Fake | None]:
    """The fake, with its data in the demonstration's folder, until it is left or this process is gone; None without."""
    if not is_here():
        yield None
        return
    port = settings.port + PORT_ABOVE
    fake = Fake(f"http://{_HOST}:{port}", f"sk_test_{secrets.token_hex(12)}", f"whsec_{secrets.token_hex(16)}")
    command = [
        sys.executable, "-m", "tests.stripe", "--port", str(port), f"--secret={fake.webhook_secret}",
        "--data", str((settings.data / "stripe.db").absolute()),
        "--notify", f"http://{settings.host}:{settings.port}/webhooks/stripe", "--until-stdin-ends",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline().strip():
                raise CannotStart(f"The fake Stripe does not start on port {port}.")
            yield fake
        finally:
            process.stdin.close()
