"""When data may leave the country, at every boundary of the numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compliance.exports import rules
from compliance.exports.types import ClearanceSnapshot, Count, Verdict
from compliance.tiers import profile

_NOW = datetime(2026, 11, 26, tzinfo=UTC)
_LIMITS = profile("cn").exports
_CONTRACT = ("standard_contract", "certification", "security_assessment")
_ASSESSMENT = ("security_assessment",)


def _judge(word: str, own: Count | None, after: Count, *clearances: ClearanceSnapshot) -> Verdict:
    return rules.judge(word, ["SG"], _LIMITS, clearances, _NOW, own=own, after=after)


def _clearance(mechanism: str, *countries: str, days: int = 30) -> ClearanceSnapshot:
    return ClearanceSnapshot(
        "exc_1", "org_1", mechanism, "2026-1", countries, _NOW - timedelta(days=1), _NOW + timedelta(days=days),
        "acc_1", _NOW, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("persons", "sensitive", "accepts"),
    [
        (0, 0, ()), (99_999, 0, ()), (100_000, 0, _CONTRACT), (999_999, 0, _CONTRACT), (1_000_000, 0, _ASSESSMENT),
        (1, 1, _CONTRACT), (9_999, 9_999, _CONTRACT), (10_000, 10_000, _ASSESSMENT), (999_999, 9_999, _CONTRACT),
        (999_999, 10_000, _ASSESSMENT),
    ],
)  # fmt: skip
def test_thresholds(persons: int, sensitive: int, accepts: tuple[str, ...]) -> None:
    count = Count(persons, sensitive)
    verdict = _judge("counted", count, count)
    assert verdict.accepts == accepts
    assert verdict.permitted == (not accepts)
    assert verdict.code == ("export_threshold_reached" if accepts else "")


@pytest.mark.parametrize(
    ("word", "own", "code"),
    [
        ("allowed", None, ""), ("no_personal_data", Count(), ""), ("no_personal_data", Count(1), "export_blocked"),
        ("no_personal_data", None, "export_not_countable"), ("counted", None, "export_not_countable"),
        ("counted", Count(), ""), ("assessed", Count(), "export_blocked"), ("blocked", Count(), "export_blocked"),
        ("a word of tomorrow", Count(), "export_blocked"),
    ],
)  # fmt: skip
def test_the_tiers_word_decides(word: str, own: Count | None, code: str) -> None:
    assert _judge(word, own, own or Count()).code == code


@pytest.mark.parametrize(
    ("word", "clearance", "permitted"),
    [
        ("counted", _clearance("standard_contract"), True),
        ("counted", _clearance("standard_contract", "SG"), True),
        ("counted", _clearance("standard_contract", "US"), False),
        ("counted", _clearance("standard_contract", days=0), False),
        ("assessed", _clearance("standard_contract"), False),
        ("assessed", _clearance("security_assessment"), True),
        ("blocked", _clearance("security_assessment"), False),
        ("no_personal_data", _clearance("security_assessment"), False),
    ],
)
def test_a_clearance_covers_what_it_says(word: str, clearance: ClearanceSnapshot, permitted: bool) -> None:
    assert _judge(word, Count(100_000), Count(100_000), clearance).permitted == permitted


def test_what_stays_at_home_is_not_counted() -> None:
    assert rules.destinations("CN", ["CN", "CN"]) == ()
    assert rules.judge("blocked", (), _LIMITS, (), _NOW, own=None).permitted
    assert rules.destinations("CN", ["CN", "US", "", "SG"]) == ("", "SG", "US")
