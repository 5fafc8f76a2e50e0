"""Uploads whose parts wait in a bucket: any machine takes the next one; the service may go away in between."""

from __future__ import annotations

import hashlib
import io
import random
import threading
from datetime import timedelta

import pytest

from catalog.files import queries, service
from catalog.files.errors import ChecksumMismatch, UploadIncomplete
from catalog.files.store import FileStore
from catalog.files.types import FileSnapshot, UploadSnapshot
from core.buckets import StoreAway, bucket_of
from core.house import House
from exchange.app import build_house
from tests import build
from tests.build import Built
from tests.client import ApiClient
from tests.servers.s3 import S3

CONTENT = random.Random(3).randbytes(100_000)


@pytest.fixture
def supplier(bucket_house: House) -> Built:
    return build.organisation(bucket_house)


@pytest.fixture
def other_machine(bucket_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The same exchange with a data folder of its own; what must be alike is copied."""
    settings = bucket_house.settings
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (settings.data / "secrets").mkdir(exist_ok=True)
    (elsewhere / "secrets").symlink_to(settings.data / "secrets")
    return build_house(type(settings)(**(settings.__dict__ | {"data": elsewhere, "database_url": settings.database})))


def _declare(house: House, who: Built, content: bytes = CONTENT, name: str = "data.bin") -> UploadSnapshot:
    digest = hashlib.sha256(content).hexdigest()
    return house.db.write(lambda uow: service.declare(uow, who.actor, name=name, size=len(content), sha256=digest))


def _send(house: House, who: Built, upload: UploadSnapshot, start: int, part: bytes) -> UploadSnapshot:
    return service.receive_part(house, who.actor, upload.id, offset=start, length=len(part), source=io.BytesIO(part))


def _kept(house: House, file: FileSnapshot) -> bytes:
    return b"".join(house.adapter(FileStore).read(file.sha256))  # type: ignore[type-abstract]


def _waiting(house: House) -> int:
    bucket = bucket_of(house.settings, "closed/uploads/")
    assert bucket is not None
    return len(list(bucket.names()))


def test_each_part_may_go_to_another_machine(bucket_house: House, other_machine: House, supplier: Built) -> None:
    upload = _declare(bucket_house, supplier)
    for n, start in enumerate(range(0, len(CONTENT), 30_000)):
        machine = (bucket_house, other_machine)[n % 2]
        _send(machine, supplier, upload, start, CONTENT[start : start + 30_000])
        again = _send(machine, supplier, upload, start, CONTENT[start : start + 30_000])
        assert again.received == min(len(CONTENT), start + 30_000)
    file = service.complete(other_machine, supplier.actor, upload.id)
    assert service.complete(bucket_house, supplier.actor, upload.id) == file
    assert _kept(bucket_house, file) == CONTENT
    assert _waiting(bucket_house) == 0


def test_two_that_send_at_once_do_not_mix(bucket_house: House, other_machine: House, supplier: Built) -> None:
    upload = _declare(bucket_house, supplier)
    failed: list[Exception] = []

    def send(machine: House, step: int) -> None:
        at = 0
        try:
            while at < len(CONTENT):
                at = max(at, _send(machine, supplier, upload, at, CONTENT[at : at + step]).received)
        except Exception as error:
            at = getattr(error, "extra", {}).get("expected_offset", -1)
            if at < 0:
                failed.append(error)
                return
            send_rest(machine, step, at)

    def send_rest(machine: House, step: int, at: int) -> None:
        while at < len(CONTENT):
            try:
                at = _send(machine, supplier, upload, at, CONTENT[at : at + step]).received
            except Exception as error:
                at = getattr(error, "extra", {})["expected_offset"]

    threads = [
        threading.Thread(target=send, args=(machine, step))
        for machine, step in ((bucket_house, 9_000), (other_machine, 7_000), (bucket_house, 9_000))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _kept(bucket_house, service.complete(bucket_house, supplier.actor, upload.id)) == CONTENT


def test_other_bytes_than_declared_are_dropped_and_sent_again(bucket_house: House, supplier: Built) -> None:
    upload = _declare(bucket_house, supplier)
    _send(bucket_house, supplier, upload, 0, b"x" * len(CONTENT))
    with pytest.raises(ChecksumMismatch):
        service.complete(bucket_house, supplier.actor, upload.id)
    assert _waiting(bucket_house) == 0
    _send(bucket_house, supplier, upload, 0, CONTENT)
    assert _kept(bucket_house, service.complete(bucket_house, supplier.actor, upload.id)) == CONTENT


def test_parts_that_the_service_lost_are_asked_for_again(bucket_house: House, supplier: Built) -> None:
    upload = _declare(bucket_house, supplier)
    _send(bucket_house, supplier, upload, 0, CONTENT)
    bucket = bucket_of(bucket_house.settings, "closed/uploads/")
    assert bucket is not None
    bucket.remove([name for name, _, _ in bucket.names()])
    with pytest.raises(UploadIncomplete) as missing:
        service.complete(bucket_house, supplier.actor, upload.id)
    assert missing.value.extra["expected_offset"] == 0


def test_the_service_goes_away_and_nothing_acknowledged_is_lost(bucket_house: House, s3: S3, supplier: Built) -> None:
    upload = _declare(bucket_house, supplier)
    _send(bucket_house, supplier, upload, 0, CONTENT[:40_000])
    s3.kill()
    try:
        with pytest.raises(StoreAway) as away:
            _send(bucket_house, supplier, upload, 40_000, CONTENT[40_000:])
        assert (away.value.status, away.value.code) == (503, "file_store_away")
        now = bucket_house.db.read(lambda uow: queries.get_upload(uow, supplier.actor, upload.id))
        assert now.received == 40_000
    finally:
        s3.start()
    _send(bucket_house, supplier, upload, 40_000, CONTENT[40_000:])
    assert _kept(bucket_house, service.complete(bucket_house, supplier.actor, upload.id)) == CONTENT


def test_expired_uploads_are_swept(bucket_house: House, supplier: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = _declare(bucket_house, supplier)
    _send(bucket_house, supplier, upload, 0, CONTENT[:10])
    monkeypatch.setattr(service, "_INTERRUPTED_S", -1.0)
    assert service.sweep(bucket_house) == 0
    bucket_house.clock.advance(timedelta(days=8))
    assert service.sweep(bucket_house) == 1
    assert _waiting(bucket_house) == 0


def test_a_scan_waits_for_the_service(bucket_house: House, s3: S3, supplier: Built) -> None:
    """A job that meets it away is done later; the file is not marked as one that cannot be scanned."""
    from core import jobs

    rows = b"name,mail\n" + b"".join(b"a%d,a%d@example.org\n" % (n, n) for n in range(1000))
    bucket_house = build_house(
        type(bucket_house.settings)(**(bucket_house.settings.__dict__ | {"scanned_at_once_bytes": 1000}))
    )
    file = service.store_form_file(bucket_house, supplier.actor, io.BytesIO(rows), "people.csv")
    assert file.scanning.state == "waiting"
    s3.kill()
    try:
        assert jobs.run_one(bucket_house)
    finally:
        s3.start()
    assert not jobs.run_one(bucket_house), "it waits"
    bucket_house.clock.advance(timedelta(seconds=30))
    assert jobs.run_one(bucket_house)
    found = bucket_house.db.read(lambda uow: queries.get_file(uow, supplier.actor, file.id))
    assert (found.scanning.state, found.rows) == ("done", 1000)


def test_files_of_forms_and_documents_lie_there_too(bucket_house: House, supplier: Built, client: ApiClient) -> None:
    from compliance.documents import store as documents
    from compliance.documents.errors import DocumentNotFound

    file = service.store_form_file(bucket_house, supplier.actor, io.BytesIO(b"a,b\n1,2\n"), "t.csv")
    assert _kept(bucket_house, file) == b"a,b\n1,2\n"
    documents.keep(bucket_house, "doc_1", b"a licence")
    assert documents.content(bucket_house, "doc_1") == b"a licence"
    documents.erase(bucket_house, "doc_1")
    with pytest.raises(DocumentNotFound):
        documents.content(bucket_house, "doc_1")
    data = bucket_house.settings.data
    assert not [path for name in ("files/delivery", "documents") for path in (data / name).rglob("*")]
