"""What can be done to a zip without touching what its files say: each must be caught all the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

Change = Callable[[bytes, Random], bytes]


def flip(raw: bytes, chance: Random) -> bytes:
    """The same bytes but for one bit."""
    return _flipped(raw, chance.randrange(len(raw)), chance)


def _flipped(raw: bytes, place: int, chance: Random) -> bytes:
    changed = bytearray(raw)
    changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def contents(whole: bytes) -> dict[str, bytes]:
    """The files, read by another program than the verifier."""
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def written(
    files: Mapping[str, bytes], *, method: int = zipfile.ZIP_STORED, comment: bytes = b"", **info: Any
) -> bytes:
    """A zip by the standard library; without anything further exactly what the exchange packs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.external_attr, member.create_system, member.compress_type = 0o100644 << 16, 3, method
            for attribute, value in info.items():
                setattr(member, attribute, value)
            archive.writestr(member, content)
        archive.comment = comment
    return made.getvalue()


def a_bit(whole: bytes, chance: Random) -> bytes:
    return flip(whole, chance)


def a_bit_outside_the_files(whole: bytes, chance: Random) -> bytes:
    """In a header, or in the list of files at the end."""
    inside: set[int] = set()
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        for info in opened.infolist():
            start = info.header_offset + 30 + len(info.filename)
            inside.update(range(start, start + info.file_size))
    return _flipped(whole, chance.choice([place for place in range(len(whole)) if place not in inside]), chance)


def cut_short(whole: bytes, chance: Random) -> bytes:
    return whole[: chance.randrange(len(whole))]


def something_behind(whole: bytes, chance: Random) -> bytes:
    return whole + chance.randbytes(chance.choice([1, 22, 4000]))


def something_before(whole: bytes, chance: Random) -> bytes:
    return chance.choice([b"#!/bin/sh\n", b"PK", whole[: chance.randrange(30, 3000)]]) + whole


def packed_again(whole: bytes, _chance: Random) -> bytes:
    """As any other program packs: compressed."""
    return written(contents(whole), method=zipfile.ZIP_DEFLATED)


def dated(whole: bytes, chance: Random) -> bytes:
    return written(contents(whole), date_time=(chance.randint(1981, 2100), 2, chance.randint(1, 28), 3, 4, 6))


def commented(whole: bytes, chance: Random) -> bytes:
    return written(contents(whole), comment=chance.randbytes(9).hex().encode())


def extra_fields(whole: bytes, chance: Random) -> bytes:
    return written(contents(whole), extra=b"\xfe\xca\x04\x00" + chance.randbytes(4))


def other_attributes(whole: bytes, chance: Random) -> bytes:
    return written(contents(whole), external_attr=chance.choice([0o100755, 0o120777, 0o100600]) << 16)


def of_another_system(whole: bytes, _chance: Random) -> bytes:
    return written(contents(whole), create_system=0)


def another_order(whole: bytes, chance: Random) -> bytes:
    files = list(contents(whole).items())
    first, second = sorted(chance.sample(range(len(files)), 2))
    files[first], files[second] = files[second], files[first]
    return written(dict(files))


def a_file_that_is_not_listed(whole: bytes, _chance: Random) -> bytes:
    """It stands among the files, but the list at the end does not name it: other programs do not see it."""
    hidden = written({"zz/hidden.json": b"{}"})
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        place = opened.start_dir
    end = bytearray(whole[place:])
    end[-6:-2] = (place + hidden.index(b"PK\x01\x02")).to_bytes(4, "little")
    return whole[:place] + hidden[: hidden.index(b"PK\x01\x02")] + bytes(end)


CHANGES: tuple[Change, ...] = (
    a_bit, a_bit_outside_the_files, cut_short, something_behind, something_before, packed_again, dated, commented,
    extra_fields, other_attributes, of_another_system, another_order, a_file_that_is_not_listed,
)  # fmt: skip
