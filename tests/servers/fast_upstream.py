"""An upstream in a process of its own that answers at once: what a path begins with says how.

``/answer/hit-1`` is 200, ``miss-`` 404, ``broken-`` 500, ``slow-`` 200 after 50 ms.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self, cast

_ROOT = Path(__file__).parents[2]
_SLOW_S = 0.05
_STATUS = {b"hit": (200, b"OK"), b"slow": (200, b"OK"), b"miss": (404, b"Not Found"), b"broken": (500, b"Error")}


class Answering(asyncio.Protocol):
    """One request after the other; bodies are not expected."""

    def __init__(self) -> None:
        self._transport = cast(asyncio.Transport, None)
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            name = head.split(b" ", 2)[1].rpartition(b"/")[2]
            kind = name.partition(b"-")[0]
            if kind == b"slow":
                asyncio.get_running_loop().call_later(_SLOW_S, self._answer, kind, name)
            else:
                self._answer(kind, name)

    def _answer(self, kind: bytes, name: bytes) -> None:
        if self._transport.is_closing():
            return
        status, reason = _STATUS.get(kind, (404, b"Not Found"))
        body = b'{"asked": "%b"}' % name
        self._transport.write(
            b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, reason, len(body), body)
        )


class FastUpstream:
    """Started and ended with the context."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        number = self._socket.fileno()
        command = [sys.executable, "-m", "tests.servers.fast_upstream", str(number)]
        self.process = subprocess.Popen(command, cwd=_ROOT, pass_fds=(number,))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()

    def document(self) -> bytes:
        """What it offers, as OpenAPI."""
        answered = {status: {"description": word} for status, word in (("200", "found"), ("404", "not found"))}
        operation = {
            "operationId": "answer", "responses": answered,
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
        }  # fmt: skip
        return json.dumps(
            {
                "openapi": "3.1.0", "info": {"title": "Answers", "version": "1"}, "servers": [{"url": self.url}],
                "paths": {"/answer/{name}": {"get": operation}},
            }
        ).encode()  # fmt: skip


async def _serve(descriptor: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, sock=socket.socket(fileno=descriptor))
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1])))
