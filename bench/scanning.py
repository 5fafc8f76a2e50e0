"""A large file from its upload to the end of its scan: megabytes a second of CPU, the most memory, what was found.

    python -m bench.scanning [--megabytes 48] [--form csv|jsonl|zip] [--seed 7]

A generated table goes through the upload in parts, then the job looks at every row and counts the persons. Identifiers
stand in its last rows alone, in a column that was empty before: the job must count exactly those that were written.
Upload and job run in processes of their own, so the memory of each is its own. Answers 1 when a count is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from bench.cast import open_house
from catalog.files import queries, service
from catalog.files.types import PART_BYTES
from catalog.profiles.whole import kinds_found
from compliance.exports import queries as exports
from core import jobs
from core.house import House
from tests import build

NAMES = ("id", "day", "city", "reading", "serial", "remark", "contact")
_CITIES = ("上海市", "北京市", "深圳市", "成都市", "Rotterdam", "Singapore")
_BLOCK = 2_000
_LAST = 5_000


def rows(megabytes: int, chance: Random) -> Iterator[list[str]]:
    """Rows of about that volume; the last ones have a phone number each."""
    block = [
        ["2026-03-14", chance.choice(_CITIES), f"{chance.random():.6f}", f"SN{chance.randrange(10**10):010}",
         f"sensor {n} answered as expected", ""]
        for n in range(_BLOCK)
    ]  # fmt: skip
    size = sum(len(",".join(row).encode()) for row in block) // _BLOCK + 8
    number = megabytes * 1_000_000 // size
    for n in range(number):
        yield [str(n), *block[n % _BLOCK]]
    for n in range(_LAST):
        yield [str(number + n), *block[n % _BLOCK][:-1], f"139{n:08}"]


def write(path: Path, form: str, megabytes: int, seed: int) -> int:
    """The file; answers the bytes of its table."""
    table = path.with_suffix(".table")
    with table.open("w", encoding="utf-8") as target:
        if form != "jsonl":
            target.write(",".join(NAMES) + "\n")
        for row in rows(megabytes, Random(seed)):
            target.write(_line(row, form))
    size = table.stat().st_size
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.write(table, "readings.csv")
        table.unlink()
    else:
        table.replace(path)
    return size


def _line(row: list[str], form: str) -> str:
    if form == "jsonl":
        return json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n"
    return ",".join(row) + "\n"


def upload(house: House, path: Path) -> str:
    """In parts, as a supplier sends it; answers the file's id."""
    who = build.organisation(house)
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        size = path.stat().st_size
        declared = house.db.write(lambda uow: service.declare(uow, who.actor, name=path.name, size=size, sha256=digest))
        source.seek(0)
        for offset in range(0, size, PART_BYTES):
            length = min(PART_BYTES, size - offset)
            service.receive_part(house, who.actor, declared.id, offset=offset, length=length, source=source)
    return service.complete(house, who.actor, declared.id).id


def scan(house: House, _: Path) -> str:
    """Every job that waits."""
    while jobs.run_one(house):
        pass
    return ""


def measured(work: Callable[[House, Path], str], data: Path, path: Path) -> tuple[str, float, float, int]:
    """What it answered, seconds of CPU, seconds by the clock, MiB at most: in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure, (work, data, path))


def _measure(work: Callable[[House, Path], str], data: Path, path: Path) -> tuple[str, float, float, int]:
    house = open_house(data)
    cpu, clock = time.process_time(), time.monotonic()
    made = work(house, path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return made, time.process_time() - cpu, time.monotonic() - clock, used.ru_maxrss // 1024


def run(megabytes: int, form: str, seed: int) -> tuple[list[str], bool]:
    """Lines to print, and whether all that was written was found."""
    with tempfile.TemporaryDirectory(prefix="piaohao-scanning-") as folder:
        data, path = Path(folder) / "data", Path(folder) / f"readings.{form}"
        size = write(path, form, megabytes, seed)
        file_id, *looked = measured(upload, data, path)
        _, *scanned = measured(scan, data, path)
        found = _found(data, file_id)
    lines = [f"{form}, {size / 1e6:,.0f} MB of text"]
    for name, (cpu, clock, memory) in (("upload", looked), ("scan and persons", scanned)):
        lines.append(f"{name:18} {size / 1e6 / cpu:8.1f} MB/s of CPU {clock:8.1f} s {memory:6} MiB at most")
    lines.append(f"found {found}, written {_LAST} phones")
    return lines, found == {"state": "done", "kinds": {"phone": _LAST}, "persons": _LAST}


def _found(data: Path, file_id: str) -> dict[str, Any]:
    house = open_house(data)
    file = house.db.read(lambda uow: queries.many(uow, [file_id]))[file_id]
    counted = house.db.read(lambda uow: exports.person_sets(uow, [file_id]))[file_id]
    assert file.profile is not None
    return {"state": file.scanning.state, "kinds": kinds_found(file.profile.scan), "persons": counted.persons}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=48)
    parser.add_argument("--form", choices=("csv", "jsonl", "zip"), default="csv")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    lines, sound = run(given.megabytes, given.form, given.seed)
    print("\n".join(lines))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
