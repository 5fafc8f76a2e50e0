"""Facts from the first bytes of pictures and sounds."""

from __future__ import annotations

import struct
import wave
from typing import Any, BinaryIO

_LONGEST_SEARCH = 1 << 20


def facts(stream: BinaryIO) -> dict[str, Any]:
    """Dimensions of a PNG or JPEG, duration of a WAV; nothing for what cannot be read."""
    head = stream.read(24)
    stream.seek(0)
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack(">II", head[16:24])
            return {"format": "png", "width": width, "height": height}
        if head.startswith(b"\xff\xd8"):
            return _jpeg(stream)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return _sound(stream)
    except (struct.error, wave.Error, EOFError, ValueError):
        return {}
    return {}


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
