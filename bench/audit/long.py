"""A long log: proofs out of it, the whole of it verified in its database, and without one from what is published."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from bench.audit.rates import told, write
from bench.cast import open_house
from compliance.audit import check, checkpoints, merkle, publishing, queries, sequencer, tiles
from compliance.audit.places import Folder
from compliance.audit.tiles import ENTRIES
from compliance.audit.verifier import leaf_hash, parse_entry, verify_checkpoint, verify_consistency, verify_inclusion
from core.house import House

T = TypeVar("T")
_UNIT = 1000


def run(data: Path, url: str, entries: int, proofs: int) -> list[str]:
    """Whatever does not verify; prints what it took."""
    house = open_house(data, url)
    _timed("written", entries, lambda: write(house, -(-entries // _UNIT), _UNIT))
    _timed("given their place", entries, lambda: _sequenced(house))
    checkpoints.sign(house)
    newest = house.db.read(queries.newest_checkpoint)
    assert newest is not None
    faults = _proofs(house, newest.size, bytes.fromhex(newest.root), proofs)
    faults += _timed("verified in place", newest.size, lambda: check.verify_log(house))
    folder = data / "published"
    _timed("published", newest.size, lambda: publishing.publish(house, Folder(folder), entries=True))
    faults += _timed("verified offline", newest.size, lambda: _offline(folder, house))
    return faults


def _timed(what: str, count: int, act: Callable[[], T]) -> T:
    began, spent = time.monotonic(), time.process_time()
    answer = act()
    told(what, count, time.monotonic() - began, time.process_time() - spent)
    return answer


def _sequenced(house: House) -> None:
    while sequencer.run(house):
        pass


class _Times:
    """How long each took, by the clock and of this process' time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds: list[float] = []
        self.spent = 0.0

    def __enter__(self) -> None:
        self._began, self._used = time.perf_counter(), time.process_time()

    def __exit__(self, *_error: object) -> None:
        self.seconds.append(time.perf_counter() - self._began)
        self.spent += time.process_time() - self._used

    def line(self, size: int) -> str:
        ordered = sorted(self.seconds)
        middle, high = (ordered[int(len(ordered) * part)] * 1e3 for part in (0.5, 0.99))
        each = self.spent / len(ordered) * 1e3
        return f"{self.name:<11} proofs of {size}: median {middle:.2f} ms, p99 {high:.2f} ms, {each:.2f} ms CPU each"


def _proofs(house: House, size: int, root: bytes, count: int) -> list[str]:
    """Inclusion and consistency proofs, each in a unit of its own as an answer to somebody would be."""
    chance, faults = Random(1), []
    included, consistent = _Times("inclusion"), _Times("consistency")
    for _ in range(count):
        number = chance.randrange(size)
        with included:
            proof = house.db.read(lambda uow, n=number: queries.inclusion(uow, n, size))  # type: ignore[misc]
        path = [bytes.fromhex(each) for each in proof.proof]
        if not verify_inclusion(bytes.fromhex(proof.leaf_hash), number, size, path, root):
            faults.append(f"the proof of entry {number} does not verify")
        first = chance.randrange(1, size)
        with consistent:
            _, way = house.db.read(lambda uow, n=first: queries.consistency(uow, n, size))  # type: ignore[misc]
        older = house.db.read(lambda uow, n=first: bytes.fromhex(queries.inclusion(uow, 0, n).root))  # type: ignore[misc]
        if not verify_consistency(first, size, older, root, way):
            faults.append(f"the proof from {first} does not verify")
    for times in (included, consistent):
        sys.stdout.write(f"{times.line(size)}\n")
    return faults


def _offline(folder: Path, house: House) -> list[str]:
    """As a monitor does it: every entry parsed and hashed, the root computed, the signature checked."""
    signed = verify_checkpoint((folder / "checkpoint").read_text("utf-8"), checkpoints.public_key(house))
    tree, seen, faults = merkle.Frontier(), dict[str, int](), []
    for tile in tiles.grown(0, signed.size, entries=True):
        if tile.level != ENTRIES:
            continue
        for body in tiles.unbundled((folder / tile.path).read_bytes()):
            entry = parse_entry(body)
            seen[entry["object"]] = seen.get(entry["object"], 0) + 1
            if entry["object_seq"] != seen[entry["object"]]:
                faults.append(f"entry {tree.size} is out of its history's order")
            tree.append(leaf_hash(body))
    if (tree.size, tree.root()) != (signed.size, signed.root):
        faults.append("the published entries are not those of the checkpoint")
    return faults
