"""Describing a file by its name and its bytes. A file that cannot be read as promised is described as that."""

from __future__ import annotations

import struct
import wave
import zipfile
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from catalog.profiles.tables import NotATable, profile_table
from catalog.profiles.types import Description

_TABLES = (".csv", ".tsv", ".jsonl")
_LISTED_NAMES = 20


def describe(path: Path, name: str) -> Description:
    """Read a local file, whatever it is."""
    with path.open("rb") as stream:
        return describe_stream(stream, name)


def describe_stream(stream: BinaryIO, name: str) -> Description:
    suffix = PurePath(name).suffix.lower()
    if suffix in _TABLES:
        try:
            return Description(profile_table(stream, suffix))
        except NotATable as error:
            return Description(facts={"unreadable": str(error)})
    readers = {".png": _png, ".wav": _wav, ".zip": _zip}
    return Description(facts=readers[suffix](stream)) if suffix in readers else Description()


def _png(stream: BinaryIO) -> dict[str, Any]:
    head = stream.read(24)
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n":
        return {"unreadable": "not a PNG"}
    width, height = struct.unpack(">II", head[16:24])
    return {"width": width, "height": height}


def _wav(stream: BinaryIO) -> dict[str, Any]:
    try:
        with wave.open(stream) as sound:
            rate = sound.getframerate()
            return {"seconds": round(sound.getnframes() / rate, 3), "rate": rate, "channels": sound.getnchannels()}
    except (wave.Error, EOFError, ZeroDivisionError):
        return {"unreadable": "not a WAV"}


def _zip(stream: BinaryIO) -> dict[str, Any]:
    """Names and sizes only: nothing is unpacked."""
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError):
        return {"unreadable": "not a ZIP"}
    return {"files": len(infos), "names": [info.filename[:200] for info in infos[:_LISTED_NAMES]]}
