"""The figures as a page for Prometheus: on web's ``/metrics``, and on a port of the loopback that the sidecar opens."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from pathlib import Path
from typing import Any

import flask
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from compliance.identity import queries as identity
from core.db import Uow
from core.house import House
from exchange.metrics.families import Family
from exchange.metrics.files import read_all

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LOOPBACK = ("127.0.0.1", "::1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


class _Collected(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return map(_metric, self._families)


def page(data: Path) -> bytes:
    """The figures of all processes that work in this data folder."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(read_all(data)))
    return generate_latest(registry)


def _metric(family: Family) -> Metric:
    names = sorted({name for labels, _ in family.samples for name in labels})
    rows = [([labels.get(name, "") for name in names], value) for labels, value in family.samples]
    if family.kind == "histogram":
        made = HistogramMetricFamily(family.name, family.help, labels=names)
        for labels, value in rows:
            made.add_metric(labels, list(_cumulated(value)), sum_value=value["sum"])
        return made
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    plain = kind(family.name, family.help, labels=names)
    for labels, value in rows:
        plain.add_metric(labels, value)
    return plain


def _cumulated(value: dict[str, Any]) -> Iterator[tuple[str, int]]:
    bounds = [*(str(bound) for bound in value["bounds"]), "+Inf"]
    return zip(bounds, accumulate(value["counts"]), strict=True)


def mount(app: flask.Flask, house: House) -> None:
    """``/metrics``, for who is on this machine and not a proxy, or shows an operator's token. Nobody else finds it."""

    def metrics() -> flask.Response:
        if not (_local(flask.request) or _operator(house, flask.request)):
            flask.abort(404)
        return flask.Response(page(house.settings.data), content_type=CONTENT_TYPE)

    app.add_url_rule("/metrics", "metrics", metrics)


def _local(request: flask.Request) -> bool:
    return request.remote_addr in _LOOPBACK and not any(name in request.headers for name in _FORWARDED)


def _operator(house: House, request: flask.Request) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return False

    def work(uow: Uow) -> bool:
        actor = identity.actor_of_token(uow, token)
        return actor is not None and actor.platform("operator")

    return house.db.read(work)


class _Handler(BaseHTTPRequestHandler):
    """Answers one address."""

    def __init__(self, *arguments: Any, data: Path) -> None:
        self.data = data
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = page(self.data)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Who asks for figures is no news."""


def serve(data: Path, port: int) -> ThreadingHTTPServer:
    """Serve the page on this port of the loopback, in a thread. Raises OSError when it is taken."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, data=data))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="figures", daemon=True).start()
    return server
