"""Gateway processes run for real, fed by the small twin of the sidecar."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from exchange.gateway import segments
from exchange.gateway.record import Kind, Marks, Usage
from tests.exchange.gateway.feeder import Feeder
from tests.servers.exchange import ROOT, eventually, free_port


class GatewayProcess:
    """One process. Several on one port are given the same ``port`` and ``processes``."""

    def __init__(
        self, folder: Path, feeder: Feeder, *, port: int = 0, processes: int = 1, fsync: bool = False,
        log: bool = True, cores: str = "", listening: socket.socket | None = None,
        largest_file: int | None = None, **bounds: float,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.port = port or free_port()
        self.log = folder / f"gateway-{self.port}.log"
        environment = os.environ | {
            "PIAOHAO_GATEWAY_WORKERS": str(processes),
            "PIAOHAO_SEGMENT_FSYNC": str(int(fsync)),
            "PIAOHAO_PROFILE": "test",
        }
        bind = f"127.0.0.1:{self.port}" if listening is None else f"fd://{listening.fileno()}"
        command = [sys.executable, "-m", "exchange.gateway", "--data", str(folder), "--bind", bind]
        command += ["--socket", str(feeder.path)]
        command += [] if log else ["--no-access-log"]
        for name, value in bounds.items():
            command += ["--bound", f"{name}={value}"]
        limited = [] if largest_file is None else ["prlimit", f"--fsize={largest_file}:unlimited"]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*(["taskset", "-c", cores] if cores else []), *limited, *command],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out,
                pass_fds=() if listening is None else (listening.fileno(),),
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self) -> GatewayProcess:
        """Until it serves. Fails with its log when it does not."""
        assert eventually(self.serves), self.log.read_text()[-4000:]
        return self

    def serves(self) -> bool:
        try:
            return b" 200 " in exchange_bytes(
                self.port, b"GET /healthz HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n"
            )
        except OSError:
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def records(self) -> list[Usage]:
        return list(usages(self.folder))


def usages(folder: Path) -> Iterator[Usage]:
    """All calls and files in the segments of a data folder."""
    for path in sorted(folder.glob("segments/*/*.seg")):
        for found, _ in segments.read(path):
            if isinstance(found, Usage):
                yield found


def marked(folder: Path, kind: Kind) -> set[str]:
    """Call ids that are confirmed, or void."""
    found = set()
    for path in sorted(folder.glob("segments/*/*.seg")):
        for each, _ in segments.read(path):
            if isinstance(each, Marks) and each.kind is kind:
                found |= {f"{path.parent.name}-{seq}" for seq in each.seqs}
    return found


def exchange_bytes(port: int, sent: bytes, *, within_s: float = 5.0, half_close: bool = False) -> bytes:
    """Send raw bytes, read to the end or until nothing comes any more."""
    with socket.create_connection(("127.0.0.1", port), within_s) as connection:
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except (TimeoutError, ConnectionError):
        pass
    return received


def end_by_reset(connection: socket.socket) -> None:
    """When it is closed, the other side is told at once, and what it still sends is thrown away."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def leave_in_the_middle(port: int, request: bytes) -> None:
    """Ask, take more than the head of the answer, which may come alone, and go while the rest is on its way."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request)
        connection.recv(4_000, socket.MSG_WAITALL)
        end_by_reset(connection)
