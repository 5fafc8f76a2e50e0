"""A supplier's service on a real socket that does what the query asks for, also what no service should do.

``status``, ``size``, ``body``, ``delay`` (ms), ``chunked``, ``trailer``, ``until_close``, ``informed``, ``head`` (lines
to add), ``raw`` (the whole answer), ``cut`` (close after so many bytes), ``drip`` (ms between bytes), ``close``,
``silent``, ``long_head`` (bytes), ``mirror`` (the request's body), ``pause_at`` (after so many bytes, for a moment).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Upstream:
    """Serves from threads until the context ends."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.seen: list[Seen] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Upstream:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Counts who pauses at the same time."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        yield
        with self._lock:
            self._at_once -= 1

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while not self._stopped and (request := read_request(stream)) is not None:
                    self.seen.append(request)
                    with self._busy():
                        pause(request)
                    if not answer(connection, request):
                        return
            except (OSError, ValueError):  # the request was cut
                return


def read_request(stream: object) -> Seen | None:
    line = stream.readline()  # type: ignore[attr-defined]
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = read_lines(stream)
    named = {name.lower(): value for name, value in headers}
    trailers: list[tuple[str, str]] = []
    if named.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.readline().split(b";")[0], 16):  # type: ignore[attr-defined]
            body += stream.read(size)  # type: ignore[attr-defined]
            stream.readline()  # type: ignore[attr-defined]
        trailers = read_lines(stream)
    else:
        body = stream.read(int(named.get("content-length", 0)))  # type: ignore[attr-defined]
    return Seen(method, target, headers, body, trailers)


def read_lines(stream: object) -> list[tuple[str, str]]:
    lines = []
    while (line := stream.readline().decode("latin-1").rstrip("\r\n")) != "":  # type: ignore[attr-defined]
        name, _, value = line.partition(":")
        lines.append((name, value.strip()))
    return lines


def asked_for(request: Seen) -> dict[str, str]:
    query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    return {name: values[0] for name, values in query.items()}


def pause(request: Seen) -> None:
    time.sleep(int(asked_for(request).get("delay", 0)) / 1000)


def answer(connection: socket.socket, request: Seen) -> bool:
    """Send what the query asks for; whether the connection goes on."""
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(request.target).query, keep_blank_values=True).items()
    }
    if "silent" in asked:
        time.sleep(30)
        return False
    if "close" in asked:
        return False
    if "long_head" in asked:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * (int(asked["long_head"]) // 8) + b"\r\n")
    if "raw" in asked:
        connection.sendall(asked["raw"].encode("latin-1"))
        return "on" in asked
    head, body = compose(request, asked)
    send(connection, head, b"" if request.method == "HEAD" else body, asked)
    return "until_close" not in asked and "cut" not in asked


def compose(request: Seen, asked: dict[str, str]) -> tuple[bytes, bytes]:
    status = asked.get("status", "200")
    content = content_of(request, asked)
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", *asked.get("head", "").split("|")]
    if "chunked" in asked:
        lines.append("Transfer-Encoding: chunked")
        pieces = [content[at : at + 1000] for at in range(0, len(content), 1000)]
        trailer = asked["trailer"].encode() + b"\r\n" if "trailer" in asked else b""
        content = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"
    elif "until_close" in asked:
        lines.append("Connection: close")
    elif status not in ("204", "304"):
        lines.append(f"Content-Length: {len(content)}")
    informed = f"HTTP/1.1 {asked['informed']} Early\r\nLink: </a>\r\n\r\n" if "informed" in asked else ""
    head = informed + "\r\n".join(line for line in lines if line) + "\r\n\r\n"
    return head.encode("latin-1"), b"" if status in ("204", "304") else content


def content_of(request: Seen, asked: dict[str, str]) -> bytes:
    if "size" in asked:
        return (b"0123456789abcdef" * (int(asked["size"]) // 16 + 1))[: int(asked["size"])]
    if "body" in asked:
        return asked["body"].encode()
    if "mirror" in asked:
        return request.body
    seen = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "trailers": request.trailers,
    }
    return json.dumps(seen | {"body": request.body.decode("latin-1"), "result": {"found": True}}).encode()


def send(connection: socket.socket, head: bytes, body: bytes, asked: dict[str, str]) -> None:
    if "cut" in asked:
        connection.sendall((head + body)[: int(asked["cut"])])
    elif "pause_at" in asked:
        at = int(asked["pause_at"])
        connection.sendall((head + body)[:at])
        time.sleep(0.05)
        connection.sendall((head + body)[at:])
    elif "drip" in asked:
        connection.sendall(head)
        for at in range(len(body)):
            connection.sendall(body[at : at + 1])
            time.sleep(int(asked["drip"]) / 1000)
    else:
        connection.sendall(head + body)
