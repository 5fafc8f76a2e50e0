"""A disk that is full: a file system of 64 MiB where one can be mounted, else a limit on the size of files."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from bench.badinput.sheet import Sheet
from bench.cast import assemble, open_house
from bench.client import PREFIX, Person
from tests.servers.exchange import Running

_MIB = 1 << 20
_PART = 8 * _MIB
_DISK_MIB = 64
_TEXT = "数据" * 9_000
_FULL = (507, "storage_full")
_MOST_COMMANDS = 2_000


class Disk(Protocol):
    """Where the data folder lies, and how its room is used up and given back."""

    name: str
    running: Running

    def fill(self) -> None: ...

    def free(self) -> None: ...


class SmallFileSystem:
    """A tmpfs of 64 MiB with a file that takes what is left of it."""

    name = f"a disk of {_DISK_MIB} MiB"

    def __init__(self, running: Running) -> None:
        self.running = running
        self._filler = running.data / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as filler:
            for size in (_MIB, 4096, 1):
                while True:
                    try:
                        filler.write(b"x" * size)
                    except OSError:
                        break

    def free(self) -> None:
        self._filler.unlink()


class SmallFiles:
    """No file may become larger than this; lifted by a restart."""

    name = "files of 6 MiB at most"

    def __init__(self, running: Running) -> None:
        self.running = running

    def fill(self) -> None:
        """The limit stands from the start."""

    def free(self) -> None:
        self.running.stop()
        self.running.start()
        self.running.wait()


def play(folder: Path) -> Sheet:
    """All cases on an exchange of their own; answers their sheet."""
    with _small(folder / "small") as (disk, people):
        sheet = Sheet(disk.running.data)
        supplier, cast_listing = people
        _upload(disk, sheet, supplier)
        _command(disk, sheet, supplier, cast_listing)
        with sheet.case(f"{disk.name}: afterwards the log is read") as case:
            done = disk.running.run("--profile", "test", "audit", "verify")
            case.say(done.stdout.strip())
            case.check(done.returncode == 0, done.stderr[-500:])
    return sheet


def _upload(disk: Disk, sheet: Sheet, supplier: Person) -> None:
    upload = supplier.must("POST", "/uploads", {"name": "a.csv", "size": 12 * _PART, "sha256": "0" * 64})
    path, taken = f"{PREFIX}/uploads/{upload['id']}", 0
    reply = supplier.send("PUT", f"{path}/parts?offset=0", b"x" * _PART)
    while reply.status == 200:
        taken += _PART
        reply = supplier.send("PUT", f"{path}/parts?offset={taken}", b"x" * _PART)
    with sheet.case(f"{disk.name}: a part that has no room") as case:
        case.replied(reply, _FULL)
        case.replied(supplier.send("PUT", f"{path}/parts?offset={taken}", b"x" * _PART), _FULL)
        now = supplier.must("GET", f"/uploads/{upload['id']}")
        case.say(f"{now['received'] // _MIB} MiB are here as before")
        case.check(now["received"] == taken, f"{taken} bytes were acknowledged")
        left = [each.name for each in (disk.running.data / "uploads").glob("*.part")]
        case.check(not left, f"left behind: {left}")


def _command(disk: Disk, sheet: Sheet, supplier: Person, listing_id: str) -> None:
    disk.fill()
    body = {"title": {"en": "No room"}, "description": {"zh": _TEXT}}
    made, key = list[str](), uuid4().hex
    reply = supplier.send("POST", f"{PREFIX}/listings", body, Idempotency_Key=key)
    while reply.status == 201 and len(made) < _MOST_COMMANDS:
        made, key = [*made, reply.body["id"]], uuid4().hex
        reply = supplier.send("POST", f"{PREFIX}/listings", body, Idempotency_Key=key)
    with sheet.case(f"{disk.name}, full: a command") as case:
        case.replied(reply, _FULL)
        case.replied(supplier.send("POST", f"{PREFIX}/listings", body, Idempotency_Key=key), _FULL)
        case.say(f"after {len(made)} that still had room")
        read = supplier.send("GET", f"{PREFIX}/listings/{listing_id}").status
        case.say(f"a listing is read: {read}")
        case.check(read == 200, "reading should go on")
    disk.free()
    supplier.close()
    with sheet.case(
        f"{disk.name}, freed: the same command with the same key",
        may_change=("listing", "audit_entry", "idempotency", "gateway_change"),
    ) as case:
        again = supplier.send("POST", f"{PREFIX}/listings", body, Idempotency_Key=key)
        case.say(f"{again.status}; of {len(made)} earlier ones {_found(supplier, made)} are there")
        case.check(again.status == 201, f"it should work now: {again.body}")
        case.check(_found(supplier, made) == len(made), "answered commands are gone")


def _found(supplier: Person, ids: list[str]) -> int:
    return sum(supplier.send("GET", f"{PREFIX}/listings/{each}").status == 200 for each in ids)


@contextmanager
def _small(data: Path) -> Iterator[tuple[Disk, tuple[Person, str]]]:
    data.mkdir()
    mounted = _mounted(data)
    try:
        house = open_house(data)
        cast = assemble(house)
        house.db.engine.dispose()
        running = _started(data, limited=not mounted)
        try:
            running.wait()
            disk: Disk = SmallFileSystem(running) if mounted else SmallFiles(running)
            yield disk, (Person(running.port, cast.supplier.token), cast.listing_id)
            running.stop()
        finally:
            running.kill()
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(data)], check=False)


def _mounted(data: Path) -> bool:
    """Whether a small file system could be put there; that takes a right that not everybody has."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "piaohao-small", str(data)]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _started(data: Path, *, limited: bool) -> Running:
    """Children inherit the limit of this process, which gets its own back at once."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limited:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6 * _MIB, before[1]))
    try:
        return Running(data, web_workers=1, profile="test")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
