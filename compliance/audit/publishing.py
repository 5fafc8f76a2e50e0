"""Publishing the log where the operator cannot take it back: tiles first, the checkpoint that covers them last.

What is at the place says how far it has come, so a publisher that was killed goes on where it stopped, and one that
moved to another machine too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from compliance.audit import checkpoints, merkle, places, queries, tiles, witnesses
from compliance.audit.checkpoints import LogInconsistent
from compliance.audit.nodes import computed
from compliance.audit.places import Place
from compliance.audit.tiles import WIDTH, Tile
from compliance.audit.verifier import Checkpoint, Malformed, Tampered
from core.db import Uow
from core.house import House
from core.locks import alone_at
from core.problems import DomainError

CHECKPOINT = "checkpoint"
log = logging.getLogger("piaohao.publishing")


@dataclass(frozen=True)
class Published:
    """How far the place was and is now, and how many files were written for it."""

    before: int
    size: int
    files: int


def publish(house: House, place: Place, *, entries: bool) -> Published:
    """Bring the place up to the newest checkpoint; ``entries`` tells whether it gets the entries' bytes too.

    Raises LogInconsistent, having written nothing, when what is published there does not belong to this log.
    """
    with _alone(house):
        newest, below = house.db.read(_newest), prefix(house)
        standing = place.read(below + CHECKPOINT)
        if newest is None:
            if standing is not None:
                raise LogInconsistent("a log is published there, and this one has no checkpoint yet")
            return Published(0, 0, 0)
        size, note = newest
        before = _published(house, standing)
        if standing == note:
            return Published(size, size, 0)
        house.db.read(lambda uow: _refuse_another_log(uow, before, size))
        files = _tiles(house, place, before.size if before else 0, size, entries=entries)
        place.write(f"{below}checkpoints/{size}", note)
        place.write(below + CHECKPOINT, note)
        return Published(before.size if before else 0, size, files + 2)


def prefix(house: House) -> str:
    """Below what the log's files lie: each epoch after the first is another log, in a folder of its own."""
    epoch = checkpoints.public_key(house).name.removeprefix(house.settings.log_origin).lstrip("/")
    return f"{epoch}/" if epoch else ""


def publish_everywhere(house: House) -> int:
    """Bring every place of the settings up to the newest checkpoint; answers how many files were written.

    One that fails stops no other: the last failure is raised at the end.
    """
    written, failure = 0, None
    for name, place in places.named(house.settings).items():
        try:
            written += publish(house, place, entries=house.settings.log_publish_entries).files
        except (LogInconsistent, DomainError, OSError) as error:
            log.warning("the log is not published to %s: %s", name, error)
            failure = error
    if failure is not None:
        raise failure
    return written


def _newest(uow: Uow) -> tuple[int, bytes] | None:
    newest = queries.newest_checkpoint(uow)
    return (newest.size, witnesses.cosigned_note(uow, newest).encode()) if newest else None


def _published(house: House, standing: bytes | None) -> Checkpoint | None:
    if standing is None:
        return None
    try:
        found = checkpoints.verified(house, standing.decode("utf-8", "replace"))
    except (Tampered, Malformed) as error:
        raise LogInconsistent(f"what is published there is not of this log: {error}") from None
    if found.origin != checkpoints.public_key(house).name:
        raise LogInconsistent(f"what is published there is the log {found.origin}")
    return found


def _refuse_another_log(uow: Uow, before: Checkpoint | None, size: int) -> None:
    if before is None:
        return
    if before.size > size:
        raise LogInconsistent(f"{before.size} entries are published, the log has {size}: it was set back")
    if computed(uow, lambda node: merkle.root(node, before.size)) != before.root:
        raise LogInconsistent(f"another log of {before.size} entries is published: this one was forked")


def _tiles(house: House, place: Place, old: int, new: int, *, entries: bool) -> int:
    written, below = 0, prefix(house)
    for tile in tiles.grown(old, new, entries=entries):
        place.write(below + tile.path, house.db.read(lambda uow, t=tile: tiles.content(uow, t)))  # type: ignore[misc]
        written += 1
        if tile.width == WIDTH and _was_partial(tile, old):
            place.clear(below + tile.partials)
    return written


def _was_partial(tile: Tile, old: int) -> bool:
    return Tile(tile.level, tile.number, 1).leaves <= old


@contextmanager
def _alone(house: House) -> Iterator[None]:
    """One publisher at a time: two could put an older checkpoint over a newer one."""
    with alone_at(house.settings.data / "signer" / "publishing.lock"):
        yield
