"""The exchange behind a real socket inside the test's process, with its worker attending."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import flask
from werkzeug.serving import make_server

from core.house import House
from core.written import Written
from exchange.worker import chores, index_chores, loop


@contextmanager
def served(app: flask.Flask, house: House) -> Iterator[str]:
    """Serves on a free port of the loopback; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    stop = threading.Event()
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True),
        threading.Thread(
            target=loop, args=(house, Written(house.db), stop, [*chores(), *index_chores()], 0.05), daemon=True
        ),
    ]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        server.shutdown()
        for thread in threads:
            thread.join(10)
