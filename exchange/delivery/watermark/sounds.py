"""Sounds as WAV files: where their samples stand. Only 16-bit PCM carries a mark; every other byte stays as it is."""

from __future__ import annotations

import io
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from exchange.delivery.watermark.types import Unmarkable

SAMPLE_BYTES = 2
_MOST_CHUNKS = 1_000
_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN = 0xFFFFFFFF
"""The length that writers leave in the head who do not know it yet: the samples then go on to the file's end."""


@dataclass(frozen=True)
class Samples:
    """Where the samples stand, of all channels in turn: the first byte, and how many samples."""

    start: int
    count: int


def is_sound(name: str) -> bool:
    """Whether a file is called as a WAV file is."""
    return PurePath(name).suffix.lower() in (".wav", ".wave")


def samples_of(stream: BinaryIO) -> Samples:
    """Find the samples; leaves the stream at its start. Raises Unmarkable: ``no_sound``, ``not_16_bit``."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    riff, _, wave = _unpacked("<4sI4s", stream)
    if (riff, wave) != (b"RIFF", b"WAVE"):
        raise Unmarkable("no_sound")
    plain = False
    for _ in range(_MOST_CHUNKS):
        name, length = _unpacked("<4sI", stream)
        here = stream.tell()
        if name == b"fmt ":
            plain = _is_plain(stream.read(min(length, 40)))
        elif name == b"data":
            if not plain:
                raise Unmarkable("not_16_bit")
            there = size - here if length == _UNKNOWN else min(length, size - here)
            stream.seek(0)
            return Samples(here, there // SAMPLE_BYTES)
        stream.seek(here + length + length % 2)
    raise Unmarkable("no_sound")


def _unpacked(form: str, stream: BinaryIO) -> tuple[Any, ...]:
    raw = stream.read(struct.calcsize(form))
    try:
        return struct.unpack(form, raw)
    except struct.error:
        raise Unmarkable("no_sound") from None


def _is_plain(form: bytes) -> bool:
    """16 bits of PCM, also where the head names the form by its long name."""
    if len(form) < 16:
        return False
    kind, _, _, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack_from("<H", form, 24)[0]
    return bool(kind == _PCM and bits == 16)


def as_numbers(raw: bytes | memoryview) -> array[int]:
    """Samples as numbers."""
    found = array("h")
    found.frombytes(raw)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def as_bytes(numbers: array[int]) -> bytes:
    """And back."""
    if sys.byteorder == "big":
        numbers = array("h", numbers)
        numbers.byteswap()
    return numbers.tobytes()
