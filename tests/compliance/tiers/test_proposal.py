"""Proposing a tier: what the scan finds decides, and no finding ever lowers it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.recognisers import ColumnScan, ScanSummary, scan_cells
from compliance.tiers import profile, propose

CN = profile("cn")
CLEAN = ScanSummary(10, (ColumnScan("a"),))


def _scan(**counts: int) -> ScanSummary:
    return ScanSummary(10, (ColumnScan("a", counts),))


@pytest.mark.parametrize(
    ("scans", "facts", "level"),
    [
        ([], {}, 1),
        ([CLEAN], {"origin": "enterprise"}, 1),
        ([CLEAN], {"origin": "government"}, 0),
        ([CLEAN, _scan(phone=1)], {"origin": "government"}, 3),
        ([_scan(resident_id=1)], {}, 3),
        ([_scan(email=1)], {"scene": "speech"}, 3),
        ([_scan(credit_code=500, landline=3)], {}, 1),
        ([ScanSummary(9, (ColumnScan("a", {}, (), {"bank_card": 9}),))], {}, 1),
        ([_scan(resident_id=9_999)], {}, 3),
        ([_scan(resident_id=6_000), _scan(bank_card=4_000)], {}, 4),
        ([_scan(phone=999_999)], {}, 3),
        ([_scan(phone=1_000_000)], {}, 4),
        ([], {"scene": "faces", "formats": {"csv"}}, 2),
        ([], {"scene": "faces", "formats": {"csv", "PNG"}}, 3),
        ([], {"scene": "faces", "formats": {".jpg"}, "origin": "government"}, 3),
        ([], {"scene": "driving", "formats": {"png"}}, 1),
        ([], {"scene": "faces", "origin": "government"}, 2),
    ],
)
def test_the_level_that_data_asks_for(scans: list[ScanSummary], facts: dict[str, Any], level: int) -> None:
    proposal = propose(CN, scans, **facts)
    assert proposal.level == level
    assert all(reason["zh"] and reason["en"] for reason in proposal.reasons)
    assert proposal.reasons


kinds = st.sampled_from(
    ("resident_id", "phone", "email", "plate", "passport", "bank_card", "ip_address", "credit_code")
)
counts = st.dictionaries(kinds, st.integers(0, 2_000_000), max_size=4)


@given(
    counts, counts, st.sampled_from(("faces", "speech", "")), st.sampled_from(("government", "enterprise")),
    st.sets(st.sampled_from(("png", "csv", "wav")))
)  # fmt: skip
def test_one_more_finding_never_lowers_the_tier(
    first: dict[str, int], more: dict[str, int], scene: str, origin: str, formats: set[str]
) -> None:
    few = propose(CN, [_scan(**first)], scene=scene, origin=origin)
    many = propose(CN, [_scan(**first), _scan(**more)], scene=scene, origin=origin, formats=formats)
    assert many.level >= few.level


def test_a_single_phone_number_in_a_file_raises_it_to_l3() -> None:
    scan = scan_cells(["id", "remark"], [["1", "ok"], ["2", "请联系13800138000"]])
    assert propose(CN, [scan], origin="government").level == 3
