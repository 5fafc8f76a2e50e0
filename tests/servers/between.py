"""A server between a client and another one, which passes on what it is asked, or fails as it is told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_KEPT = ("content-type", "x-elastic-product")


class Between:
    """``down``: it hangs up on everybody. ``refusals``: so many requests with ``refused`` in them get ``status``."""

    def __init__(self, port: int) -> None:
        self.down, self.refusals, self.refused, self.status = False, 0, "", 429
        self.seen = 0
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                between.seen += 1
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if between.down:
                    self.close_connection = True
                elif between.refusals > 0 and between.refused in self.path:
                    between.refusals -= 1
                    self._answer(between.status, {"content-type": "application/json"}, b"{}")
                else:
                    self._ask(body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815

            def _ask(self, body: bytes) -> None:
                asked = http.client.HTTPConnection("127.0.0.1", port)
                asked.request(self.command, self.path, body, dict(self.headers))
                got = asked.getresponse()
                told = {name.lower(): value for name, value in got.getheaders() if name.lower() in _KEPT}
                self._answer(got.status, told, got.read())
                asked.close()

            def _answer(self, status: int, told: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in ({"x-elastic-product": "Elasticsearch"} | told).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def between(port: int) -> Iterator[Between]:
    """Until it is left."""
    made = Between(port)
    try:
        yield made
    finally:
        made.close()
