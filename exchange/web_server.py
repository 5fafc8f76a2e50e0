"""The web role: gunicorn with threads, on the listening socket that the supervisor hands over."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from compliance.policy import versions
from core.house import House
from core.http import PREFIX
from core.settings import Settings
from exchange import logs
from exchange.app import create_app
from exchange.even_worker import Board
from exchange.installation import require_current
from exchange.metrics.web import Counted
from exchange.orphan import when_orphaned

DRAIN_S = 10


class OneLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn has to say goes to our log, a line of JSON each, and nowhere else."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, configured by our settings and by nothing else."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self.settings = settings
        self.bind = bind
        self.counted: Counted | None = None
        self.house: House | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in _options(self.settings, self.bind).items():
            self.cfg.set(name, value)
        board = Board()
        self.cfg.set("pre_fork", lambda master, worker: board.seat(worker, master.WORKERS.values()))
        self.cfg.set("child_exit", lambda _master, worker: board.leave(worker.place))
        self.cfg.set("post_fork", self._after_fork)

    def _after_fork(self, _server: object, _worker: object) -> None:
        """Threads do not cross a fork: each worker process writes its figures, and follows the policy, itself."""
        if self.house is not None:
            follower = threading.Thread(target=versions.keep_up, args=(self.house, threading.Event()), daemon=True)
            follower.start()
        if self.counted is not None:
            self.counted.start_writing(self.settings.data)

    def load(self) -> Callable[..., Any]:
        """Called once, in the master: workers are forks of it that start at once and share its memory."""
        app = create_app(self.settings)
        self.house = house = app.extensions["house"]
        database = house.db
        require_current(database)
        _warm(app)
        database.engine.dispose()  # no connection crosses the fork
        _tune()
        self.counted = Counted(app)
        return logs.RequestIds(self.counted)


def _warm(app: flask.Flask) -> None:
    """Ask once for what everybody asks for: statements are compiled before the first person waits for them."""
    client = app.test_client()
    client.get(f"{PREFIX}/listings")
    client.get(f"{PREFIX}/listings", headers={"Authorization": "Bearer nobody"})


def _tune() -> None:
    """Leave what was built at the start out of every collection, and collect seldom: a quarter of a request's time.

    And let threads change places sooner: who holds the writer's turn must not wait 5 ms after each statement.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _options(settings: Settings, bind: str) -> dict[str, Any]:
    return {
        "bind": [bind],
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "preload_app": True,
        "worker_class": "exchange.even_worker.EvenWorker",
        "timeout": 60,
        "graceful_timeout": DRAIN_S,
        "keepalive": 30,
        "control_socket_disable": True,
        "forwarded_allow_ips": "",  # whom to believe is said by our own settings (exchange/proxies.py)
        "logger_class": OneLog,
        "when_ready": lambda _server: when_orphaned(lambda: os.kill(os.getpid(), signal.SIGQUIT)),
    }


def run(settings: Settings, bind: str) -> None:
    """Serve until SIGTERM; requests under way are finished first."""
    logs.configure("web")
    WebServer(settings, bind).run()
