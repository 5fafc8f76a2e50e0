"""Lines of a stream as text: none longer than a bound, and it is known after how many bytes each of them ends."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

LONGEST_LINE = 4 << 20
LONGEST_RECORD = 16 << 20
_PIECE = re.compile(rb"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_CHUNK = 1 << 16


class Lines:
    """Each line with its end. One that is longer than LONGEST_LINE comes in pieces.

    ``reached`` is where the line that was given last ends. ``move`` goes there again, in another run as well. What
    has wide characters is counted in bytes of UTF-8. ``broken`` is why lines are not divided into cells any more.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._source = stream, stream
        self._encoding = "utf-8" if encoding.startswith("utf") else encoding
        self._recoded = encoding if encoding.startswith("utf-16") else ""
        self._beginning = len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0
        self.broken = ""
        self.move(0)

    def move(self, place: int) -> None:
        """Go on from there; what was iterated over before is void."""
        place = max(place, self._beginning)
        if self._recoded:
            self._stream.seek(0)
            self._source = cast(BinaryIO, io.BufferedReader(_Recoded(self._stream, self._recoded)))
            _skip(self._source, place)
        else:
            self._stream.seek(place)
        self.reached = self.began = place

    def begin_record(self) -> None:
        """What follows belongs to the next record."""
        self.began = self.reached

    def __iter__(self) -> Iterator[str]:
        """Raises csv.Error when one record has no end."""
        for piece in self._pieces():
            self.reached += len(piece)
            if self.reached - self.began > LONGEST_RECORD:
                raise csv.Error("a record beyond all measure")
            yield piece.decode(self._encoding, "replace")

    def _pieces(self) -> Iterator[bytes]:
        read, rest = self._source.readline, b""
        while raw := read(LONGEST_LINE):
            if not rest and raw.find(b"\r", 0, -2) < 0:
                yield raw
                continue
            found = _PIECE.findall(rest + raw)  # an end of line may be a lone carriage return
            rest = found.pop() if len(found) > 1 and not found[-1].endswith((b"\n", b"\r")) else b""
            yield from found
        if rest:
            yield rest


class _Recoded(io.RawIOBase):
    """A stream of wide characters as bytes of UTF-8, in which an end of line is one byte."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._left, self._ended = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray) -> int:  # type: ignore[override]
        while not self._left and not self._ended:
            chunk = self._stream.read(_CHUNK)
            self._ended = not chunk
            self._left = self._decoder.decode(chunk, final=self._ended).encode("utf-8", "replace")
        given = self._left[: len(target)]
        target[: len(given)] = given
        self._left = self._left[len(given) :]
        return len(given)


def _skip(source: BinaryIO, place: int) -> None:
    while place > 0 and (chunk := source.read(min(place, 1 << 20))):
        place -= len(chunk)
