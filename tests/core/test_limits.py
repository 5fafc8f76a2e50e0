"""Limits of calls: what is a document of them, what is refused by name, and that nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import limits
from core.limits import LimitsInvalid

DEFAULTS = {
    "rate_per_second": 50, "burst": 100, "concurrency": 20, "quota": None, "quota_period": None, "trial_calls": 0,
}  # fmt: skip


def test_what_is_left_out_has_its_default() -> None:
    assert limits.parse({}).document() == DEFAULTS
    assert limits.parse({"rate_per_second": 500}).burst == 500, "a steady caller is never refused at the rate sold"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("fast", "limits"),
        ([], "limits"),
        (None, "limits"),
        ({"rate": 5}, "limits.rate"),
        ({"x" * 90: 5}, "limits." + "x" * 40),
        ({"rate_per_second": 0}, "limits.rate_per_second"),
        ({"rate_per_second": True}, "limits.rate_per_second"),
        ({"rate_per_second": 1.5}, "limits.rate_per_second"),
        ({"rate_per_second": "5"}, "limits.rate_per_second"),
        ({"rate_per_second": 100_001}, "limits.rate_per_second"),
        ({"rate_per_second": 5, "burst": 4}, "limits.burst"),
        ({"concurrency": 0}, "limits.concurrency"),
        ({"concurrency": None}, "limits.concurrency"),
        ({"trial_calls": -1}, "limits.trial_calls"),
        ({"quota": 0, "quota_period": "day"}, "limits.quota"),
        ({"quota": 2**53, "quota_period": "day"}, "limits.quota"),
        ({"quota": 5}, "limits.quota_period"),
        ({"quota_period": "day"}, "limits.quota_period"),
        ({"quota": 5, "quota_period": "year"}, "limits.quota_period"),
        ({"quota": 5, "quota_period": ["day"]}, "limits.quota_period"),
    ],
)
def test_what_is_no_limit_is_refused_with_its_field(document: object, field: str) -> None:
    with pytest.raises(LimitsInvalid) as refused:
        limits.parse(document)
    assert refused.value.field == field


_JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from([*DEFAULTS, "other"]), _JSON))
def test_any_document_is_read_the_same_again_or_refused_with_a_field(document: dict[str, Any]) -> None:
    try:
        read = limits.parse(document)
    except LimitsInvalid as refusal:
        assert str(refusal.field).startswith("limits")
    else:
        assert limits.parse(read.document()) == read
        assert read.burst >= read.rate_per_second
