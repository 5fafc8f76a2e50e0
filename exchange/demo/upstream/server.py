"""The service over HTTP/1.1. Each interface demands the supplier's secret in a way of its own."""

from __future__ import annotations

import base64
import hmac
import sys
import time
from collections.abc import Iterable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from exchange.demo.upstream import answers, digits

USER = "piaohao"
_LARGEST_BODY = 1 << 20
_DOCUMENTS = Path(__file__).parent / "documents"
_PAGE_PAUSE_S = 0.05


class Handler(BaseHTTPRequestHandler):
    """One request after the other on a connection that is kept."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(min(_LARGEST_BODY, int(self.headers.get("Content-Length") or 0)))
        parts = urlsplit(self.path)
        if parts.path.startswith("/openapi/"):
            self._document(parts.path.removeprefix("/openapi/"))
        elif not self.server.knows(parts.path, self.headers, parse_qs(parts.query)):
            self._send(answers.Answer(401, b'{"error": "the secret is missing or wrong"}'))
        else:
            act = answers.route(self.command, parts.path)
            self._send(act(body) if callable(act) else answers.Answer(act, b'{"error": "nothing here"}'))

    def _document(self, name: str) -> None:
        path = _DOCUMENTS / name
        if path.parent != _DOCUMENTS or not path.is_file():
            return self._send(answers.Answer(404, b'{"error": "no such document"}'))
        text = path.read_text("utf-8").replace("{base_url}", self.server.url)
        kind = "application/yaml" if path.suffix == ".yaml" else "application/json"
        return self._send(answers.Answer(200, text.encode(), media_type=kind))

    def _send(self, answer: answers.Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        if answer.pages is None:
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._send_pages(answer.pages)

    def _send_pages(self, pages: Iterable[bytes]) -> None:
        for page in (*pages, b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(page), page))
            self.wfile.flush()
            time.sleep(_PAGE_PAUSE_S)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the gateway keeps the records."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, secret: str) -> None:
        digits.prepare()
        super().__init__(("127.0.0.1", port), Handler)
        self._secret = secret

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hung up has ended this answer, and nothing else is to be done."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def knows(self, path: str, headers: Message, query: Mapping[str, list[str]]) -> bool:
        """Whether the request carries the secret where its interface asks for it: header, password or query."""
        if path.startswith("/identity/"):
            given = headers.get("X-Supplier-Secret") or ""
        elif path.startswith("/digits/"):
            given = _password(headers.get("Authorization") or "")
        else:
            given = query.get("appkey", [""])[0]
        return hmac.compare_digest(given.encode(), self._secret.encode())


def _password(header: str) -> str:
    kind, _, packed = header.partition(" ")
    try:
        user, _, password = base64.b64decode(packed).decode().partition(":")
    except ValueError:
        return ""
    return password if kind.lower() == "basic" and user == USER else ""
