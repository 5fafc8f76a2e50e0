"""A real nginx in front, with the configuration that the exchange writes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from exchange.nginx_conf import Front, write
from tests.servers.exchange import PATIENCE_S, ROOT, eventually, free_port
from tests.servers.missing import not_run


class NginxMissing(Exception):
    """The system has none."""


class Nginx:
    """It leads to these webs and gateways, ``HOST:PORT``; which of them are down can be changed while it runs."""

    def __init__(self, folder: Path, webs: list[str], gateways: list[str], port: int = 0) -> None:
        self.folder, self.port = folder, port or free_port()
        self._front = Front("127.0.0.1", webs, gateways, http_port=self.port, folder=str(folder))
        self._write()
        words = [program(), "-p", str(folder), "-c", str(folder / "conf"), "-e", str(folder / "log")]
        self.process = subprocess.Popen([*words, "-g", "daemon off; user root;"], stdin=subprocess.DEVNULL)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _write(self) -> None:
        (self.folder / "conf").write_text(write(self._front), encoding="utf-8")

    def lead_past(self, *down: str) -> None:
        """Give these no new requests; all others get them. Until nobody is left who knew it otherwise."""
        self._front = replace(self._front, down=down)
        self._write()
        before = self._workers()
        self.process.send_signal(signal.SIGHUP)
        changed = eventually(lambda: bool(self._workers()) and not self._workers() & before)
        assert changed, (self.folder / "log").read_text()[-2000:]

    def _workers(self) -> set[str]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(tasks.read_text().split())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def program() -> str:
    """The system's, or what ``tools/setup-nginx.sh`` unpacked. Raises NginxMissing."""
    unpacked = ROOT / ".servers" / "nginx" / "usr" / "sbin"
    found = shutil.which("nginx", path=f"/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin:{unpacked}")
    if found is None:
        raise NginxMissing("install nginx")
    return found


@contextmanager
def in_front(webs: list[str], gateways: list[str], port: int = 0) -> Iterator[Nginx]:
    """Until it is left; tests without one are named as not run."""
    folder = Path(tempfile.mkdtemp(prefix="piaohao-nginx-"))
    try:
        program()
    except NginxMissing as missing:
        not_run("nginx", str(missing))
    running = Nginx(folder, webs, gateways, port)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
