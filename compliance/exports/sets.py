"""Sets of persons as sorted files: who is in a file's data, by keyed hash and never in clear.

With a bucket the folder keeps copies of what lies there: a set is there before it is named anywhere, and a machine that
has no copy makes one.

A file holds three sorted runs of hashes of 16 bytes: persons whose data is sensitive, other persons, and further
identifiers of the same people. Its name is the SHA-256 of its bytes. It lies under a root of its own that no delivery
reads, and its hashes say nothing without the key.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from heapq import merge
from itertools import chain, groupby
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.buckets import Bucket, ObjectMissing
from core.durable import sync_folder

HASH_BYTES = 16
SENSITIVE, OTHER, FURTHER = range(3)
_MAGIC = b"PHPSET1\n"
_HEAD = struct.Struct(">8sQQQ")
_HASH = struct.Struct(f"{HASH_BYTES}s")
_MOST_AT_ONCE = 1 << 20
_BATCH = 1 << 14


class SetMissing(Exception):
    """The store has no such set, although it should."""


@dataclass(frozen=True)
class SetFigures:
    """A set's name and how many it holds: persons (those whose data is sensitive among them), and all identifiers."""

    sha256: str
    persons: int
    sensitive: int
    identifiers: int


class OpenSet:
    """One set, mapped into memory."""

    def __init__(self, file: BinaryIO) -> None:
        if os.fstat(file.fileno()).st_size < _HEAD.size:
            raise SetMissing("cut short")
        self._bytes: bytes | mmap = mmap(file.fileno(), 0, access=ACCESS_READ)
        magic, *counts = _HEAD.unpack_from(self._bytes)
        if magic != _MAGIC or len(self._bytes) != _HEAD.size + HASH_BYTES * sum(counts):
            raise SetMissing("damaged")
        self.counts: list[int] = counts
        self._starts = [_HEAD.size + HASH_BYTES * sum(counts[:run]) for run in range(3)]

    @property
    def sha256(self) -> str:
        """What its bytes are named by, if they are whole."""
        return hashlib.sha256(self._bytes).hexdigest()

    def run(self, run: int, first: bytes = b"", last: bytes | None = None) -> Iterable[bytes]:
        """The hashes of one run from ``first`` on and before ``last``."""
        low = self._place(run, first)
        high = self.counts[run] if last is None else self._place(run, last)
        start = self._starts[run]
        piece = self._bytes[start + HASH_BYTES * low : start + HASH_BYTES * high]
        return chain.from_iterable(_HASH.iter_unpack(piece))

    def holds(self, wanted: bytes) -> bool:
        """Whether a hash stands in any run."""
        return any(self._at(run, self._place(run, wanted)) == wanted for run in range(3))

    def _place(self, run: int, wanted: bytes) -> int:
        if not wanted:
            return 0
        return bisect_left(range(self.counts[run]), wanted, key=lambda place: self._at(run, place))

    def _at(self, run: int, place: int) -> bytes:
        if place >= self.counts[run]:
            return b""
        start = self._starts[run] + HASH_BYTES * place
        return bytes(self._bytes[start : start + HASH_BYTES])


