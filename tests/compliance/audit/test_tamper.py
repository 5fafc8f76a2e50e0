"""A few tries of every kind of forgery; the campaign in ``bench`` tries thousands of the same."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from compliance.audit import check, checkpoints, queries, sequencer, verifier
from core.house import House
from tests.compliance.audit import archives, forger
from tests.compliance.audit import story as stories

TRIES = 3


def staged(house: House, foreign_origin: str = "other.example/log") -> forger.Stage:
    """Two checkpoints, the older of which the auditor kept, and a foreign log's bundle."""
    told = [stories.tell(house) for _ in range(2)]
    stories.settle(house)
    kept = house.db.read(queries.newest_checkpoint)
    told += [stories.tell(house) for _ in range(3)]
    stories.settle(house)
    assert kept is not None
    bundles = [forger.unpack(stories.bundle_of(house, each)) for each in told]
    return forger.Stage(house, bundles, kept.note, foreign_bundle(house, foreign_origin), forger.all_bodies(house))


def foreign_bundle(house: House, origin: str) -> forger.Files:
    """A bundle of another log: other entries, another origin, the same key."""
    with tempfile.TemporaryDirectory() as folder:
        other = forger.copied(house, Path(folder))
        other.settings = replace(other.settings, log_origin=origin)
        (Path(folder) / "signer" / "head.txt").unlink()
        (Path(folder) / "signer" / "published.txt").unlink()
        path = Path(folder) / "exchange.db"
        forger.dropped_triggers(path)
        with sqlite3.connect(path) as connection:
            for table in ("leaf", "pending", "node", "head", "checkpoint", "counter", "concern", "entry"):
                connection.execute(f"DELETE FROM audit_{table}")
        told = stories.tell(other)
        stories.settle(other)
        made = stories.bundle_of(other, told)
        other.db.engine.dispose()
        return forger.unpack(made)


@pytest.fixture
def stage(house: House) -> forger.Stage:
    if not house.db.sqlite:
        pytest.skip("a forger of the tests edits SQLite files")
    return staged(house)


def test_no_kind_of_forged_bundle_passes(stage: forger.Stage, tmp_path: Path) -> None:
    passed = []
    for kind in forger.BUNDLES:
        chance = Random(kind.__name__)
        codes = [forger.outcome(stage, kind(stage, chance), tmp_path) for _ in range(TRIES)]
        passed += [(kind.__name__, codes)] if not {verifier.TAMPERED, verifier.MALFORMED} >= set(codes) else []
    assert passed == []


def test_every_honest_bundle_passes_with_the_checkpoint_kept_and_without(stage: forger.Stage, tmp_path: Path) -> None:
    for files in stage.bundles:
        assert forger.outcome(stage, forger.Forged(forger.pack(files)), tmp_path) == verifier.GOOD
    own = [files for files in stage.bundles if "16" in files["consistency.json"].decode()]
    assert len(own) == 2, "the orders that the kept checkpoint covers enclose the proof from it"
    for files in own:
        assert forger.outcome(stage, forger.Forged(forger.pack(files), stage.kept), tmp_path) == verifier.GOOD


def test_no_kind_of_change_in_the_tables_passes(stage: forger.Stage, tmp_path: Path) -> None:
    passed = []
    for name, change in forger.TABLES.items():
        chance = Random(name)
        passed += [name for number in range(TRIES) if not _faults(stage, tmp_path / f"{name}{number}", change, chance)]
    assert passed == []


def _faults(stage: forger.Stage, folder: Path, change: forger.Change, chance: Random) -> list[str]:
    house = forger.copied(stage.house, folder)
    forger.dropped_triggers(folder / "exchange.db")
    with sqlite3.connect(folder / "exchange.db") as connection:
        change(connection, chance)
    found = check.verify_log(house)
    house.db.engine.dispose()
    return found


@pytest.mark.parametrize("name", forger.SIGNER)
def test_no_change_of_the_signers_files_passes(stage: forger.Stage, tmp_path: Path, name: str) -> None:
    forger.copied(stage.house, tmp_path / "copy").db.engine.dispose()
    assert check.verify_log(forger.opened(stage.house, tmp_path / "copy")) == []
    forger.SIGNER[name](tmp_path / "copy", Random(name))
    house = forger.opened(stage.house, tmp_path / "copy")
    assert check.verify_log(house) != []
    house.db.engine.dispose()


def test_a_changed_entry_is_named_by_its_place(stage: forger.Stage, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection, chance: Random) -> None:
        found = connection.execute("SELECT e.rowid, body FROM audit_entry e JOIN audit_leaf ON entry_id = id")
        rowid, body = found.fetchall()[17]
        connection.execute("UPDATE audit_entry SET body = ? WHERE rowid = ?", (archives.flip(body, chance), rowid))

    faults = _faults(stage, tmp_path / "copy", change, Random(1))
    assert faults[0].startswith("entry 17 ")


def test_an_untouched_copy_verifies(stage: forger.Stage, tmp_path: Path) -> None:
    assert _faults(stage, tmp_path / "copy", lambda _connection, _chance: None, Random(1)) == []


def test_a_fork_is_caught_with_the_checkpoint_kept_only(stage: forger.Stage, tmp_path: Path) -> None:
    """Who holds the key can write another past; only somebody who kept a checkpoint can tell."""
    forged = forger.forked_with_the_key(stage, Random(3))
    assert forger.outcome(stage, forged, tmp_path) == verifier.TAMPERED
    assert forger.outcome(stage, forger.Forged(forged.zip), tmp_path) == verifier.GOOD


def test_the_signer_signs_none_of_it(stage: forger.Stage, tmp_path: Path) -> None:
    for name in ("set back, consistent", "entry changed, all rehashed", "two entries reordered, all rehashed"):
        folder = tmp_path / name
        house = forger.copied(stage.house, folder)
        forger.dropped_triggers(folder / "exchange.db")
        with sqlite3.connect(folder / "exchange.db") as connection:
            forger.TABLES[name](connection, Random(name))
        for grown in (False, True):
            if grown:
                stories.tell(house)
                stories.tell(house)
                sequencer.run(house)
            with pytest.raises(checkpoints.LogInconsistent):
                checkpoints.sign(house)
        house.db.engine.dispose()
