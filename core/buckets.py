"""A bucket of an S3 service: the little that stores of bytes need of one, and its failures in the house's words.

Nothing here is imported of the client library before the first request: who has no bucket does not pay for it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO, NoReturn, TypeVar, cast

from core.problems import StorageFull, Unavailable
from core.settings import Settings

T = TypeVar("T")
log = logging.getLogger("piaohao.buckets")

PIECE_BYTES = 16 << 20
"""Larger bodies are sent in pieces of this size, each with its own checksum."""
_CHUNK_BYTES = 1 << 20
_BYTES = "application/octet-stream"
"""No browser shows what somebody sent us, were the bucket open to it; the exchange says what its files are."""
_TRIES_OF_A_READ = 4
_MISSING = {"404", "NoSuchKey", "NotFound", "NoSuchUpload"}
_TAKEN = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_FULL = {"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}


class ObjectMissing(Exception):
    """The bucket has no object of that name."""


class ObjectTaken(Exception):
    """There is one of that name already, and only a new one was wanted."""


class StoreAway(Unavailable):
    """The service cannot be reached, or says no for reasons of its own. Nothing that was acknowledged is lost."""

    code, title = "file_store_away", "The store of files does not answer at the moment"


@dataclass(frozen=True)
class Place:
    """Where a bucket is, and what opens it."""

    url: str
    bucket: str
    region: str
    access_key: str
    secret_key: str


def bucket_of(settings: Settings, prefix: str) -> Bucket | None:
    """The part of the configured bucket whose names begin with ``prefix``; None when files lie in the data folder."""
    return bucket_named(settings, settings.s3_bucket, prefix) if settings.s3_bucket else None


def bucket_named(settings: Settings, name: str, prefix: str) -> Bucket:
    """The part of any bucket, by the address and keys of the settings."""
    place = Place(settings.s3_url, name, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)
    return Bucket(place, prefix)


class Bucket:
    """Objects under one prefix. Every method raises StoreAway when the service does not do what it should."""

    def __init__(self, place: Place, prefix: str) -> None:
        self._place, self._prefix = place, prefix

    def put(self, name: str, body: bytes, *, only_new: bool = False) -> None:
        """Keep a small object; the service checks its SHA-256. Raises ObjectTaken with ``only_new``, StorageFull."""
        condition = {"IfNoneMatch": "*"} if only_new else {}
        self._ask("put_object", name, Body=body, ContentType=_BYTES, ChecksumSHA256=_checksum(body), **condition)

    def put_file(self, name: str, source: BinaryIO, sha256: str) -> None:
        """Keep a stream of any size, all of it or nothing.

        Raises StorageFull, and ValueError when these are other bytes than ``sha256`` says.
        """
        first = source.read(PIECE_BYTES)
        if len(first) < PIECE_BYTES:
            _require(hashlib.sha256(first).hexdigest(), sha256)
            self.put(name, first)
            return
        begun = self._ask("create_multipart_upload", name, ContentType=_BYTES, ChecksumAlgorithm="SHA256")
        upload = str(begun["UploadId"])
        try:
            self._pieces(name, upload, first, source, sha256)
        except BaseException:
            self._give_up(name, upload)
            raise

    def _pieces(self, name: str, upload: str, piece: bytes, source: BinaryIO, sha256: str) -> None:
        sent: list[dict[str, Any]] = []
        digest = hashlib.sha256()
        while piece:
            digest.update(piece)
            number, checksum = len(sent) + 1, _checksum(piece)
            answer = self._ask(
                "upload_part", name, UploadId=upload, PartNumber=number, Body=piece, ChecksumSHA256=checksum
            )
            sent.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
            piece = source.read(PIECE_BYTES)
        _require(digest.hexdigest(), sha256)
        self._ask("complete_multipart_upload", name, UploadId=upload, MultipartUpload={"Parts": sent})

    def _give_up(self, name: str, upload: str) -> None:
        try:
            self._ask("abort_multipart_upload", name, UploadId=upload)
        except (StoreAway, ObjectMissing):
            log.warning("a part of %s stays until it is swept", name)

    def get(self, name: str) -> bytes:
        """A small object, whole. Raises ObjectMissing."""
        return b"".join(self.read(name))

    def read(self, name: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in chunks. Raises ObjectMissing at once."""
        size = self.size(name)
        if size is None:
            raise ObjectMissing(name)
        stop = size if length is None else min(size, start + length)
        return self.steadily(name, start, stop)

    def steadily(self, name: str, at: int, stop: int) -> Iterator[bytes]:
        """What stands from ``at`` to ``stop``; asks again for the rest when an answer breaks off."""
        failures = 0
        while at < stop:
            try:
                for chunk in self.stream(name, at, stop):
                    at, failures = at + len(chunk), 0
                    yield chunk
                if at < stop:
                    raise StoreAway("Nothing is lost.", hint="Try again in a moment.", retry_after=5)
            except StoreAway:
                failures += 1
                if failures >= _TRIES_OF_A_READ:
                    raise

    def stream(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The same without going on: what one request brings."""
        body = self._ask("get_object", name, Range=f"bytes={start}-{stop - 1}")["Body"]
        try:
            while chunk := _said(lambda: cast(bytes, body.read(_CHUNK_BYTES))):
                yield chunk
        finally:
            body.close()

    def open(self, name: str) -> BinaryIO:
        """A readable stream that can be sought in. Raises ObjectMissing."""
        size = self.size(name)
        if size is None:
            raise ObjectMissing(name)
        return io.BufferedReader(_Remote(self, name, size), _CHUNK_BYTES)

    def size(self, name: str) -> int | None:
        """How many bytes an object has; None when there is none."""
        try:
            return int(self._ask("head_object", name)["ContentLength"])
        except ObjectMissing:
            self.answers()  # what is missing is the object, not the bucket
            return None

    def names(self, below: str = "") -> Iterator[tuple[str, int, datetime]]:
        """Name, size and time of every object whose name begins so, in the order of their names."""
        after: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", None, Prefix=self._prefix + below, **after)
            for each in page.get("Contents", ()):
                yield each["Key"].removeprefix(self._prefix), each["Size"], each["LastModified"]
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def remove(self, names: Iterable[str]) -> None:
        """Let go of objects; those that are gone already are no failure."""
        for name in names:
            self._ask("delete_object", name)

    def sweep(self, older_than_s: float) -> int:
        """Give up multipart uploads that nobody has gone on with; answers how many."""
        found = self._ask("list_multipart_uploads", None, Prefix=self._prefix).get("Uploads", ())
        old = [each for each in found if time.time() - each["Initiated"].timestamp() > older_than_s]
        for each in old:
            self._give_up(each["Key"].removeprefix(self._prefix), each["UploadId"])
        return len(old)

    def answers(self) -> None:
        """Raises StoreAway unless the bucket is there and these keys open it."""
        self._ask("list_objects_v2", None, MaxKeys=1, Prefix=self._prefix)

    def _ask(self, operation: str, name: str | None, **given: Any) -> Any:
        key = {} if name is None else {"Key": self._prefix + name}
        call = getattr(_client(self._place, os.getpid()), operation)
        return _said(lambda: call(Bucket=self._place.bucket, **key, **given))


class _Remote(io.RawIOBase):
    """An object as a file: one request as long as it is read on, another after each jump or break."""

    def __init__(self, bucket: Bucket, name: str, size: int) -> None:
        self._bucket, self._name, self._size = bucket, name, size
        self._at = 0
        self._left = b""
        self._chunks: Iterator[bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        wanted = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence] + offset
        if wanted < 0:
            raise ValueError("before the beginning")
        if wanted != self._at:
            self._at, self._left, self._chunks = wanted, b"", None
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if not self._left:
            if self._chunks is None:
                self._chunks = self._bucket.steadily(self._name, self._at, self._size)
            self._left = next(self._chunks, b"")
        taken = min(len(buffer), len(self._left))
        buffer[:taken] = self._left[:taken]
        self._at, self._left = self._at + taken, self._left[taken:]
        return taken


def _require(found: str, sha256: str) -> None:
    if found != sha256:
        raise ValueError(f"these are the bytes of {found}, not of {sha256}")


def _checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _said(ask: Callable[[], T]) -> T:
    """What a request answers; its failures in our words."""
    with _told():
        return ask()


@contextmanager
def _told() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        _tell(str(error.response.get("Error", {}).get("Code", "")), error)
    except (BotoCoreError, HTTPClientError, OSError) as error:
        _tell("", error)


def _tell(code: str, error: Exception) -> NoReturn:
    if code in _MISSING:
        raise ObjectMissing(code) from None
    if code in _TAKEN:
        raise ObjectTaken(code) from None
    if code in _FULL:
        raise StorageFull("Nothing was kept.", hint="Free some space, then send it again.") from None
    log.warning("the bucket does not do what it should: %s", error)
    raise StoreAway("Nothing is lost.", hint="Try again in a moment.", retry_after=5) from None


@lru_cache(maxsize=8)
def _client(place: Place, _process: int) -> Any:
    """One for each process: connections do not cross a fork."""
    import botocore.session
    from botocore.config import Config

    return botocore.session.Session().create_client(
        "s3", region_name=place.region, endpoint_url=place.url or None, aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        config=Config(
            signature_version="s3v4", s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=20,
            max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 4},
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        ),
    )  # fmt: skip
