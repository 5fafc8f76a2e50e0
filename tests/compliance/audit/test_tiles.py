"""The log as a tiled transparency log: its files, published step by step, over HTTP, and what is never shown."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compliance.audit import checkpoints, merkle, notes, publishing, queries, tiles
from compliance.audit.checkpoints import LogInconsistent
from compliance.audit.merkle import Frontier
from compliance.audit.places import Folder, place_of
from compliance.audit.tiles import ENTRIES, Tile
from compliance.audit.verifier import leaf_hash, parse_checkpoint
from core.buckets import Bucket
from core.house import House
from tests.compliance.audit import story as stories
from tests.servers.s3 import answering_here

_LARGEST = 65_600


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(1, 273, 112), "tile/1/273.p/112"),
        (Tile(ENTRIES, 1000, 255), "tile/entries/x001/000.p/255"),
    ],
)
def test_a_tile_is_named_as_the_standard_names_it(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    ["tile/00/000", "tile/64/000", "tile/0/0", "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256",
     "tile/0/001.p/01", "tile/0/001/", "tile/data/000", "tile/0/../0/000", "tile/0/٠٠٠", "checkpoint"],
)  # fmt: skip
def test_no_other_spelling_is_a_tile(path: str) -> None:
    assert tiles.parse(path) is None


def test_the_tiles_of_the_standards_example() -> None:
    found = list(tiles.grown(0, 70_000, entries=False))
    assert len([t for t in found if (t.level, t.width) == (0, 256)]) == 273
    partial = [(t.level, t.number, t.width) for t in found if t.width < 256]
    assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles.grown(0, 256, entries=False)) == [Tile(0, 0), Tile(1, 0, 1)]


@given(some.integers(0, 70_000), some.integers(0, 70_000))
def test_growing_in_two_steps_leaves_no_tile_out(one: int, two: int) -> None:
    small, large = sorted((one, two))
    at_once = set(tiles.grown(0, large, entries=True))
    in_steps = set(tiles.grown(0, small, entries=True)) | set(tiles.grown(small, large, entries=True))
    assert at_once <= in_steps
    assert all(each.width < 256 for each in in_steps - at_once)
    assert list(tiles.grown(large, large, entries=True)) == []


@cache
def _log(size: int) -> tuple[dict[tuple[int, int], bytes], dict[int, bytes]]:
    """The nodes of a log without a database, and its root at every size."""
    tree, nodes, roots = Frontier(), dict[tuple[int, int], bytes](), dict[int, bytes]()
    for number in range(size):
        nodes[0, number] = leaf = leaf_hash(b"%d" % number)
        nodes.update({(level, n): made for level, n, made in tree.append(leaf)})
        roots[tree.size] = tree.root()
    return nodes, roots


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 1000, _LARGEST])
def test_every_node_can_be_read_out_of_the_tiles(size: int) -> None:
    nodes, roots = _log(_LARGEST)
    available = set(tiles.grown(0, size, entries=False))

    def read(tile: Tile) -> bytes:
        assert tile in available
        first = tile.number * 256
        return b"".join(nodes[tile.level * 8, n] for n in range(first, first + tile.width))

    node = tiles.nodes_of(read, size)
    assert merkle.root(node, size) == roots[size]
    for old in {1, size // 3 or 1, size - 1 or 1, size}:
        assert merkle.consistency_proof(node, old, size) == merkle.consistency_proof(
            lambda level, n: nodes[level, n], old, size
        )


# ---- publishing


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _root_in(folder: Path) -> None:
    """What is published proves itself: the tiles have the checkpoint's root, the entries are the leaves."""
    signed = parse_checkpoint((folder / "checkpoint").read_text("utf-8"))
    node = tiles.nodes_of(lambda tile: (folder / tile.path).read_bytes(), signed.size)
    assert merkle.root(node, signed.size) == signed.root
    bodies = [
        body
        for tile in tiles.grown(0, signed.size, entries=True)
        if tile.level == ENTRIES
        for body in tiles.unbundled((folder / tile.path).read_bytes())
    ]
    assert [leaf_hash(body) for body in bodies] == [node(0, n) for n in range(signed.size)]


