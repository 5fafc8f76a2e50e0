"""Failures that other systems are known for, each beside the guard against it and the tests that fail without it.

    python -m bench.peer_failures [--only NAME]

Works on a copy of the last commit. Of each failure its tests pass as they are; then the guard alone is taken out of the
copy, and one of them must fail. Answers 1 when a test failed with its guard, or none failed without it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
_TABLE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Failure:
    """What went wrong elsewhere, and what keeps it from going wrong here: ``guard`` is replaced by ``without``."""

    name: str
    seen: str
    file: str
    guard: str
    without: str
    tests: tuple[str, ...]
    database: str = "sqlite"


def failures() -> list[Failure]:
    rows = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return [Failure(**{**row, "tests": tuple(row["tests"])}) for row in rows]


def main(only: str) -> int:
    wrong = 0
    with _copy() as copy:
        for failure in failures():
            if only in failure.name:
                told = _shown(copy, failure)
                wrong += told != "shown"
                print(f"{failure.name:<72} {told}", flush=True)
    print(f"{wrong} of them not shown")
    return 1 if wrong else 0


def _shown(copy: Path, failure: Failure) -> str:
    if not _passes(copy, failure):
        return f"FAILS WITH ITS GUARD: {' '.join(failure.tests)}"
    path = copy / failure.file
    before = path.read_text(encoding="utf-8")
    if before.count(failure.guard) != 1:
        return f"THE GUARD IS NOT WHERE IT WAS: {failure.file}"
    path.write_text(before.replace(failure.guard, failure.without), encoding="utf-8")
    try:
        return "NOTHING FAILS WITHOUT ITS GUARD" if _passes(copy, failure) else "shown"
    finally:
        path.write_text(before, encoding="utf-8")


def _passes(copy: Path, failure: Failure) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--database={failure.database}", *failure.tests]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 0


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="piaohao-guards-") as folder:
        copy = Path(folder) / "copy"
        _git("worktree", "add", "--detach", "--quiet", str(copy), "HEAD")
        try:
            yield copy
        finally:
            _git("worktree", "remove", "--force", str(copy))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those with this in their name")
    sys.exit(main(parser.parse_args().only))
