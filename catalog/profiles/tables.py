"""Every row of a file's tables, whatever its size, for whoever must see them all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO, cast

from catalog.profiles import reading
from catalog.profiles.description import FORMATS, UNREADABLE

MOST_UNPACKED = 20 << 30
NamedTable = tuple[str, list[str], Iterator[list[str]]]


def unread(stream: BinaryIO, name: str) -> str:
    """Why not everything in the file can be read as tables or text; empty when it can."""
    ending = PurePath(name).suffix.lower()
    if ending in FORMATS:
        return ""
    if ending != ".zip":
        return "not_a_table"
    try:
        with zipfile.ZipFile(stream) as packed:
            return _unread_in(packed)
    except (*UNREADABLE, UnicodeError):
        return "unreadable"


def _unread_in(packed: zipfile.ZipFile) -> str:
    entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    if any(entry.flag_bits & 1 for entry in entries):
        return "unreadable"
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        return "too_large"
    readable = all(PurePath(entry.filename).suffix.lower() in FORMATS for entry in entries)
    return "" if readable else "not_a_table"


def tables(stream: BinaryIO, name: str) -> Iterator[NamedTable]:
    """The tables of the file: a prefix that tells those of an archive apart, column names, rows.

    The rows of one table are read before the next one is asked for. Raises what a broken format raises.
    """
    ending = PurePath(name).suffix.lower()
    if ending in FORMATS:
        yield from _table("", stream, ending)
    elif ending == ".zip":
        with zipfile.ZipFile(stream) as packed:
            for entry in packed.infolist():
                inner = PurePath(entry.filename).suffix.lower()
                if inner in FORMATS and not entry.is_dir():
                    with packed.open(entry) as member:
                        yield from _table(f"{entry.filename}: ", cast(BinaryIO, member), inner)


def _table(prefix: str, stream: BinaryIO, ending: str) -> Iterator[NamedTable]:
    """One table; the stream stays open."""
    _, read = FORMATS[ending]
    stream.seek(0)
    text = reading.text_of(stream, reading.encoding_of(stream))
    try:
        yield prefix, *read(text)
    finally:
        text.detach()
