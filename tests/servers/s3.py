"""A real S3 service on a free port of the loopback: versitygw over a folder, as ``tools/setup-s3.sh`` built it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.buckets import Place
from tests.servers.exchange import ROOT, eventually, free_port
from tests.servers.missing import not_run

ACCESS_KEY, SECRET_KEY = "test", "testsecret"


class S3Missing(Exception):
    """It was not built here."""


class S3:
    """The service with one bucket. It can be killed and started again, on the same port and with the same bytes."""

    def __init__(self, folder: Path) -> None:
        self._program = program()
        self.folder, self.port = folder, free_port()
        self.place = Place(f"http://127.0.0.1:{self.port}", "files", "us-east-1", ACCESS_KEY, SECRET_KEY)
        for name in ("kept/files", "about"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.start()

    @property
    def settings(self) -> dict[str, Any]:
        """Those of an exchange whose files lie here."""
        place = self.place
        return {
            "s3_bucket": place.bucket, "s3_url": place.url, "s3_region": place.region,
            "s3_access_key": place.access_key, "s3_secret_key": place.secret_key,
        }  # fmt: skip

    def start(self) -> None:
        words = ["--port", f"127.0.0.1:{self.port}", "--quiet", "posix", "--sidecar", str(self.folder / "about")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._program), *words, str(self.folder / "kept")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY},
            )  # fmt: skip
        assert eventually(lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def program() -> Path:
    """Raises S3Missing."""
    found = sorted((ROOT / ".servers" / "bin").glob("versitygw-*"))
    if not found:
        raise S3Missing("build it with: sh tools/setup-s3.sh (needs Go)")
    return found[-1]


@contextmanager
def answering() -> Iterator[S3]:
    """Until it is left. Raises S3Missing."""
    folder = Path(tempfile.mkdtemp(prefix="piaohao-s3-"))
    try:
        running = S3(folder)
        try:
            yield running
        finally:
            running.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def answering_here() -> Iterator[S3]:
    """The same for tests, which are named as not run where it is missing."""
    try:
        with answering() as running:
            yield running
    except S3Missing as missing:
        not_run("S3", str(missing))
