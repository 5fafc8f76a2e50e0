"""The HTTP server: ``/v1`` is Stripe's, ``/fake`` are pages for people, ``/control`` is for tests."""

from __future__ import annotations

import json
import socket
import threading
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

from tests.stripe import charges, customers, files, payment_methods, transfers  # noqa: F401  (their routes)
from tests.stripe.api import Answer, Api, Asked
from tests.stripe.control import Controls
from tests.stripe.errors import Refused
from tests.stripe.faults import Faults, HungUp
from tests.stripe.pages import Pages
from tests.stripe.store import Store
from tests.stripe.webhooks import Postman

_LARGEST_BODY = 6_000_000


class Server(ThreadingHTTPServer):
    """Answers on the loopback once ``serve_forever`` runs. Port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, data: str = ":memory:", secret: str = "", notify: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.store, self.faults = Store(data), Faults()
        self.postman = Postman(self.store)
        self.api = Api(self.store, self.faults, self.url)
        self.controls = Controls(self.store, self.faults, self.postman, self.api, self.url)
        self.pages = Pages(self.store, self.url)
        if notify or secret:
            self.controls.notify(notify or self.store.setting("notify", ""), secret or None)
        self._ticking = threading.Event()
        threading.Thread(target=self._tick, daemon=True).start()
        self.postman.start()

    def _tick(self) -> None:
        while not self._ticking.wait(0.25):
            self.controls.tick()

    def server_close(self) -> None:
        super().server_close()
        self._ticking.set()
        self.postman.stop()
        self.store.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_version = "FakeStripe"

    @property
    def _server(self) -> Server:
        return cast(Server, self.server)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        try:
            body = self._body()
            if address.path.startswith("/v1/"):
                form = body if self.command == "POST" else address.query
                answer = self._server.api.answer(Asked(self.command, address.path, form, dict(self.headers.items())))
                self._send(answer.status, answer.body, "application/json", answer.headers)
                self._server.postman.wake()
            elif address.path.startswith("/control/") and self.command == "POST":
                answer = self._control(address.path.removeprefix("/control/"), body)
                self._send(answer.status, answer.body, "application/json", {})
            else:
                page = self._server.pages.answer(self.command, address.path, body)
                self._send(page.status, page.body, "text/html; charset=utf-8", page.headers)
                self._server.postman.wake()
        except Exception as error:
            if not isinstance(error, HungUp | OSError):
                traceback.print_exc()  # the fake itself is broken: for whoever runs it
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self) -> str:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            raise HungUp
        raw, kind = self.rfile.read(length), self.headers.get("Content-Type", "")
        return files.as_form(raw, kind) if kind.startswith("multipart/") else raw.decode(errors="replace")

    def _control(self, name: str, body: str) -> Answer:
        done: Any = None
        try:
            if name.startswith("_") or not hasattr(Controls, name):
                raise Refused(f"no such control: {name}", status=404)
            done = getattr(self._server.controls, name)(**json.loads(body or "{}"))
        except Refused as refused:
            return Answer(refused.status, json.dumps({"error": refused.error}))
        except (TypeError, ValueError, IndexError) as error:
            return Answer(400, json.dumps({"error": {"message": repr(error)}}))
        finally:
            self._server.postman.wake()
        return Answer(200, json.dumps(done))

    def _send(self, status: int, body: str, kind: str, headers: dict[str, str]) -> None:
        raw = body.encode()
        self.send_response(status)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(raw))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
