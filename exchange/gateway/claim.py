"""Whether the process of an epoch lives: it holds a lock that the kernel lets go of when it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def claim(folder: Path, epoch: str) -> int:
    """Hold the epoch's lock for as long as this process lives; taken before anything is leased to it.

    Nobody sees the file before it is held, and it outlives a power loss: by it a machine knows its processes.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = folder / f"{epoch}.claim"
    descriptor = os.open(coming, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        coming.rename(_path(folder, epoch))
        _keep(folder)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _keep(folder: Path) -> None:
    """Have the folder's names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def claimed(folder: Path) -> set[str]:
    """The epochs that were claimed on this machine and not forgotten: living processes, and dead ones to be settled."""
    return {path.stem for path in folder.glob("*.lock")}


def is_held(folder: Path, epoch: str) -> bool:
    """Whether a process lives that claimed the epoch."""
    try:
        descriptor = os.open(_path(folder, epoch), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def forget(folder: Path, epoch: str) -> None:
    """Remove what is left of a claim of a process that has ended."""
    _path(folder, epoch).unlink(missing_ok=True)


def _path(folder: Path, epoch: str) -> Path:
    return folder / f"{epoch}.lock"
