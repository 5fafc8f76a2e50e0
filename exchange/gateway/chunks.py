"""Bodies in chunks, read strictly: hexadecimal sizes, CRLF everywhere, bounded extensions and trailers."""

from __future__ import annotations

import re

_SIZE = re.compile(rb"\A([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\Z")
_TRAILER = re.compile(rb"\A([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)\Z")
_LONGEST_LINE = 4_096
_LONGEST_TRAILERS = 8_192
_IN_SIZE, _IN_DATA, _AFTER_DATA, _IN_TRAILERS = range(4)


class ChunksMalformed(ValueError):
    """The body is not framed as it said."""


class ChunkReader:
    """Fed with bytes as they come; gives the data, and after ``ended`` what follows the body."""

    __slots__ = ("_left", "_pending", "_state", "_trailer_bytes", "ended", "rest", "trailers")

    def __init__(self) -> None:
        self._state = _IN_SIZE
        self._left = 0
        self._pending = b""
        self._trailer_bytes = 0
        self.ended = False
        self.rest = b""
        self.trailers: list[tuple[bytes, bytes]] = []

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body in these bytes. Raises ChunksMalformed."""
        pieces: list[bytes] = []
        if self._pending:
            data, self._pending = self._pending + data, b""
        at = 0
        while at < len(data) and not self.ended:
            if self._state == _IN_DATA:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                pieces.append(piece)
                if not self._left:
                    self._state = _AFTER_DATA
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._keep(data[at:])
                return pieces
            self._line(data[at:end])
            at = end + 2
        self.rest = data[at:]
        return pieces

    def _keep(self, part: bytes) -> None:
        if len(part) > _LONGEST_LINE or b"\n" in part or (self._state == _AFTER_DATA and part != b"\r"):
            raise ChunksMalformed("a line does not end as it should")
        self._pending = part

    def _line(self, line: bytes) -> None:
        if self._state == _AFTER_DATA:
            if line:
                raise ChunksMalformed("a chunk is longer than its size")
            self._state = _IN_SIZE
        elif self._state == _IN_SIZE:
            self._size(line)
        elif line:
            self._trailer(line)
        else:
            self.ended = True

    def _size(self, line: bytes) -> None:
        match = _SIZE.match(line)
        if match is None or len(line) > _LONGEST_LINE:
            raise ChunksMalformed("not a chunk's size")
        self._left = int(match.group(1), 16)
        self._state = _IN_DATA if self._left else _IN_TRAILERS

    def _trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        match = _TRAILER.match(line)
        if match is None or self._trailer_bytes > _LONGEST_TRAILERS:
            raise ChunksMalformed("not a trailer")
        self.trailers.append((match.group(1), match.group(2).rstrip(b" \t")))
