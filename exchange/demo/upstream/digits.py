"""Recognises a small picture of a digit: the nearest of four hundred drawn ones, compared bit by bit."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache

from exchange.demo.generators.pictures import handwritten_digits

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_LARGEST_SIDE = 256
_GRID = 16
_SEED, _EXAMPLES = 22, 400


class NotAPicture(ValueError):
    """The bytes are not a PNG that this service reads."""


@dataclass(frozen=True)
class Picture:
    """Which pixels are ink."""

    width: int
    height: int
    ink: bytes

    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of the ink; None of an empty page."""
        dark = [place for place, value in enumerate(self.ink) if value]
        if not dark:
            return None
        columns = [place % self.width for place in dark]
        return min(columns), dark[0] // self.width, max(columns) + 1, dark[-1] // self.width + 1


def recognise(png: bytes) -> tuple[str, float] | None:
    """The digit and how sure it is (1: the same as one that was drawn); None when nothing is there to see.

    Raises NotAPicture.
    """
    bits = _grid(read(png))
    if bits is None:
        return None
    distance, digit = min(((bits ^ known).bit_count(), digit) for known, digit in _examples())
    return digit, round(1 - distance / (_GRID * _GRID), 3)


def prepare() -> None:
    """Draw the known digits now, so that the first caller need not wait for them."""
    _examples()


@cache
def _examples() -> list[tuple[int, str]]:
    images, labels = handwritten_digits(_SEED, _EXAMPLES)
    rows = csv.DictReader(io.StringIO(labels.content.decode()))
    with zipfile.ZipFile(io.BytesIO(images.content)) as archive:
        return [(_grid(read(archive.read(f"png/{row['image']}"))) or 0, row["digit"]) for row in rows]


def _grid(picture: Picture) -> int | None:
    """The ink, centred and brought to a square of bits."""
    box = picture.box()
    if box is None:
        return None
    left, top, right, bottom = box
    side, bits = max(right - left, bottom - top), 0
    for row in range(_GRID):
        y = int((top + bottom - side) / 2 + (row + 0.5) * side / _GRID)
        for column in range(_GRID):
            x = int((left + right - side) / 2 + (column + 0.5) * side / _GRID)
            inside = 0 <= x < picture.width and 0 <= y < picture.height
            if inside and picture.ink[y * picture.width + x]:
                bits |= 1 << (row * _GRID + column)
    return bits


def read(png: bytes) -> Picture:
    """A PNG of 8 bits a channel, not interlaced, of at most 256 by 256. Raises NotAPicture."""
    try:
        width, height, channels, packed = _parts(png)
        raw = zlib.decompressobj().decompress(packed, height * (1 + width * channels))
        return Picture(width, height, _ink(_rows(raw, width * channels, height, channels), channels))
    except (zlib.error, struct.error, IndexError) as error:
        raise NotAPicture(str(error)) from None


def _parts(png: bytes) -> tuple[int, int, int, bytes]:
    if not png.startswith(_SIGNATURE):
        raise NotAPicture("not a PNG")
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    if depth != 8 or colour not in _CHANNELS or interlaced or not 0 < max(width, height) <= _LARGEST_SIDE:
        raise NotAPicture("send 8 bits a channel, not interlaced, at most 256 by 256")
    packed, at = b"", 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, _CHANNELS[colour], packed


def _rows(raw: bytes, stride: int, height: int, channels: int) -> bytes:
    """The bytes with the rows' filters undone."""
    done, above = bytearray(), bytes(stride)
    for row in range(height):
        at = row * (stride + 1)
        kind, line = raw[at], bytearray(raw[at + 1 : at + 1 + stride])
        if len(line) != stride:
            raise NotAPicture("the picture is cut")
        if kind:
            _unfilter(kind, line, above, channels)
        done += line
        above = bytes(line)
    return bytes(done)


def _unfilter(kind: int, line: bytearray, above: bytes, channels: int) -> None:
    for place in range(len(line)):
        left = line[place - channels] if place >= channels else 0
        corner = above[place - channels] if place >= channels else 0
        guess = (0, left, above[place], (left + above[place]) // 2, _paeth(left, above[place], corner))[kind]
        line[place] = (line[place] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def _ink(pixels: bytes, channels: int) -> bytes:
    colours = 1 if channels < 3 else 3
    starts = range(0, len(pixels), channels)
    return bytes(sum(pixels[at : at + colours]) < 128 * colours for at in starts)
