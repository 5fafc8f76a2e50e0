"""Whether a role of this machine works, asked from outside of its process: by service files and containers."""

from __future__ import annotations

import http.client
import time

from core.settings import Settings
from exchange.metrics.files import folder_of

ROLES = ("web", "worker", "jobs", "sidecar", "loader", "gateway")
_PATIENCE_S = 5.0
_STALE_S = 15.0


def problem_of(settings: Settings, role: str) -> str | None:
    """Why the role is not ready; None when it is.

    Web and gateway are asked by HTTP; of the others the figures must be fresh, which each writes every second.
    """
    if role == "web":
        return _asked(settings.host, settings.port, "/api/v1/readyz")
    if role == "gateway":
        return _asked(settings.host, settings.gateway_port, "/healthz")
    written = [path.stat().st_mtime for path in folder_of(settings.data).glob(f"{role}-*.json")]
    if not written:
        return f"{role} has written no figures in {settings.data}: it does not run"
    age = time.time() - max(written)
    return None if age <= _STALE_S else f"{role} has written no figures for {age:.0f} s"


def _asked(host: str, port: int, path: str) -> str | None:
    host = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - what listens everywhere is here too
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(2000).decode("utf-8", "replace")
        return None if answer.status == 200 else f"{path} answers {answer.status}: {body.strip()}"
    except (OSError, http.client.HTTPException) as error:
        return f"nothing answers on {host}:{port}: {error}"
    finally:
        connection.close()
