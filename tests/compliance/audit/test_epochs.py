"""A database that was set back: the log goes on in another epoch that says so, and verifiers tell it as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compliance.audit import check, checkpoints, queries, reopening, sequencer, verifier
from compliance.audit.checkpoints import LogInconsistent
from compliance.audit.epochs import Epoch
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from tests.compliance.audit import story as stories


@pytest.fixture
def settings(tmp_path: Path, template: object) -> Settings:
    """On SQLite, whose file can be set back."""
    from migrations import upgrade

    made = Settings(data=tmp_path / "data", profile="test", gateway_workers=0)
    made.data.mkdir(mode=0o700)
    house = build_house(made)
    upgrade(house.db.engine)
    house.db.engine.dispose()
    return made


def _note(house: House) -> str:
    newest = house.db.read(queries.newest_checkpoint)
    assert newest is not None
    return newest.note


def _set_back(house: House, kept: Path) -> House:
    house.db.engine.dispose()
    for path in house.settings.data.glob("exchange.db*"):
        path.unlink()
    shutil.copyfile(kept, house.settings.data / "exchange.db")
    return build_house(house.settings)


def _copy(house: House, path: Path) -> Path:
    house.db.scrub()
    return Path(shutil.copyfile(house.settings.data / "exchange.db", path))


def _reopened(house: House, last: str | None = None) -> Epoch:
    epoch = reopening.reopen(house, last=last)
    assert epoch is not None
    return epoch


def test_a_log_that_was_set_back_goes_on_in_an_epoch_that_owns_up(house: House, tmp_path: Path) -> None:
    kept_story = stories.tell(house)
    stories.settle(house)
    first = _note(house)
    backup = _copy(house, tmp_path / "backup.db")
    stories.tell(house)
    stories.settle(house)
    lost, old_key = _note(house), checkpoints.public_key(house).text()

    house = _set_back(house, backup)
    with pytest.raises(LogInconsistent):
        checkpoints.sign(house)
    epoch = _reopened(house)
    assert (epoch.number, epoch.origin, epoch.kept) == (2, f"{house.settings.log_origin}/epoch-2", 8)
    assert epoch.cites == lost
    assert check.verify_log(house) == []

    story = stories.tell(house)
    stories.settle(house)
    assert check.verify_log(house) == []
    for told in (story, kept_story):
        files = verifier.unpacked(stories.bundle_of(house, told))
        report = verifier.verify(files, key_text=old_key)
        assert any("16 entries, 8 were kept" in english for _, english in report.lines)
        older = verifier.verify(files, key_text=old_key, older_note=first, consistency=_proof(house, 8))
        assert any("consistent with the checkpoint" in english for _, english in older.lines)
        missing = verifier.verify(files, key_text=old_key, older_note=lost)
        assert any("covers entries that are lost" in english for _, english in missing.lines)

    house = build_house(house.settings)  # another process learns of it
    assert check.verify_log(house) == []
    assert reopening.reopen(house) is None


def _proof(house: House, size: int) -> list[bytes]:
    return house.db.read(lambda uow: queries.consistency(uow, size))[1]


def test_who_names_an_older_checkpoint_as_the_last_one_is_caught(house: House, tmp_path: Path) -> None:
    story = stories.tell(house)
    stories.settle(house)
    cited, backup = _note(house), _copy(house, tmp_path / "backup.db")
    stories.tell(house)
    stories.settle(house)
    hidden = _note(house)
    shutil.rmtree(house.settings.data / "signer")
    house = _set_back(house, backup)
    assert reopening.reopen(house, last=cited) is None, "given as the last one, the log goes on from it"
    files = verifier.unpacked(stories.bundle_of(house, story))
    with pytest.raises(verifier.Tampered, match="rolled back"):
        verifier.verify(files, older_note=hidden)


def test_without_the_signers_head_an_epoch_is_opened_unless_the_last_checkpoint_is_given(
    house: House, tmp_path: Path
) -> None:
    stories.tell(house)
    stories.settle(house)
    note = _note(house)
    shutil.rmtree(house.settings.data / "signer")
    assert reopening.reopen(house, last=note) is None
    assert not checkpoints.sign(house)
    shutil.rmtree(house.settings.data / "signer")
    assert _reopened(house).kept == 8
    assert check.verify_log(house) == []


def test_what_was_set_back_twice_has_three_epochs_or_the_number_of_the_last(house: House, tmp_path: Path) -> None:
    stories.tell(house)
    stories.settle(house)
    backup = _copy(house, tmp_path / "backup.db")
    stories.tell(house)
    stories.settle(house)
    house = _set_back(house, backup)
    _reopened(house)
    stories.tell(house)
    stories.settle(house)
    house = _set_back(house, backup)
    epoch = _reopened(house)
    assert (epoch.number, epoch.kept) == (3, 8)
    story = stories.tell(house)
    stories.settle(house)
    assert check.verify_log(house) == []
    verifier.verify(verifier.unpacked(stories.bundle_of(house, story)))


def test_what_waited_for_its_place_gets_one_behind_the_opening(house: House, tmp_path: Path) -> None:
    stories.tell(house)
    stories.settle(house)
    waited = stories.tell(house)
    backup = _copy(house, tmp_path / "backup.db")
    while sequencer.run(house):
        pass
    checkpoints.sign(house)
    stories.tell(house)
    stories.settle(house)
    house = _set_back(house, backup)
    assert _reopened(house).kept == 8
    assert check.verify_log(house) == []
    assert house.db.read(queries.head)[0] == 17
    report = verifier.verify(verifier.unpacked(stories.bundle_of(house, waited)))
    assert [index for index, entry in report.entries if entry["action"] == "log:open_epoch"] == [8]
