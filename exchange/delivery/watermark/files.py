"""Files as a whole: a table, a sound, or an archive of which the tables and sounds are marked."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast

from exchange.delivery.watermark.marking import write_copy
from exchange.delivery.watermark.paging import Places
from exchange.delivery.watermark.sound_marks import write_sound
from exchange.delivery.watermark.sounds import is_sound
from exchange.delivery.watermark.survey import survey
from exchange.delivery.watermark.tables import FORMATS
from exchange.delivery.watermark.types import Changes, SoundChanges, Unmarkable

Progress = Callable[[int], None]
_BUFFER = 1 << 20
_PICKED = 1 << 24
_ALWAYS_UNPACKED = 1 << 30
_MOST_SWOLLEN = 200


@dataclass(frozen=True)
class Statement:
    """What a copy differs in from the file it was made of, by table; ``untouched`` counts an archive's other files."""

    tables: tuple[tuple[str, Changes], ...]
    untouched: int
    places: Places | None = None
    sounds: SoundChanges = field(default_factory=SoundChanges)

    def as_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "version": 1,
            "tables": [{"name": name} | changes.as_dict() for name, changes in self.tables],
            "untouched_files": self.untouched,
        }
        return said | ({"sounds": self.sounds.as_dict()} if self.sounds.files else {})


def member_key(key: bytes, member: str) -> bytes:
    """The key of one file of an archive."""
    return blake2b(member.encode(), key=key, digest_size=32).digest()


def write_file(
    source: BinaryIO, target: BinaryIO, name: str, key: bytes, progress: Progress | None = None
) -> Statement:
    """One holder's copy of a file. Raises Unmarkable when nothing in it can carry a mark."""
    if is_sound(name):
        return Statement((), 0, sounds=write_sound(source, target, key, progress))
    if PurePath(name).suffix.lower() != ".zip":
        offsets: list[int] = []
        found = survey(source, name)
        changes = write_copy(source, target, found, key, progress, offsets)
        return Statement(((name, changes),), 0, Places(found.layout, tuple(offsets)))
    try:
        return _archive(source, target, key, progress)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise Unmarkable("archive_broken") from None


def _archive(source: BinaryIO, target: BinaryIO, key: bytes, progress: Progress | None) -> Statement:
    marked: list[tuple[str, Changes]] = []
    untouched, sounds = 0, SoundChanges()
    with zipfile.ZipFile(source) as packed, zipfile.ZipFile(target, "w", allowZip64=True) as made:
        for entry in _members(packed, source):
            with packed.open(entry) as member:
                changes = _member(made, entry, member, key, progress)
            if isinstance(changes, SoundChanges):
                sounds += changes
            elif changes is not None:
                marked.append((entry.filename, changes))
            else:
                untouched += not entry.is_dir()
    if not marked and not sounds.files:
        raise Unmarkable("no_table")
    return Statement(tuple(marked), untouched, sounds=sounds)


def _members(packed: zipfile.ZipFile, source: BinaryIO) -> list[zipfile.ZipInfo]:
    """What the archive holds. Raises Unmarkable for one that would swell to what no data does."""
    found = packed.infolist()
    size = source.seek(0, io.SEEK_END)
    if sum(entry.file_size for entry in found) > max(_ALWAYS_UNPACKED, _MOST_SWOLLEN * size):
        raise Unmarkable("archive_too_large")
    return found


def _member(
    made: zipfile.ZipFile, entry: zipfile.ZipInfo, member: IO[bytes], key: bytes, progress: Progress | None
) -> Changes | SoundChanges | None:
    if PurePath(entry.filename).suffix.lower() not in FORMATS and not is_sound(entry.filename):
        with made.open(_like(entry), "w", force_zip64=entry.file_size > _PICKED) as target:
            shutil.copyfileobj(member, target, _BUFFER)
        return None
    with TemporaryFile() as plain, TemporaryFile() as copy:
        shutil.copyfileobj(member, plain, _BUFFER)
        plain.seek(0)
        changes = _marked(cast(BinaryIO, plain), cast(BinaryIO, copy), entry.filename, key, progress)
        chosen = copy if changes is not None else plain
        chosen.seek(0)
        with made.open(_like(entry), "w", force_zip64=entry.file_size > _PICKED) as target:
            shutil.copyfileobj(chosen, target, _BUFFER)
    return changes


def _marked(
    plain: BinaryIO, copy: BinaryIO, name: str, key: bytes, progress: Progress | None
) -> Changes | SoundChanges | None:
    try:
        if is_sound(name):
            return write_sound(plain, copy, member_key(key, name), progress)
        found = survey(plain, name)
    except Unmarkable:
        return None
    return write_copy(plain, copy, found, member_key(key, name), progress)


def _like(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(entry.filename, entry.date_time)
    made.compress_type = entry.compress_type if entry.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    made.external_attr = entry.external_attr
    return made


def tables_of(source: BinaryIO, name: str) -> Iterator[tuple[str, BinaryIO]]:
    """The tables in a file by their names: itself, or those of an archive, unpacked one after the other."""
    if PurePath(name).suffix.lower() != ".zip":
        yield name, source
    else:
        yield from _unpacked(source, lambda inner: PurePath(inner).suffix.lower() in FORMATS)


def sounds_of(source: BinaryIO, name: str) -> Iterator[tuple[str, BinaryIO]]:
    """The sounds in a file by their names, likewise; none when it is of another kind."""
    if is_sound(name):
        yield name, source
    elif PurePath(name).suffix.lower() == ".zip":
        yield from _unpacked(source, is_sound)


def _unpacked(source: BinaryIO, wanted: Callable[[str], bool]) -> Iterator[tuple[str, BinaryIO]]:
    try:
        with zipfile.ZipFile(source) as packed:
            for entry in _members(packed, source):
                if wanted(entry.filename):
                    with TemporaryFile() as plain, packed.open(entry) as member:
                        shutil.copyfileobj(member, plain, _BUFFER)
                        plain.seek(0)
                        yield entry.filename, cast(BinaryIO, plain)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise Unmarkable("archive_broken") from None
