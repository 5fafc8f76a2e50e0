"""Ranges of bytes: what RFC 9110 allows, and coverage against a plain oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.delivery.errors import RangeNotSatisfiable
from exchange.delivery.rules import covers, wanted_range
from exchange.delivery.types import ByteRange


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=90-", ByteRange(90, 100)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-5", ByteRange(95, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("bytes=5-3", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("nonsense", None),
    ],
)
def test_headers(header: str | None, expected: ByteRange | None) -> None:
    assert wanted_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=1000-2000"])
def test_ranges_that_the_file_does_not_have(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        wanted_range(header, 100)


@given(
    size=st.integers(0, 30),
    ranges=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=6),
)
def test_coverage_is_that_of_sets_of_bytes(size: int, ranges: list[tuple[int, int]]) -> None:
    parts = [ByteRange(start, min(size, start + length)) for start, length in ranges if start < size]
    held = {byte for part in parts for byte in range(part.start, part.stop)}
    assert covers(size, parts) == (held >= set(range(size)))
