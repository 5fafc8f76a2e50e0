"""Header lines: judged by httptools, each line once; programs and services send the same lines again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import httptools

_LONGEST_KEPT = 512
_KEPT = 1_024
_VALUE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
Entry = TypeVar("Entry")


class FieldMalformed(ValueError):
    """Not a header line of HTTP/1.1."""


class _Line:
    """What httptools finds in one line."""

    def __init__(self) -> None:
        self.found: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.found.append((name, value))


def judge(line: bytes) -> bytes:
    """The name of a header line. Raises FieldMalformed."""
    if b"\r" in line or b"\n" in line or b"\0" in line or line[:1] in (b" ", b"\t", b""):
        raise FieldMalformed
    seen = _Line()
    try:
        httptools.HttpRequestParser(seen).feed_data(b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n")
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        if not _is_transfer_encoding(seen.found):
            raise FieldMalformed from None
    if len(seen.found) != 1:
        raise FieldMalformed
    return seen.found[0][0]


def _is_transfer_encoding(found: list[tuple[bytes, bytes]]) -> bool:
    """A transfer coding that httptools does not accept is still a line; whoever reads the head refuses it by name."""
    return len(found) == 1 and found[0][0].lower() == b"transfer-encoding"


class Fields(Generic[Entry]):
    """Lines that were read, by their bytes. ``classify`` makes an entry of name and value.

    A name is judged by httptools once; of a line whose name is known only the value is looked at.
    """

    __slots__ = ("_classify", "_names", "known")

    def __init__(self, classify: Callable[[bytes, bytes], Entry]) -> None:
        self._classify = classify
        self._names: set[bytes] = set()
        self.known: dict[bytes, Entry] = {}

    def read(self, line: bytes) -> Entry:
        """The entry of a line that was not known. Raises FieldMalformed."""
        name, colon, value = line.partition(b":")
        if not colon:
            raise FieldMalformed
        if name not in self._names:
            if judge(line) != name:
                raise FieldMalformed
            if len(self._names) >= _KEPT:
                self._names.clear()
            self._names.add(name)
        value = value.strip(b" \t")
        if value.translate(None, _VALUE):
            raise FieldMalformed
        entry = self._classify(name, value)
        if len(line) <= _LONGEST_KEPT:
            if len(self.known) >= _KEPT:
                self.known.clear()
            self.known[line] = entry
        return entry