class PersonSets:
    """The store of sets."""

    def __init__(self, root: Path, bucket: Bucket | None = None) -> None:
        self._root, self._bucket = root, bucket

    def put(self, hashes: Iterable[tuple[bytes, int]]) -> SetFigures:
        """Keep (hash, run) pairs, sorted by hash; of a hash that comes more than once the strictest run counts."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        parts = [self._root / f"{uuid4().hex}.tmp" for _ in range(4)]
        try:
            counts = _split(hashes, parts[:3])
            return self._keep(parts, counts)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)

    def _keep(self, parts: Sequence[Path], counts: Sequence[int]) -> SetFigures:
        digest, whole = hashlib.sha256(), parts[3]
        with whole.open("xb") as target:
            for piece in chain([_HEAD.pack(_MAGIC, *counts)], *map(_pieces, parts[:3])):
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        name = digest.hexdigest()
        if self._bucket is not None:
            with whole.open("rb") as file:
                self._bucket.put_file(name, file, name)
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole.replace(path)
        for folder in (path.parent, self._root):
            sync_folder(folder)
        return SetFigures(name, counts[SENSITIVE] + counts[OTHER], counts[SENSITIVE], sum(counts))

    def open(self, stack: ExitStack, sha256: str) -> OpenSet:
        """The set of that name. Raises SetMissing."""
        if self._bucket is not None and not self._path(sha256).exists():
            self._fetch(self._bucket, sha256)
        try:
            file = stack.enter_context(self._path(sha256).open("rb"))
        except OSError:
            raise SetMissing(sha256) from None
        return OpenSet(file)

    def send_all(self) -> int:
        """Copy every set of the folder that the bucket does not have into it; answers how many those were."""
        if self._bucket is None:
            return 0
        there, sent = {name for name, _, _ in self._bucket.names()}, 0
        for path in self._root.glob("??/*"):
            if path.name not in there and path.suffix == "":
                with path.open("rb") as file:
                    self._bucket.put_file(path.name, file, path.name)
                sent += 1
        return sent

    def _fetch(self, bucket: Bucket, sha256: str) -> None:
        path = self._path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = self._root / f"{uuid4().hex}.tmp"
        try:
            with copy.open("xb") as file:
                file.writelines(bucket.read(sha256))
            copy.replace(path)
        except ObjectMissing:
            raise SetMissing(sha256) from None
        finally:
            copy.unlink(missing_ok=True)

    def whole(self, sha256: str) -> bool:
        """Whether the set of that name is there, byte for byte."""
        try:
            with ExitStack() as stack:
                self._whole(stack, sha256)
        except SetMissing:
            return False
        return True

    def union(self, names: Iterable[str]) -> tuple[int, int]:
        """How many distinct persons stand in these sets together, and how many of them as sensitive. Raises SetMissing.

        A person who is sensitive in one of them counts as sensitive. Memory stays bounded: the hashes are counted by
        ranges.
        """
        persons = sensitive = 0
        with ExitStack() as stack:
            opened = [self._whole(stack, name) for name in sorted(set(names))]
            total = sum(each.counts[SENSITIVE] + each.counts[OTHER] for each in opened)
            for first, last in _ranges(1 + total // _MOST_AT_ONCE):
                strict = set(chain.from_iterable(each.run(SENSITIVE, first, last) for each in opened))
                everybody = strict.union(*(each.run(OTHER, first, last) for each in opened))
                persons, sensitive = persons + len(everybody), sensitive + len(strict)
        return persons, sensitive

    def _whole(self, stack: ExitStack, name: str) -> OpenSet:
        opened = self.open(stack, name)
        if opened.sha256 != name:
            raise SetMissing("damaged")
        return opened

    def holding(self, name: str, wanted: Iterable[bytes]) -> bool:
        """Whether one of the hashes stands in that set. Raises SetMissing."""
        with ExitStack() as stack:
            opened = self.open(stack, name)
            return any(opened.holds(each) for each in wanted)

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


def _ranges(number: int) -> Iterator[tuple[bytes, bytes | None]]:
    """The space of hashes in so many equal parts, 65,536 at most."""
    bounds = [b"", *((65536 * each // number).to_bytes(2) for each in range(1, min(number, 65536)))]
    yield from zip(bounds, [*bounds[1:], None], strict=True)


def _split(hashes: Iterable[tuple[bytes, int]], paths: Sequence[Path]) -> list[int]:
    """Write each hash to its run's file, once; answers how many went to each."""
    counts = [0, 0, 0]
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("xb")) for path in paths]
        for known, group in groupby(hashes, key=lambda pair: pair[0]):
            run = min(each for _, each in group)
            files[run].write(known)
            counts[run] += 1
    return counts


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


class Sorter:
    """Sorts (hash, run) pairs of any number in bounded memory, through files that are gone afterwards."""

    def __init__(self, folder: Path, *, most: int = 500_000, spilled: Iterable[str] = ()) -> None:
        """``spilled`` is what ``put_aside`` answered when an earlier run was told to go on later."""
        self._folder, self._most = folder, most
        self._seen: dict[bytes, int] = {}
        self._spilled = [folder / name for name in spilled]

    def add(self, known: bytes, run: int) -> None:
        before = self._seen.get(known)
        if before is None or run < before:
            self._seen[known] = run
            if len(self._seen) > self._most:
                self._spill()

    def put_aside(self) -> list[str]:
        """Leave nothing in memory; the names of the files in the folder that hold all that was added."""
        if self._seen:
            self._spill()
        return [path.name for path in self._spilled]

    def _spill(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{uuid4().hex}.tmp"
        self._spilled.append(path)
        with path.open("xb") as file:
            file.writelines(known + bytes((run,)) for known, run in sorted(self._seen.items()))
            file.flush()
            os.fsync(file.fileno())
        self._seen = {}

    def sorted(self) -> Iterator[tuple[bytes, int]]:
        """All of them by hash; one that was spilled more than once comes more than once, side by side."""
        return merge(*map(_spilled, self._spilled), iter(sorted(self._seen.items())))

    def close(self) -> None:
        for path in self._spilled:
            with suppress(FileNotFoundError):
                path.unlink()
        self._spilled, self._seen = [], {}


def _spilled(path: Path) -> Iterator[tuple[bytes, int]]:
    size = HASH_BYTES + 1
    with path.open("rb") as file:
        while piece := file.read(size * _BATCH):
            for start in range(0, len(piece), size):
                yield piece[start : start + HASH_BYTES], piece[start + HASH_BYTES]