def test_the_log_is_published_step_by_step(house: House, tmp_path: Path) -> None:
    place, folder = Folder(tmp_path / "log"), tmp_path / "log"
    assert publishing.publish(house, place, entries=True).size == 0
    for orders, sizes in ((1, (0, 8)), (1, (8, 16)), (30, (16, 256)), (3, (256, 280))):
        for _ in range(orders):
            stories.tell(house)
        stories.settle(house)
        done = publishing.publish(house, place, entries=True)
        assert (done.before, done.size) == sizes
        assert publishing.publish(house, place, entries=True).files == 0
        _root_in(folder)
    assert {name for name in _names(folder) if name.startswith("tile/")} == {
        "tile/0/000", "tile/0/001.p/24", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/24",
    }  # fmt: skip
    assert {name for name in _names(folder) if not name.startswith("tile/")} == {
        "checkpoint", "checkpoints/8", "checkpoints/16", "checkpoints/256", "checkpoints/280",
    }  # fmt: skip


def test_a_bucket_is_a_place_like_a_folder(house: House, tmp_path: Path) -> None:
    with answering_here() as service:
        settings = replace(house.settings, **service.settings)
        place, folder = place_of(settings, "s3://files/public/log"), Folder(tmp_path / "log")
        for orders in (1, 1, 31):
            for _ in range(orders):
                stories.tell(house)
            stories.settle(house)
            for each in (place, folder):
                assert publishing.publish(house, each, entries=True).files > 0
                assert publishing.publish(house, each, entries=True).files == 0
        bucket = Bucket(service.place, "public/log/")
        assert {name for name, _, _ in bucket.names()} == _names(tmp_path / "log")
        for name in _names(tmp_path / "log"):
            assert place.read(name) == folder.read(name)


@pytest.mark.parametrize("text", ["s3://", "s3:///prefix", "s3://bucket"])
def test_what_is_no_place_is_refused(house: House, text: str) -> None:
    with pytest.raises(ValueError, match="bucket"):
        place_of(house.settings, text)


def test_entries_are_published_only_when_that_is_asked_for(house: House, tmp_path: Path) -> None:
    stories.tell(house)
    stories.settle(house)
    publishing.publish(house, Folder(tmp_path), entries=False)
    assert not (tmp_path / "tile" / "entries").exists()


def test_a_publisher_that_was_killed_goes_on_where_it_stopped(house: House, tmp_path: Path) -> None:
    class Dying(Folder):
        left = 2

        def write(self, name: str, content: bytes) -> None:
            if self.left == 0:
                raise RuntimeError("killed")
            self.left -= 1
            super().write(name, content)

    for _ in range(33):
        stories.tell(house)
    stories.settle(house)
    with pytest.raises(RuntimeError, match="killed"):
        publishing.publish(house, Dying(tmp_path), entries=True)
    assert not (tmp_path / "checkpoint").exists()
    publishing.publish(house, Folder(tmp_path), entries=True)
    _root_in(tmp_path)


def test_nothing_is_published_over_another_log(house: House, tmp_path: Path) -> None:
    stories.tell(house)
    stories.settle(house)
    publishing.publish(house, Folder(tmp_path), entries=False)
    told = parse_checkpoint((tmp_path / "checkpoint").read_text("utf-8"))
    private = checkpoints.private_key(house)
    for size, root, word in ((8, b"\x01" * 32, "forked"), (9, told.root, "set back")):
        forged = notes.sign(told.origin, size, root, private)
        (tmp_path / "checkpoint").write_text(forged, "utf-8")
        with pytest.raises(LogInconsistent, match=word):
            publishing.publish(house, Folder(tmp_path), entries=False)
        assert (tmp_path / "checkpoint").read_text("utf-8") == forged
    (tmp_path / "checkpoint").write_text(told.note.replace("local", "other"), "utf-8")
    with pytest.raises(LogInconsistent, match="not of this log"):
        publishing.publish(house, Folder(tmp_path), entries=False)
    assert house.db.read(queries.newest_checkpoint) is not None


def test_an_empty_log_does_not_stand_in_for_another(house: House, tmp_path: Path) -> None:
    place = tmp_path / "public"
    place.mkdir()
    (place / "checkpoint").write_text("of another", "utf-8")
    with pytest.raises(LogInconsistent, match="no checkpoint yet"):
        publishing.publish(house, Folder(place), entries=False)
    assert [each.name for each in place.iterdir()] == ["checkpoint"]
