"""Who stands in a table."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from compliance.exports.persons import hash_of, hashes, normal
from compliance.exports.sets import FURTHER, SENSITIVE
from compliance.recognisers import scan_cells


def _mac(data: bytes) -> bytes:
    return hmac.digest(b"k" * 32, data, "sha256")


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident(number: int) -> str:
    """The number-th resident ID, with its check character."""
    body = f"110101{1950 + number // 1000 % 50}0101{number % 1000:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def _count(names: list[str], rows: list[list[str]]) -> tuple[int, int]:
    scan = scan_cells(names, rows)
    strictest: dict[bytes, int] = {}
    for known, run in hashes([("", names, rows)], scan, _mac):
        strictest[known] = min(run, strictest.get(known, FURTHER))
    runs = list(strictest.values())
    return sum(run != FURTHER for run in runs), runs.count(SENSITIVE)


@pytest.mark.parametrize(
    ("names", "rows", "persons", "sensitive"),
    [
        (["a"], [["nothing"]], 0, 0),
        (["phone"], [["13800138000"], ["13800138001"], ["+86 138-0013-8000"]], 2, 0),
        (["id", "phone"], [[resident(1), "13800138000"], [resident(2), "13800138000"]], 2, 2),
        (["id", "phone"], [[resident(1), "13800138000"], [resident(1), "13800138009"]], 1, 1),
        (["caller", "called"], [["13800138000", "13800138001"]], 2, 0),
        (["id", "caller", "called"], [[resident(1), "13800138000", "13800138001"]], 2, 2),
        (["mail"], [["A.B@Example.org"], ["a.b@example.org"]], 1, 0),
        (["姓名", "城市"], [["王伟", "北京"], ["王伟", "上海"], ["王伟", "北京"]], 2, 0),
        (["姓名", "手机"], [["王伟", "13800138000"], ["王伟", "13800138000"]], 1, 0),
        (["text"], [["call 13800138000 or 13900139000"]], 2, 0),
    ],
)
def test_persons_of_rows(names: list[str], rows: list[list[str]], persons: int, sensitive: int) -> None:
    assert _count(names, rows) == (persons, sensitive)


def test_what_a_column_speaks_against_names_nobody() -> None:
    serials = [[f"62{number:014d}"] for number in range(300)]
    assert _count(["serial"], serials) == (0, 0)


def test_an_identifier_is_found_by_whoever_writes_it_otherwise() -> None:
    assert normal("phone", "0086 138 0013 8000") == normal("phone", "１３８００１３８０００")
    assert normal("resident_id", "11010119900307001x") == "11010119900307001X"
    kinds = {hash_of(_mac, kind, "13800138000") for kind in ("phone", "bank_card")}
    assert len(kinds) == 2
    assert all(len(each) == 16 and hashlib.sha256(b"phone:13800138000").digest()[:16] != each for each in kinds)
