"""Children of the supervisor end when it is gone, however it went: their standard input is a pipe from it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable


def when_orphaned(act: Callable[[], None]) -> None:
    """Call ``act`` once, from a thread, when the supervisor's end of the pipe is closed."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        act()

    threading.Thread(target=wait, name="orphan-watch", daemon=True).start()
