"""A backup is whole, made while others write, and puts the exchange back as it was, on both databases."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from billing import queries as books
from catalog.files.store import FileStore
from catalog.listings import queries as listings
from compliance.audit import check
from compliance.audit import queries as audit
from core.house import House
from core.settings import Settings
from exchange import kept_files
from exchange.app import build_house
from exchange.backup.manifest import BackupImpossible, Manifest
from exchange.backup.restoring import restore
from exchange.backup.service import back_up
from exchange.installation import UNFINISHED, CannotStart, init
from tests import build
from tests.compliance.audit import story as stories
from tests.conftest import Template
from tests.servers import postgresql


def _elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """A new machine with the old one's secrets; on PostgreSQL with its database too."""
    made = dataclasses.replace(settings, data=tmp_path / "new")
    if settings.database.startswith("sqlite"):
        made = dataclasses.replace(made, database_url="")
    made.data.mkdir(mode=0o700)
    shutil.copytree(settings.data / "secrets", made.data / "secrets")
    return made


def test_what_a_backup_holds_is_put_back_and_the_log_owns_up_to_the_rest(house: House, tmp_path: Path) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    build.funded(house, buyer)
    order = build.paid(house, buyer, listing)
    file = build.file(house, supplier, "kept\n1\n", "kept.csv")
    stories.settle(house)
    made = back_up(house, tmp_path / "backup")
    assert not any(name.startswith(("data/signer", "data/secrets", "secrets/")) for name in made.files)

    lost = build.file(house, supplier, "lost\n1\n", "lost.csv")
    second = build.listed(house, supplier)
    stories.settle(house)
    settings = house.settings
    house.db.engine.dispose()
    done = restore(settings, tmp_path / "backup", replace=True)
    assert done.epoch is not None
    assert done.epoch.kept == made.log_size

    back = build_house(settings)
    assert check.verify_log(back) == []
    assert back.db.read(books.faults) == []
    assert [fault for fault in kept_files.check(back, hashes=True) if fault.grave] == []
    store = back.adapter(FileStore)  # type: ignore[type-abstract]
    assert store.size(file.sha256) is not None
    assert store.size(lost.sha256) is None
    assert done.aside is not None
    assert list(done.aside.rglob(lost.sha256)) != []
    shown = {each.id for each in back.db.read(lambda uow: listings.mine(uow, supplier.actor)).items}
    assert listing.id in shown
    assert second.id not in shown
    third = build.listed(back, supplier)
    assert third.id not in (listing.id, order.id)
    stories.settle(back)
    assert check.verify_log(back) == []
    back.db.engine.dispose()


def test_an_empty_database_is_filled_and_works_on(house: House, template: Template, tmp_path: Path) -> None:
    supplier = build.organisation(house)
    build.listed(house, supplier)
    stories.settle(house)
    stories.tell(house)  # waits for its place
    made = back_up(house, tmp_path / "backup")
    new = _elsewhere(house.settings, tmp_path)
    name = f"restored_{uuid4().hex}"
    if not house.db.sqlite:
        new = dataclasses.replace(new, database_url=postgresql.create_database(template.where, name))
    note = (house.settings.data / "signer" / "head.txt").read_text()
    done = restore(new, tmp_path / "backup", last=note)
    assert (done.epoch, done.aside, done.documents) == (None, None, 1)
    back = build_house(new)
    assert back.db.read(audit.head) == (made.log_size, made.log_root)
    build.listed(back, supplier)  # numbers that the database gives go on
    build.listed(back, build.organisation(back))
    stories.settle(back)
    assert check.verify_log(back) == []
    assert back.db.read(books.faults) == []
    back.db.engine.dispose()
    if not house.db.sqlite:
        postgresql.drop_database(template.where, name)


def test_on_another_machine_the_last_published_checkpoint_lets_the_log_go_on(house: House, tmp_path: Path) -> None:
    supplier = build.organisation(house)
    build.listed(house, supplier)
    stories.settle(house)
    back_up(house, tmp_path / "backup")
    note = (house.settings.data / "signer" / "head.txt").read_text()
    new = _elsewhere(house.settings, tmp_path)
    house.db.engine.dispose()
    done = restore(new, tmp_path / "backup", replace=True, last=note)
    assert done.epoch is None
    assert done.documents == 1
    again = restore(new, tmp_path / "backup", replace=True)
    assert again.epoch is None, "the head that was adopted is the signer's own now"


