"""The peer written as one would at first: Flask in front, urllib3 behind, a line of JSON for each call."""

from __future__ import annotations

import json
import threading
import time

import urllib3
from flask import Flask, Response, request

from tests.exchange.gateway import scene

PER_SECOND = 100_000


def create(behind: int, meter: str) -> Flask:
    """The application, in front of the upstream on that port; its meter is a file that lines are added to."""
    app = Flask(__name__)
    pool = urllib3.HTTPConnectionPool("127.0.0.1", behind, maxsize=64)
    log = open(meter, "a", buffering=1)  # noqa: PTH123, SIM115  (open as long as the process)
    keys, lock, arrival = {scene.KEY: "org"}, threading.Lock(), {"org": 0.0}

    @app.get("/i/<listing>/<path:path>")
    def call(listing: str, path: str) -> Response:
        began = time.monotonic()
        org = keys.get(request.headers.get("X-Api-Key", ""))
        if org is None:
            return Response(status=401)
        with lock:
            tat = max(arrival[org], began)
            if tat - began > 1:
                return Response(status=429)
            arrival[org] = tat + 1 / PER_SECOND
        answer = pool.request("GET", f"/v1/{path}", headers={"X-Supplier-Key": "s3cret-of-supplier"})
        line = {"org": org, "listing": listing, "path": path, "status": answer.status, "bytes": len(answer.data)}
        log.write(json.dumps(line | {"s": time.monotonic() - began}) + "\n")
        return Response(answer.data, answer.status, content_type=answer.headers["Content-Type"])

    return app
