"""Parts in a bucket, so that any machine takes the next part and any completes the upload.

A part is an object named by its upload and offset, written once: of two that are sent at the same time for one place
the first stands, whole. That its bytes are the declared ones shows when the file is complete, as always.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from uuid import uuid4

from catalog.files import uploads
from catalog.files.store import sweep_folder, told_when_full
from core.buckets import Bucket, ObjectTaken, StoreAway, bucket_of
from core.house import House

PART_PREFIX = "closed/uploads/"


def parts_of(house: House) -> uploads.Parts:
    """Where parts wait: in the bucket when there is one, else in the data folder."""
    bucket, folder = bucket_of(house.settings, PART_PREFIX), uploads.folder(house)
    return uploads.LocalParts(folder) if bucket is None else S3Parts(bucket, folder)


class S3Parts:
    """Nobody waits for a turn: what two do at once, each of them may do again."""

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket, self._scratch = bucket, scratch

    def turn(self, upload_id: str, *, wait: bool = True) -> AbstractContextManager[None]:
        return nullcontext()

    def add(self, upload_id: str, part: Path, offset: int) -> int:
        return add_at(self._bucket, upload_id, offset, part.read_bytes())

    @contextmanager
    def whole(self, upload_id: str) -> Iterator[Path]:
        path = self._scratch / f"{upload_id}.{uuid4().hex}.part"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with told_when_full():
                self._gather(upload_id, path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _gather(self, upload_id: str, path: Path) -> None:
        """As far as one part follows the other without a gap."""
        with path.open("xb") as file:
            for name, _, _ in self._bucket.names(f"{upload_id}/"):
                if int(name.rpartition("/")[2]) != file.tell():
                    return
                shutil.copyfileobj(self._bucket.open(name), file, 1 << 20)

    def empty(self, upload_id: str) -> None:
        self._bucket.remove([name for name, _, _ in self._bucket.names(f"{upload_id}/")])

    def drop(self, upload_id: str) -> None:
        self.empty(upload_id)

    def sweep(self, going_on: set[str], older_than_s: float) -> int:
        left = [
            name for name, _, at in self._bucket.names()
            if name.partition("/")[0] not in going_on and time.time() - at.timestamp() > older_than_s
        ]  # fmt: skip
        self._bucket.remove(left)
        return len(left) + sweep_folder(self._scratch, "*.part", older_than_s)


def add_at(bucket: Bucket, upload_id: str, offset: int, part: bytes) -> int:
    """Keep a part unless one is there; answers how far the upload reaches with the one that stands."""
    name = f"{upload_id}/{offset:020}"
    try:
        bucket.put(name, part, only_new=True)
    except ObjectTaken:
        taken = bucket.size(name)
        if taken is None:
            raise StoreAway("Nothing was kept.", hint="Send the part again.", retry_after=1) from None
        return offset + taken
    return offset + len(part)
