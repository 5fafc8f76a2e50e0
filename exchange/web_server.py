"""The web role: gunicorn with threads, on the listening socket that the supervisor hands over."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from core.settings import Settings
from exchange import logs
from exchange.app import create_app
from exchange.installation import require_current
from exchange.orphan import when_orphaned

DRAIN_S = 10


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, configured by our settings and by nothing else."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self.settings = settings
        self.bind = bind
        super().__init__()

    def load_config(self) -> None:
        for name, value in _options(self.settings, self.bind).items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """Called in each worker process after the fork, so that no connection is shared."""
        app = create_app(self.settings)
        require_current(app.extensions["house"].db)
        _quieten_collector()
        return logs.RequestIds(app)


def _quieten_collector() -> None:
    """Leave what was built at the start out of every collection, and collect seldom: a quarter of a request's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _options(settings: Settings, bind: str) -> dict[str, Any]:
    return {
        "bind": [bind],
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "worker_class": "gthread",
        "timeout": 60,
        "graceful_timeout": DRAIN_S,
        "keepalive": 30,
        "control_socket_disable": True,
        "logconfig_dict": {"version": 1, "disable_existing_loggers": False},
        "when_ready": lambda _server: when_orphaned(lambda: os.kill(os.getpid(), signal.SIGQUIT)),
    }


def run(settings: Settings, bind: str) -> None:
    """Serve until SIGTERM; requests under way are finished first."""
    logs.configure("web")
    WebServer(settings, bind).run()
