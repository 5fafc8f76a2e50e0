"""Where the sidecar listens: a socket in the data folder, or in a short folder of our own when its path is too long."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

_LONGEST = 103
"""Bytes that a Unix socket's path may have on every system that we know."""


def socket_path(data: Path) -> Path:
    """The socket of this data folder; its folder is made, readable by this user only.

    Raises PermissionError when the short folder belongs to somebody else.
    """
    path = data / "run" / "gateway.sock"
    if len(os.fsencode(path)) > _LONGEST:
        name = hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:16]
        path = Path(tempfile.gettempdir(), f"piaohao-{os.getuid()}-{name}", "gateway.sock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.parent.lstat()
    if status.st_uid != os.getuid() or path.parent.is_symlink():
        raise PermissionError(f"{path.parent} is not ours")
    path.parent.chmod(0o700)
    return path
