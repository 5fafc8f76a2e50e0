"""A canvas in grey or colour, a small bitmap font, and PNG; nothing but the standard library."""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]
BLACK: Colour = (20, 20, 24)
WHITE: Colour = (250, 250, 248)
_GLYPHS = {
    "0": "0E 11 13 15 19 11 0E", "1": "04 0C 04 04 04 04 0E", "2": "0E 11 01 02 04 08 1F", "3": "1F 02 04 02 01 11 0E",
    "4": "02 06 0A 12 1F 02 02", "5": "1F 10 1E 01 01 11 0E", "6": "06 08 10 1E 11 11 0E", "7": "1F 01 02 04 08 08 08",
    "8": "0E 11 11 0E 11 11 0E", "9": "0E 11 11 0F 01 02 0C", "A": "0E 11 11 1F 11 11 11", "B": "1E 11 11 1E 11 11 1E",
    "C": "0E 11 10 10 10 11 0E", "D": "1C 12 11 11 11 12 1C", "E": "1F 10 10 1E 10 10 1F", "F": "1F 10 10 1E 10 10 10",
    "G": "0E 11 10 17 11 11 0F", "H": "11 11 11 1F 11 11 11", "I": "0E 04 04 04 04 04 0E", "J": "07 02 02 02 02 12 0C",
    "K": "11 12 14 18 14 12 11", "L": "10 10 10 10 10 10 1F", "M": "11 1B 15 15 11 11 11", "N": "11 11 19 15 13 11 11",
    "O": "0E 11 11 11 11 11 0E", "P": "1E 11 11 1E 10 10 10", "Q": "0E 11 11 11 15 12 0D", "R": "1E 11 11 1E 14 12 11",
    "S": "0F 10 10 0E 01 01 1E", "T": "1F 04 04 04 04 04 04", "U": "11 11 11 11 11 11 0E", "V": "11 11 11 11 11 0A 04",
    "W": "11 11 11 15 15 15 0A", "X": "11 11 0A 04 0A 11 11", "Y": "11 11 11 0A 04 04 04", "Z": "1F 01 02 04 08 10 1F",
    " ": "00 00 00 00 00 00 00", ".": "00 00 00 00 00 0C 0C", "-": "00 00 00 1F 00 00 00", ":": "00 0C 0C 00 0C 0C 00",
    "/": "00 01 02 04 08 10 00", "¥": "11 0A 04 1F 04 1F 04", "*": "00 15 0E 1F 0E 15 00", "%": "18 19 02 04 08 13 03",
}  # fmt: skip
FONT = {char: tuple(int(row, 16) for row in rows.split()) for char, rows in _GLYPHS.items()}


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG, 8 bit RGB, of ``3 * width * height`` bytes."""
    stride = 3 * width
    raw = b"".join(b"\x00" + pixels[row * stride : (row + 1) * stride] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class Canvas:
    """Pixels one can draw on; what falls outside is left out."""

    def __init__(self, width: int, height: int, paper: Colour = WHITE) -> None:
        self.width, self.height = width, height
        self.pixels = bytearray(bytes(paper) * (width * height))

    def dot(self, x: int, y: int, colour: Colour) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            at = 3 * (y * self.width + x)
            self.pixels[at : at + 3] = bytes(colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        start, stop = max(0, int(left)), min(self.width, int(right))
        if start < stop:
            row = bytes(colour) * (stop - start)
            for y in range(max(0, int(top)), min(self.height, int(bottom))):
                at = 3 * (y * self.width + start)
                self.pixels[at : at + len(row)] = row

    def ellipse(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A filled ellipse about (x, y) with those half axes."""
        for row in range(int(y - high), int(y + high) + 1):
            inside = 1 - ((row - y) / high) ** 2
            if inside > 0:
                half = wide * math.sqrt(inside)
                self.box(round(x - half), row, round(x + half) + 1, row + 1, colour)

    def path(self, points: Sequence[tuple[float, float]], colour: Colour, thick: int = 1) -> None:
        """A line through the points."""
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            steps = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) * 2))
            for step in range(steps + 1):
                x, y = x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps
                self.box(round(x), round(y), round(x) + thick, round(y) + thick, colour)

    def text(self, x: int, y: int, words: str, colour: Colour = BLACK, size: int = 1) -> tuple[int, int, int, int]:
        """Write in the bitmap font; answers the box that the words take: left, top, right, bottom."""
        for place, char in enumerate(words):
            self._glyph(x + 6 * size * place, y, FONT[char], colour, size)
        return x, y, x + 6 * size * len(words), y + 7 * size

    def _glyph(self, x: int, y: int, rows: Sequence[int], colour: Colour, size: int) -> None:
        for row, bits in enumerate(rows):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    left, top = x + column * size, y + row * size
                    self.box(left, top, left + size, top + size, colour)

    def png(self) -> bytes:
        return png(self.width, self.height, bytes(self.pixels))
