"""The log as a tiled transparency log (C2SP ``tlog-tiles``): static files that any monitor of such logs reads.

A tile holds up to 256 hashes of one height, an entry bundle the bytes of up to 256 entries. A full one never changes;
a partial one belongs to the sizes of checkpoints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from compliance.audit.merkle import Node
from compliance.audit.models import AuditEntry, AuditLeaf, AuditNode
from compliance.audit.verifier import node_hash
from core.db import Uow

WIDTH, HEIGHT, HASH_BYTES = 256, 8, 32
ENTRIES = -1
"""The level of an entry bundle: as wide as a tile of level 0, but bytes instead of hashes."""
_PATH = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileMissing(Exception):
    """Something of the tree that a tile needs is not in the database."""


@dataclass(frozen=True)
class Tile:
    """One file of the log: the hashes of one level, or for level ``ENTRIES`` the entries themselves."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        kind = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{kind}/{_number(self.number)}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def partials(self) -> str:
        """Where the partial tiles of this place lie."""
        return f"{Tile(self.level, self.number).path}.p"

    @property
    def leaves(self) -> int:
        """How large the log must be to hold it."""
        return (self.number * WIDTH + self.width) << (HEIGHT * max(self.level, 0))


Reader = Callable[[Tile], bytes]


def _number(number: int) -> str:
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def parse(path: str) -> Tile | None:
    """The tile at a path that is spelled as the standard spells it."""
    found = _PATH.fullmatch(path)
    if found is None or (found[3] and int(found[3]) >= WIDTH):
        return None
    level = ENTRIES if found[1] == "entries" else int(found[1])
    tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH))
    return tile if tile.path == path else None


def grown(old: int, new: int, *, entries: bool) -> Iterator[Tile]:
    """The tiles that a log of ``new`` leaves has and one of ``old`` did not have, or not as wide."""
    for level in [*([ENTRIES] if entries else []), *range((max(new, 1).bit_length() - 1) // HEIGHT + 1)]:
        shift = HEIGHT * max(level, 0)
        before, now = old >> shift, new >> shift
        for number in range(before // WIDTH, -(-now // WIDTH)):
            width = min(WIDTH, now - number * WIDTH)
            if number * WIDTH + width > before:
                yield Tile(level, number, width)


def content(uow: Uow, tile: Tile) -> bytes:
    """The file's bytes. Raises TileMissing when the log does not have all of it."""
    start = tile.number * WIDTH
    found = _entries(uow, start, tile.width) if tile.level == ENTRIES else _hashes(uow, tile.level, start, tile.width)
    if len(found) != tile.width:
        raise TileMissing(tile.path)
    return b"".join(found)


def _hashes(uow: Uow, level: int, start: int, count: int) -> list[bytes]:
    if level == 0:
        statement = select(AuditLeaf.leaf_hash).where(AuditLeaf.number.between(start, start + count - 1))
        return list(uow.session.execute(statement.order_by(AuditLeaf.number)).scalars())
    statement = select(AuditNode.hash).where(AuditNode.level == level * HEIGHT)
    within = statement.where(AuditNode.number.between(start, start + count - 1))
    return list(uow.session.execute(within.order_by(AuditNode.number)).scalars())


def _entries(uow: Uow, start: int, count: int) -> list[bytes]:
    statement = (
        select(AuditEntry.body)
        .join(AuditLeaf, AuditLeaf.entry_id == AuditEntry.id)
        .where(AuditLeaf.number.between(start, start + count - 1))
        .order_by(AuditLeaf.number)
    )
    return [len(body).to_bytes(2, "big") + body for body in uow.session.execute(statement).scalars()]


def unbundled(bundle: bytes) -> list[bytes]:
    """The entries of an entry bundle. Raises ValueError for one that is cut."""
    entries, place = [], 0
    while place < len(bundle):
        end = place + 2 + int.from_bytes(bundle[place : place + 2], "big")
        if end > len(bundle):
            raise ValueError("an entry bundle is cut short")
        entries.append(bundle[place + 2 : end])
        place = end
    return entries


def place_of(level: int, number: int, size: int) -> tuple[Tile, int, int]:
    """Which tile of a log of ``size`` leaves covers that complete subtree, and which of its hashes."""
    tile_level, height = divmod(level, HEIGHT)
    start, count = number << height, 1 << height
    width = min(WIDTH, (size >> (HEIGHT * tile_level)) - start // WIDTH * WIDTH)
    return Tile(tile_level, start // WIDTH, width), start % WIDTH, count


def joined(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def nodes_of(read: Reader, size: int) -> Node:
    """The nodes of a log of ``size`` leaves, out of its tiles. They are what ``read`` says: verify what they prove."""
    seen: dict[Tile, bytes] = {}

    def node(level: int, number: int) -> bytes:
        tile, first, count = place_of(level, number, size)
        if tile not in seen:
            seen[tile] = read(tile)
        hashes = [seen[tile][n * HASH_BYTES : (n + 1) * HASH_BYTES] for n in range(first, first + count)]
        if any(len(each) != HASH_BYTES for each in hashes):
            raise TileMissing(tile.path)
        return joined(hashes)

    return node
