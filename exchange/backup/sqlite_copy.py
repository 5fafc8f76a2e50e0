"""A SQLite database copied by its own backup: one moment of it, while others write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

NAME = "exchange.db"


def path_of(url: str) -> Path:
    return Path(make_url(url).database or "").absolute()


def copy_out(source: Path, folder: Path) -> Path:
    """Copy the database into ``folder``. Raises ValueError when SQLite finds the copy damaged."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / NAME
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    known = f"file:{quote(str(source))}?mode=rw"  # a missing one is not made
    with closing(sqlite3.connect(known, uri=True)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)  # all pages in one step: nobody's change begins it anew
        answer = writing.execute("PRAGMA quick_check").fetchone()[0]
    if answer != "ok":
        raise ValueError(f"SQLite's own check of the copy: {answer}")
    return target


def close(path: Path) -> None:
    """Make the copy one file again after it was read."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
