"""Processes and what came from them, as Linux tells."""

from __future__ import annotations

from pathlib import Path


def children(pid: int) -> list[int]:
    """Those that this process has started, from whichever of its threads."""
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    return [pid, *(each for child in children(pid) for each in tree(child))]
