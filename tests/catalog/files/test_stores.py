"""What every store of files does, in a folder and in a bucket of a real S3 service."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import random
from pathlib import Path

import pytest

from catalog.files.classes import StoreClass
from catalog.files.s3_store import S3FileStore
from catalog.files.store import FileMissing, FileStore, LocalFileStore
from core import buckets
from core.buckets import Bucket, StoreAway
from tests.servers.s3 import S3

CONTENT = random.Random(7).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NOBODYS = "0" * 64


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return LocalFileStore(tmp_path / "store")
    s3: S3 = request.getfixturevalue("s3")
    return S3FileStore(Bucket(s3.place, f"{tmp_path.name}/"), tmp_path)


def test_what_is_kept_can_be_read_whole_in_ranges_and_at_any_place(store: FileStore) -> None:
    assert store.put(io.BytesIO(CONTENT)) == (DIGEST, len(CONTENT))
    assert b"".join(store.read(DIGEST)) == CONTENT
    assert b"".join(store.read(DIGEST, start=10, length=20)) == CONTENT[10:30]
    assert b"".join(store.read(DIGEST, start=299_990, length=100)) == CONTENT[-10:]
    assert b"".join(store.read(DIGEST, start=5, length=0)) == b""
    with store.open(DIGEST) as file:
        file.seek(-7, 2)
        assert file.read() == CONTENT[-7:]
        file.seek(1000)
        assert file.read(3) == CONTENT[1000:1003]
        assert file.tell() == 1003


def test_an_empty_file_is_one(store: FileStore) -> None:
    digest, size = store.put(io.BytesIO(b""))
    assert (store.size(digest), size) == (0, 0)
    assert list(store.read(digest)) == []
    with store.open(digest) as file:
        assert file.read() == b""


def test_what_is_not_there_is_missing_at_once(store: FileStore) -> None:
    for digest in (NOBODYS, "../etc/passwd"):
        with pytest.raises(FileMissing):
            store.read(digest)
        with pytest.raises(FileMissing):
            store.open(digest)
    assert store.size(NOBODYS) is None
    store.remove(NOBODYS)


def test_all_that_is_kept_is_told_until_it_is_removed(store: FileStore, tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(CONTENT)
    store.adopt(path, DIGEST)
    empty, _ = store.put(io.BytesIO(b""))
    assert dict(store.kept()) == {DIGEST: len(CONTENT), empty: 0}
    assert path.read_bytes() == CONTENT
    store.remove(DIGEST)
    assert dict(store.kept()) == {empty: 0}
    assert store.sweep(0) == 0


def test_a_large_file_goes_in_pieces(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "PIECE_BYTES", 5 << 20)
    content = random.Random(8).randbytes((10 << 20) + 1)
    store = S3FileStore(Bucket(s3.place, "pieces/"), tmp_path)
    digest, size = store.put(io.BytesIO(content))
    assert (size, store.size(digest)) == (len(content), len(content))
    assert b"".join(store.read(digest, start=(5 << 20) - 3, length=6)) == content[(5 << 20) - 3 : (5 << 20) + 3]
    assert hashlib.sha256(b"".join(store.read(digest))).hexdigest() == digest


def test_objects_are_bytes_to_whoever_looks_into_the_bucket(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "PIECE_BYTES", 5 << 20)
    bucket = Bucket(s3.place, "kinds/")
    for content in (b"<script>", b"<" * (6 << 20)):
        bucket.put_file("name", io.BytesIO(content), hashlib.sha256(content).hexdigest())
        assert bucket._ask("head_object", "name")["ContentType"] == "application/octet-stream"


def test_bytes_that_are_not_what_they_are_called_are_not_kept(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "PIECE_BYTES", 5 << 20)
    bucket = Bucket(s3.place, "wrong/")
    for content in (b"small", b"x" * (6 << 20)):
        with pytest.raises(ValueError, match="not of"):
            bucket.put_file("name", io.BytesIO(content), DIGEST)
    assert list(bucket.names()) == []
    assert bucket.sweep(0) == 0, "nothing is left half sent"


def test_bytes_are_always_sent_so_that_nobody_learns_of_anothers(s3: S3, tmp_path: Path) -> None:
    bucket = Bucket(s3.place, "always/")
    store = S3FileStore(bucket, tmp_path)
    store.put(io.BytesIO(CONTENT))
    (name, _, _), *_ = bucket.names()
    bucket.put(name, b"damaged")
    store.put(io.BytesIO(CONTENT))
    assert b"".join(store.read(DIGEST)) == CONTENT


def test_a_service_that_is_away_is_said_and_forgotten_when_it_is_back(s3: S3, tmp_path: Path) -> None:
    store = S3FileStore(Bucket(s3.place, "away/"), tmp_path)
    store.put(io.BytesIO(CONTENT))
    s3.kill()
    try:
        with pytest.raises(StoreAway):
            store.read(DIGEST)
    finally:
        s3.start()
    assert b"".join(store.read(DIGEST)) == CONTENT


@pytest.mark.parametrize("wrong", [{"secret_key": "wrong"}, {"bucket": "nobodys"}, {"url": "http://127.0.0.1:1"}])
def test_a_bucket_that_cannot_be_had_is_away_and_its_files_are_not_missing(
    s3: S3, tmp_path: Path, wrong: dict[str, str]
) -> None:
    """What is missing is refunded, so nothing may be called so that may be there."""
    store = S3FileStore(Bucket(dataclasses.replace(s3.place, **wrong), ""), tmp_path)
    with pytest.raises(StoreAway):
        store.read(DIGEST)
    with pytest.raises(StoreAway):
        store.size(DIGEST)


def test_what_is_delivered_lies_apart_from_all_else() -> None:
    assert [kind for kind in StoreClass if not kind.prefix.startswith("closed/")] == [StoreClass.DELIVERY]
