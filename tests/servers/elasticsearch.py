"""A real Elasticsearch on a free port of the loopback, put together by ``tools/setup-elasticsearch.sh``."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.exchange import PATIENCE_S, ROOT, eventually, free_port

VERSION = "8.19.21"
_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PATIENCE_S = 600.0
"""So long a machine may take that is busy with many other things; alone it takes four seconds."""


class ElasticsearchMissing(Exception):
    """It was not set up, because there is no JDK or no Maven."""


class Node:
    """A node with a data folder of its own, so that it can be killed and started again."""

    def __init__(self, version: str = VERSION, folder: Path | None = None, heap: str = "256m") -> None:
        self._heap = [f"-Xms{heap}", f"-Xmx{heap}"]
        self._parts = ROOT / ".servers" / f"elasticsearch-{version}"
        if not (self._parts / "java").exists():
            raise ElasticsearchMissing(f"sh tools/setup-elasticsearch.sh {version}")
        self._home = Path(tempfile.mkdtemp(prefix="piaohao-elasticsearch-", dir=folder))
        (self._home / "config").mkdir()
        (self._home / "modules").symlink_to(self._parts / "modules")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        java = (self._parts / "java").read_text().strip()
        classes = f"{self._parts / 'node'}:{self._parts / 'lib'}/*"
        told = self._home / "told"
        with told.open("w") as out:
            self._process = subprocess.Popen(
                [java, *self._heap, *_OPTIONS, "-cp", classes, "TestNode", str(self._home), str(self.port)],
                stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        up = eventually(lambda: "READY" in told.read_text() or self._process.poll() is not None, _PATIENCE_S)
        if not up or self._process.poll() is not None:
            raise RuntimeError(f"Elasticsearch has not come up: {told.read_text()[-2000:]}")

    def kill(self) -> None:
        """As a power loss would: nothing is written any more."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It takes connections and answers none, until ``resume``."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGKILL)
        shutil.rmtree(self._home, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)
        if self._process.stdin is not None:
            self._process.stdin.close()


@contextmanager
def running(version: str = VERSION, heap: str = "256m") -> Iterator[Node]:
    """Until it is left. Raises ElasticsearchMissing."""
    node = Node(version, heap=heap)
    try:
        yield node
    finally:
        node.stop()