def test_backups_made_while_others_write_are_whole(house: House, tmp_path: Path) -> None:
    supplier = build.organisation(house)
    stop, written = threading.Event(), list[str]()

    def write() -> None:
        while not stop.is_set():
            written.append(build.file(house, supplier, f"n\n{len(written)}\n", f"{len(written)}.csv").id)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [back_up(house, tmp_path / f"backup-{number}") for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert written
    for number, manifest in enumerate(made):
        assert manifest.faults(tmp_path / f"backup-{number}") == []
    if house.db.sqlite:
        new = _elsewhere(house.settings, tmp_path)
        restore(new, tmp_path / "backup-2")
        back = build_house(new)
        assert [fault for fault in kept_files.check(back, hashes=True) if fault.grave] == []
        back.db.engine.dispose()


@pytest.fixture
def backup(house: House, tmp_path: Path) -> Path:
    build.file(house, build.organisation(house))
    stories.settle(house)
    back_up(house, tmp_path / "backup", with_secrets=True)
    house.db.engine.dispose()
    return tmp_path / "backup"


def test_refusals_change_nothing(house: House, backup: Path, tmp_path: Path) -> None:
    settings = house.settings
    with pytest.raises(BackupImpossible, match="not empty"):
        back_up(house, backup)
    with pytest.raises(BackupImpossible, match="elsewhere"):
        back_up(house, settings.data / "backup")
    with pytest.raises(BackupImpossible, match="no finished backup"):
        restore(settings, tmp_path)
    with pytest.raises(BackupImpossible, match="--replace"):
        restore(settings, backup)
    with pytest.raises(BackupImpossible, match="PIAOHAO_LOG_ORIGIN"):
        restore(dataclasses.replace(settings, log_origin="other/log"), backup, replace=True)
    secret = settings.data / "secrets" / "log-signing-key"
    kept = secret.read_bytes()
    secret.write_bytes(kept[::-1])
    with pytest.raises(BackupImpossible, match="not the one of the backup"):
        restore(settings, backup, replace=True)
    secret.unlink()
    (backup / "secrets" / "log-signing-key").rename(tmp_path / "aside")
    with pytest.raises(BackupImpossible, match="not whole"):
        restore(settings, backup, replace=True)
    secret.write_bytes(kept)
    assert not (settings.data / UNFINISHED).exists()
    assert check.verify_log(build_house(settings)) == []


def test_damage_is_found_before_anything_is_touched(house: House, backup: Path) -> None:
    chosen = next(name for name in Manifest.read(backup).files if name.startswith("data/files/delivery/"))
    content = bytearray((backup / chosen).read_bytes())
    content[0] ^= 1
    (backup / chosen).write_bytes(content)
    with pytest.raises(BackupImpossible, match="is damaged"):
        restore(house.settings, backup, replace=True)
    document = json.loads((backup / "manifest.json").read_text())
    document["files"]["../../escape"] = {"size": 1, "sha256": "0" * 64}
    (backup / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(BackupImpossible, match=r"3 files|2 files"):
        restore(house.settings, backup, replace=True)


def test_nothing_starts_while_a_backup_is_not_put_back_to_the_end(house: House, backup: Path) -> None:
    (house.settings.data / UNFINISHED).touch()
    with pytest.raises(CannotStart, match="piaohao restore"):
        init(house.settings)
    restore(house.settings, backup)  # begun again, it needs no other word
    init(house.settings)


def test_a_file_that_is_not_kept_is_named(house: House, tmp_path: Path) -> None:
    file = build.file(house, build.organisation(house))
    house.adapter(FileStore).remove(file.sha256)  # type: ignore[type-abstract]
    with pytest.raises(BackupImpossible, match=file.sha256):
        back_up(house, tmp_path / "backup")
    assert not (tmp_path / "backup" / "manifest.json").exists()
