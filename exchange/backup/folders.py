"""The files of the data folder: which belong into a backup, and copying them while they change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from exchange.backup.manifest import FILES, Kept, copy
from exchange.installation import UNFINISHED

_NOT_COPIED = ("secrets", "signer", "search", "run", "files/sorting", "files/copying", "files/sending")
"""Secrets are asked for by name, the signer's head is never copied, an index is built anew, the rest is under way."""
_PASSING = (".tmp", ".log", "-wal", "-shm", "-writer", "-next")
_REPLACED = "replaced-"


def belonging(data: Path, database: Path | None) -> Iterator[str]:
    """Paths below the data folder of what a backup copies; ``database`` is copied in a way of its own."""
    own = database.name if database is not None and database.parent == data else None
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if own and name.split("/")[0].startswith(own):
            continue
        if not path.is_symlink() and path.is_file() and _belongs(name):
            yield name


def _belongs(name: str) -> bool:
    inside = any(name == each or name.startswith(f"{each}/") for each in _NOT_COPIED)
    if inside or name == UNFINISHED or name.startswith(_REPLACED):
        return False
    last = name.rpartition("/")[2]
    return not (last.startswith(".") or ".lock" in last or last.endswith(_PASSING))


def copy_all(data: Path, backup: Path, known: dict[str, Kept], database: Path | None) -> None:
    """Copy what was not copied yet, or has grown since. A file that goes meanwhile is passed over."""
    for name in belonging(data, database):
        target = backup / FILES / name
        try:
            if f"{FILES}/{name}" in known and _same(data / name, target):
                continue
            known[f"{FILES}/{name}"] = copy(data / name, target)
        except FileNotFoundError:
            continue


def _same(source: Path, copied: Path) -> bool:
    now, then = source.stat(), copied.stat()
    return (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)
