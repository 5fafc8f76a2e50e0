"""Evidence bundles that are weapons: ``piaohao verify`` says what they are and writes nothing."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile
from functools import lru_cache
from pathlib import Path

from bench.badinput.stage import Stage
from tests.servers.exchange import ROOT

_MALFORMED = 2
_MOST_MIB = 250  # most of it are the libraries of the program
_MEMBER, _BOMB_BYTES = "manifest.json", 1 << 30


def play(stage: Stage) -> None:
    _verify(stage, "a bundle with a path that climbs out", _zipped({"../../climbed.txt": b"out"}))
    _verify(stage, "a bundle with an absolute path", _zipped({"/tmp/climbed.txt": b"out"}))
    _verify(stage, "a zip bomb of 1 GiB", _bomb())
    _verify(stage, "a zip bomb that says it holds 100 bytes", _lying(_bomb()))
    _verify(stage, "a bundle that is no zip", b"PK" + b"\x00" * 500)


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@lru_cache
def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(_MEMBER, "w") as member:
        for _ in range(_BOMB_BYTES >> 20):
            member.write(bytes(1 << 20))
    return made.getvalue()


def _lying(raw: bytes) -> bytes:
    return raw.replace(struct.pack("<L", _BOMB_BYTES), struct.pack("<L", 100))


def _verify(stage: Stage, what: str, raw: bytes) -> None:
    folder = stage.folder / "verify" / "inner"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bundle.zip").write_bytes(raw)
    before = _names(stage.folder)
    with stage.sheet.case(what) as case:
        code, said, peak = _run(folder)
        case.say(f"{len(raw):,} bytes: exit {code}: {said} (peak {peak} MiB)")
        case.check(code == _MALFORMED, "exit 2 was expected")
        case.check(peak < _MOST_MIB, "it took too much memory")
        case.check(_names(stage.folder) == before and not Path("/tmp/climbed.txt").exists(), "it wrote a file")


def _run(folder: Path) -> tuple[int, str, int]:
    """Exit status, what it said, and the most memory it held in MiB."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "exchange", "verify", "bundle.zip"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.read().strip()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said, usage.ru_maxrss // 1024


def _names(folder: Path) -> set[str]:
    """Every file but those of the running exchange."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return {name for name in found if not name.startswith("data/")}
