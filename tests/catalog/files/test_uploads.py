"""Uploads in parts: any order, cut, doubled, at once, killed in between, on a full disk."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import resource
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from catalog.files import queries, service, uploads
from catalog.files.errors import (
    ChecksumMismatch,
    FileNotFound,
    FormFileTooLarge,
    PartCutShort,
    PartMisplaced,
    PartTooLarge,
    UploadFinished,
    UploadIncomplete,
    UploadNotFound,
    UploadTooLarge,
)
from catalog.files.store import FileStore
from catalog.files.types import PART_BYTES, UploadSnapshot
from core.house import House
from core.problems import StorageFull
from tests import build
from tests.build import Built
from tests.client import ApiClient


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


def _declare(house: House, who: Built, content: bytes, name: str = "data.bin") -> UploadSnapshot:
    digest = hashlib.sha256(content).hexdigest()
    return house.db.write(lambda uow: service.declare(uow, who.actor, name=name, size=len(content), sha256=digest))


def _send(house: House, who: Built, upload: UploadSnapshot, content: bytes, start: int, stop: int) -> UploadSnapshot:
    part = content[start:stop]
    return service.receive_part(
        house, who.actor, upload.id, offset=start, length=len(part), source=io.BytesIO(part)
    )  # fmt: skip


def _stored(house: House, digest: str) -> bytes:
    return b"".join(house.adapter(FileStore).read(digest))  # type: ignore[type-abstract]


def _left(house: House) -> list[str]:
    """Everything on the disk that is neither a finished file nor a declared upload."""
    folders = (house.settings.data / "uploads", house.settings.data / "files")
    return [p.name for f in folders for p in f.rglob("*") if p.is_file() and p.suffix in (".tmp", ".part")]


@pytest.mark.parametrize("seed", range(25))
def test_parts_in_any_order_cut_and_doubled_arrive_whole(house: House, supplier: Built, seed: int) -> None:
    chance = random.Random(seed)
    content = chance.randbytes(chance.randrange(1, 5000))
    upload = _declare(house, supplier, content)
    reached = 0
    while reached < len(content):
        start = chance.choice([reached, reached, chance.randrange(0, len(content) + 1)])
        stop = min(len(content), start + chance.randrange(1, 1500))
        sent = content[start:stop]
        cut = chance.random() < 0.2
        source = io.BytesIO(sent[: len(sent) // 2] if cut else sent)
        try:
            upload = service.receive_part(
                house, supplier.actor, upload.id, offset=start, length=len(sent), source=source
            )
        except PartMisplaced as refused:
            assert start != reached
            assert refused.extra["expected_offset"] == reached
        except PartCutShort:
            assert cut
        else:
            reached = max(reached, stop)
        now = house.db.read(lambda uow, upload=upload: queries.get_upload(uow, supplier.actor, upload.id))  # type: ignore[misc]
        assert now.received == reached
    file = service.complete(house, supplier.actor, upload.id)
    assert _stored(house, file.sha256) == content
    assert _left(house) == []


def test_a_gap_and_an_overlap_are_refused_with_the_offset_expected(house: House, supplier: Built) -> None:
    content = bytes(range(100))
    upload = _declare(house, supplier, content)
    _send(house, supplier, upload, content, 0, 40)
    for start, stop in ((50, 60), (30, 60)):
        with pytest.raises(PartMisplaced) as refused:
            _send(house, supplier, upload, content, start, stop)
        assert refused.value.extra["expected_offset"] == 40
    with pytest.raises(PartMisplaced):
        service.receive_part(house, supplier.actor, upload.id, offset=40, length=61, source=io.BytesIO(b"x" * 61))


def test_other_bytes_than_declared_are_told_with_both_sums_and_one_can_begin_again(
    house: House, supplier: Built
) -> None:
    content = b"as declared"
    upload = _declare(house, supplier, content)
    _send(house, supplier, upload, b"as delivery", 0, 11)
    with pytest.raises(ChecksumMismatch) as refused:
        service.complete(house, supplier.actor, upload.id)
    assert refused.value.extra["declared"] == hashlib.sha256(content).hexdigest()
    assert refused.value.extra["received"] == hashlib.sha256(b"as delivery").hexdigest()
    with pytest.raises(UploadIncomplete) as missing:
        service.complete(house, supplier.actor, upload.id)
    assert missing.value.extra["expected_offset"] == 0
    _send(house, supplier, upload, content, 0, 11)
    assert service.complete(house, supplier.actor, upload.id).size == 11


def test_completing_twice_answers_the_same_file_and_later_parts_are_refused(house: House, supplier: Built) -> None:
    upload = _declare(house, supplier, b"a,b\n1,2\n", "t.csv")
    _send(house, supplier, upload, b"a,b\n1,2\n", 0, 8)
    first = service.complete(house, supplier.actor, upload.id)
    assert service.complete(house, supplier.actor, upload.id) == first
    assert first.profile is not None
    assert first.profile.rows == 1
    with pytest.raises(UploadFinished):
        _send(house, supplier, upload, b"a,b\n1,2\n", 0, 8)


def test_an_empty_file(house: House, supplier: Built) -> None:
    upload = _declare(house, supplier, b"")
    assert service.complete(house, supplier.actor, upload.id).size == 0


def test_killed_between_keeping_and_committing_one_completes_again(
    house: House, supplier: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"x" * 1000
    upload = _declare(house, supplier, content)
    _send(house, supplier, upload, content, 0, 1000)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(service, "_finish", killed)
        with pytest.raises(KeyboardInterrupt):
            service.complete(house, supplier.actor, upload.id)
    file = service.complete(house, supplier.actor, upload.id)
    assert _stored(house, file.sha256) == content


def test_bytes_that_the_disk_lost_are_asked_for_again(house: House, supplier: Built) -> None:
    content = b"y" * 500
    upload = _declare(house, supplier, content)
    _send(house, supplier, upload, content, 0, 500)
    uploads.partial_path(house, upload.id).unlink()
    with pytest.raises(UploadIncomplete) as missing:
        service.complete(house, supplier.actor, upload.id)
    assert missing.value.extra["expected_offset"] == 0
    _send(house, supplier, upload, content, 0, 500)
    assert service.complete(house, supplier.actor, upload.id).sha256 == upload.sha256


def test_the_same_part_sent_at_once_by_many(house: House, supplier: Built) -> None:
    content = random.Random(1).randbytes(200_000)
    upload = _declare(house, supplier, content)
    failed: list[Exception] = []

    def send() -> None:
        try:
            for start in range(0, len(content), 50_000):
                _send(house, supplier, upload, content, start, start + 50_000)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _stored(house, service.complete(house, supplier.actor, upload.id).sha256) == content


def test_what_is_too_large_is_refused_before_a_byte_is_taken(house: House, supplier: Built) -> None:
    with pytest.raises(UploadTooLarge):
        house.db.write(lambda uow: service.declare(uow, supplier.actor, name="a", size=6_000_000_000, sha256="0" * 64))
    upload = house.db.write(
        lambda uow: service.declare(uow, supplier.actor, name="a", size=PART_BYTES * 2, sha256="0" * 64)
    )
    with pytest.raises(PartTooLarge):
        service.receive_part(
            house, supplier.actor, upload.id, offset=0, length=PART_BYTES + 1, source=io.BytesIO(b"")
        )  # fmt: skip


def test_uploads_and_files_belong_to_one_organisation(house: House, supplier: Built) -> None:
    other = build.organisation(house)
    content = b"the same bytes"
    mine, theirs = _declare(house, supplier, content), _declare(house, other, content)
    _send(house, supplier, mine, content, 0, len(content))
    file = service.complete(house, supplier.actor, mine.id)
    assert theirs.received == 0
    with pytest.raises(UploadNotFound):
        house.db.read(lambda uow: queries.get_upload(uow, other.actor, mine.id))
    with pytest.raises(FileNotFound):
        house.db.read(lambda uow: queries.get_file(uow, other.actor, file.id))
    with pytest.raises(UploadIncomplete):
        service.complete(house, other.actor, theirs.id)
    _send(house, other, theirs, content, 0, len(content))
    assert service.complete(house, other.actor, theirs.id).id != file.id


class _Full(io.RawIOBase):
    """A source after which the disk is full."""

    def read(self, _size: int = -1) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_behind(house: House, supplier: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"z" * 3000
    upload = _declare(house, supplier, content)
    full: BinaryIO = _Full()  # type: ignore[assignment]
    with pytest.raises(StorageFull):
        service.receive_part(house, supplier.actor, upload.id, offset=0, length=3000, source=full)
    with pytest.raises(StorageFull):
        service.store_form_file(house, supplier.actor, full, "a.csv")
    assert _left(house) == []
    _send(house, supplier, upload, content, 0, 3000)

    def no_room(*_: Any) -> None:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    with monkeypatch.context() as patch:
        patch.setattr("catalog.files.store._link", no_room)
        with pytest.raises(StorageFull):
            service.complete(house, supplier.actor, upload.id)
    assert _left(house) == []
    assert service.complete(house, supplier.actor, upload.id).size == 3000


def test_a_form_takes_so_much_and_no_more(house: House, supplier: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FORM_BYTES", 1000)
    with pytest.raises(FormFileTooLarge):
        service.store_form_file(house, supplier.actor, io.BytesIO(b"a" * 1001), "a.csv")
    assert _left(house) == []
    assert service.store_form_file(house, supplier.actor, io.BytesIO(b"a" * 1000), "a.csv").size == 1000


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\表.csv", "表.csv"),
        ("a\nb\x00.csv", "a_b_.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert service.clean_name(given) == kept


def test_expired_uploads_and_interrupted_parts_are_swept(house: House, supplier: Built) -> None:
    content = b"w" * 100
    upload = _declare(house, supplier, content)
    _send(house, supplier, upload, content, 0, 50)
    path = uploads.partial_path(house, upload.id)
    stale = path.with_name(f"{path.name}.0.part")
    stale.write_bytes(b"half")
    _age(path, stale)
    assert service.sweep(house) == 1
    assert path.exists()
    house.clock.advance(timedelta(days=8))
    assert service.sweep(house) == 1
    assert not path.exists()
    with pytest.raises(UploadNotFound):
        _send(house, supplier, upload, content, 50, 100)


def _age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (0, 0))


def test_the_routes(house: House, client: ApiClient, supplier: Built) -> None:
    api = ApiClient(client.app, supplier.token)
    content = "城市,人口\n贵阳,599\n".encode()
    declared = {"name": "城市.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    upload = api.post("/uploads", declared).expect(201).json
    answer = api.put(f"/uploads/{upload['id']}/parts?offset=5", data=content[5:])
    assert (answer.status, answer.code, answer.json["expected_offset"]) == (409, "part_misplaced", 0)
    assert api.put(f"/uploads/{upload['id']}/parts?offset=0", data=content).expect(200).json["received"] == len(content)
    file = api.post(f"/uploads/{upload['id']}/complete").expect(201).json
    assert (file["rows"], file["media_type"]) == (1, "text/csv")
    assert api.put(f"/uploads/{upload['id']}/parts?offset=0", data=content).code == "upload_finished"
    stranger = ApiClient(client.app, build.organisation(house).token)
    nobody = stranger.get(f"/uploads/{upload['id']}")
    assert nobody.body == stranger.get("/uploads/upl_01jd0000000000000000000000").body
    assert nobody.status == 404
    wrong = api.post("/uploads", declared | {"sha256": "0" * 64}).expect(201).json
    api.put(f"/uploads/{wrong['id']}/parts?offset=0", data=content).expect(200)
    refused = api.post(f"/uploads/{wrong['id']}/complete")
    assert (refused.status, refused.code) == (409, "checksum_mismatch")


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may grow beyond 12 MB: the system itself then refuses to write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_disk")
def test_the_system_refuses_to_write(house: House, client: ApiClient, supplier: Built) -> None:
    api = ApiClient(client.app, supplier.token)
    content = b"x" * (13 << 20)
    declared = {"name": "x.bin", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    upload = api.post("/uploads", declared).expect(201).json
    full = api.put(f"/uploads/{upload['id']}/parts?offset=0", data=content)
    assert (full.status, full.code) == (507, "storage_full")
    half = len(content) // 2
    api.put(f"/uploads/{upload['id']}/parts?offset=0", data=content[:half]).expect(200)
    full = api.put(f"/uploads/{upload['id']}/parts?offset={half}", data=content[half:])
    assert (full.status, full.code) == (507, "storage_full")
    assert api.get(f"/uploads/{upload['id']}").expect(200).json["received"] == half
    assert uploads.partial_path(house, upload["id"]).stat().st_size == half
    with pytest.raises(StorageFull):
        service.store_form_file(house, supplier.actor, io.BytesIO(content), "x.bin")
    assert _left(house) == []
