"""Where tests write: in memory where there is room, as no test asks what a power cut leaves behind.

On a disk every commit waits until it is written, which takes longer than what the test does between.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 6 << 30  # several times what a whole run, or a test of a large file, keeps at once


def use_memory() -> None:
    """For this process and those it starts; not when ``TMPDIR`` says where, nor where programs may not lie there."""
    if "TMPDIR" not in os.environ and _fit(_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def _fit(folder: Path) -> bool:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    return shutil.disk_usage(folder).free >= _ROOM and not os.statvfs(folder).f_flag & os.ST_NOEXEC
