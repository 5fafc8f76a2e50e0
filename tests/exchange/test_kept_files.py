"""Database and store held against each other, and moving from a folder into a bucket."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Iterator

import pytest

from catalog.files import service as files
from catalog.files.classes import StoreClass, local_store, store_of
from compliance.exports import counting
from core.house import House
from exchange import kept_files
from exchange.app import build_house
from exchange.checkup import outside
from exchange.disputes import evidence
from exchange.kept_files import CannotMove, Fault
from tests import build
from tests.servers.s3 import S3, answering_here

PEOPLE = b"name,mail\n" + b"".join(b"a%d,a%d@example.org\n" % (n, n) for n in range(50))


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with answering_here() as running:
        yield running


def _faults(house: House, *, hashes: bool = False) -> set[tuple[str, str, str]]:
    return {(fault.kind, fault.store, fault.name) for fault in kept_files.check(house, hashes=hashes)}


def test_what_is_missing_cut_or_changed_is_found(house: House) -> None:
    supplier = build.organisation(house)
    lost, cut, changed = (build.file(house, supplier, f"a,b\n{n},{n}\n", f"{n}.csv").sha256 for n in (1, 2, 3))
    store = local_store(house.settings, StoreClass.DELIVERY)
    assert _faults(house, hashes=True) == set()
    store.remove(lost)
    for digest, content in ((cut, b""), (changed, b"a,b\n4,4\n")):
        path = house.settings.data / "files" / "delivery" / digest[:2] / digest[2:4] / digest
        path.write_bytes(content)
    spare, _ = store.put(io.BytesIO(b"nobody names this"))
    found = {("missing", "delivery", lost), ("size", "delivery", cut), ("extra", "delivery", spare)}
    assert _faults(house) == found
    assert _faults(house, hashes=True) == found | {("damaged", "delivery", changed)}
    assert not Fault("extra", "delivery", spare).grave


def test_without_a_bucket_nothing_is_moved(house: House) -> None:
    with pytest.raises(CannotMove):
        list(kept_files.move(house, print))


def test_everything_moves_once_and_an_upload_goes_on_where_it_was(house: House, s3: S3) -> None:
    supplier = build.organisation(house)
    people = build.file(house, supplier, PEOPLE, "people.csv")
    damaged = build.file(house, supplier, "a,b\n1,2\n").sha256
    (house.settings.data / "files" / "delivery" / damaged[:2] / damaged[2:4] / damaged).write_bytes(b"a,b\n1,3\n")
    shown = evidence.keep(house, io.BytesIO(b"a picture"), name="a.png", media_type="image/png")
    content = b"x" * 5000
    digest = hashlib.sha256(content).hexdigest()
    upload = house.db.write(lambda uow: files.declare(uow, supplier.actor, name="x", size=5000, sha256=digest))
    files.receive_part(house, supplier.actor, upload.id, offset=0, length=3000, source=io.BytesIO(content[:3000]))
    in_bucket = build_house(dataclasses.replace(house.settings, **s3.settings))
    told: list[str] = []
    assert list(kept_files.move(in_bucket, told.append)) == [Fault("damaged", "delivery", damaged)]
    assert len(told) >= 3
    told.clear()
    assert list(kept_files.move(in_bucket, told.append)) == [Fault("damaged", "delivery", damaged)]
    assert [line for line in told if not line.startswith("uploads")] == []
    assert ("missing", "delivery", damaged) in _faults(in_bucket)
    assert b"".join(store_of(in_bucket.settings, StoreClass.DELIVERY).read(people.sha256)) == PEOPLE
    assert b"".join(evidence.read(in_bucket, shown.sha256)) == b"a picture"
    files.receive_part(
        in_bucket, supplier.actor, upload.id, offset=3000, length=2000, source=io.BytesIO(content[3000:])
    )
    assert files.complete(in_bucket, supplier.actor, upload.id).sha256 == digest


def test_sets_of_persons_come_from_the_bucket_where_the_folder_has_none(house: House, s3: S3) -> None:
    supplier = build.organisation(house)
    in_bucket = build_house(dataclasses.replace(house.settings, **s3.settings))
    build.file(in_bucket, supplier, PEOPLE, "people.csv")
    folder = house.settings.data / "files" / "persons"
    (name,) = [path.name for path in folder.glob("??/*")]
    (folder / name[:2] / name).unlink()
    assert counting.store(in_bucket).whole(name)
    (folder / name[:2] / name).unlink()
    assert not counting.store(house).whole(name)


def test_the_doctor_says_whether_the_bucket_can_be_read(house: House, s3: S3) -> None:
    settings = dataclasses.replace(house.settings, **s3.settings)
    assert [finding.well for finding in outside.bucket(settings)] == [True]
    assert [finding.well for finding in outside.bucket(dataclasses.replace(settings, s3_secret_key="wrong"))] == [False]
    assert list(outside.bucket(house.settings)) == []
