"""Facts from the first bytes of pictures and sounds."""

from __future__ import annotations

import struct
import wave
from typing import Any, BinaryIO

HEAD_BYTES = 24
_LONGEST_SEARCH = 1 << 20
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "png"), (0, b"\xff\xd8\xff", "jpeg"), (0, b"GIF8", "gif"), (8, b"WEBP", "webp"),
    (0, b"II*\x00", "tiff"), (0, b"MM\x00*", "tiff"), (4, b"ftyphei", "heic"), (4, b"ftypmif1", "heic"),
    (4, b"ftypqt", "mov"), (4, b"ftyp", "mp4"), (8, b"AVI ", "avi"), (0, b"\x1aE\xdf\xa3", "mkv"), (8, b"WAVE", "wav"),
)  # fmt: skip
"""Where in a file which bytes tell its kind; the first that fits."""


def kind_of(head: bytes) -> str:
    """The kind of picture, film or sound that a file beginning with ``head`` is; empty for anything else."""
    return next((kind for place, mark, kind in _SIGNATURES if head.startswith(mark, place)), "")


def facts(stream: BinaryIO) -> dict[str, Any]:
    """The kind, dimensions of a PNG or JPEG, duration of a WAV; nothing for what is none of these."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    kind = kind_of(head)
    try:
        if kind == "png":
            width, height = struct.unpack(">II", head[16:24])
            return {"format": "png", "width": width, "height": height}
        if kind == "jpeg":
            return _jpeg(stream)
        if kind == "wav":
            return _sound(stream)
    except (struct.error, wave.Error, EOFError, ValueError):
        pass
    return {"format": kind} if kind else {}


def _jpeg(stream: BinaryIO) -> dict[str, Any]:
    stream.seek(2)
    while stream.tell() < _LONGEST_SEARCH:
        marker, size = struct.unpack(">HH", stream.read(4))
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            _, height, width = struct.unpack(">BHH", stream.read(5))
            return {"format": "jpeg", "width": width, "height": height}
        stream.seek(size - 2, 1)
    return {"format": "jpeg"}


def _sound(stream: BinaryIO) -> dict[str, Any]:
    with wave.open(stream, "rb") as sound:
        frames, rate = sound.getnframes(), sound.getframerate()
        return {
            "format": "wav", "milliseconds": frames * 1000 // max(rate, 1), "rate": rate,
            "channels": sound.getnchannels(), "bits": 8 * sound.getsampwidth(),
        }  # fmt: skip
