"""Licences: the golden document, its words, and what it allows at its very borders."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.licences import Limits, Parties, Use, evaluate, limits, odrl, words

GOLDEN = Path(__file__).with_name("golden.json")
START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
END = START + timedelta(days=365)
HOLDER, AFFILIATE, STRANGER = (f"org_01jc9x2m5t7rqk8v4e6b0wz3n{letter}" for letter in "pqr")
PARTIES = Parties(
    "lic_01jc9x2m5t7rqk8v4e6b0wz3np", "org_01jc9x2m5t7rqk8v4e6b0wz3ns", HOLDER,
    "lst_01jc9x2m5t7rqk8v4e6b0wz3np", "rev_01jc9x2m5t7rqk8v4e6b0wz3np", START, END,
)  # fmt: skip
TERMS: dict[str, Any] = {
    "purposes": ["training", "evaluation"], "territories": ["CN", "SG"], "recipients": [AFFILIATE], "count": 3,
    "deliveries": ["api", "download"], "watermark": True,
}  # fmt: skip
POLICY = odrl(TERMS, PARTIES)
USE = Use(START, "training", "CN", HOLDER, "api")


def test_the_document_is_the_golden_one() -> None:
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == POLICY


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"at": START - timedelta(microseconds=1)}, "licence_not_started"),
        ({"at": END - timedelta(microseconds=1)}, ""),
        ({"at": END}, "licence_expired"),
        ({"purpose": "evaluation"}, ""),
        ({"purpose": "marketing"}, "purpose_not_declared"),
        ({"purpose": "Training"}, "purpose_not_declared"),
        ({"purpose": ""}, "purpose_not_declared"),
        ({"purpose": None}, "purpose_needed"),
        ({"territory": "SG"}, ""),
        ({"territory": "US"}, "territory_not_permitted"),
        ({"territory": ""}, "territory_not_permitted"),
        ({"recipient": AFFILIATE}, ""),
        ({"recipient": STRANGER}, "recipient_not_permitted"),
        ({"recipient": ""}, "recipient_not_permitted"),
        ({"channel": "download"}, ""),
        ({"channel": "post"}, "delivery_not_permitted"),
        ({"before": 2}, ""),
        ({"before": 3}, "quota_exhausted"),
        ({"at": END, "purpose": "marketing", "territory": "US", "before": 9}, "licence_expired"),
        ({"recipient": STRANGER, "before": 9, "territory": "US"}, "territory_not_permitted"),
    ],
)
def test_each_term_holds_at_its_border_and_the_first_that_does_not_is_told(changes: dict[str, Any], code: str) -> None:
    assert evaluate(POLICY, replace(USE, **changes)).code == code


def test_what_the_terms_do_not_say_does_not_limit_but_for_who_receives() -> None:
    open_ended = odrl({}, replace(PARTIES, ends_at=None))
    anything = Use(END + timedelta(days=9999), None, "US", HOLDER, "download", before=10**9)
    assert evaluate(open_ended, anything).permitted
    assert evaluate(open_ended, replace(anything, recipient=AFFILIATE)).code == "recipient_not_permitted"


def test_one_purpose_need_not_be_said() -> None:
    assert evaluate(odrl({"purposes": ["training"]}, PARTIES), replace(USE, purpose=None)).permitted


def _without(path: list[Any]) -> dict[str, Any]:
    broken = copy.deepcopy(POLICY)
    place: Any = broken
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return broken


def _with(path: list[Any], value: Any) -> dict[str, Any]:
    broken = copy.deepcopy(POLICY)
    place: Any = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return broken


@pytest.mark.parametrize(
    "broken",
    [
        {},
        _without(["profile"]),
        _without(["@context"]),
        _without(["permission"]),
        _without(["permission", 0, "constraint"]),
        _without(["permission", 0, "constraint", 2, "operator"]),
        _with(["@type"], "Offer"),
        _with(["profile"], "urn:piaohao:odrl:2"),
        _with(["permission"], []),
        _with(["permission"], [POLICY["permission"][0]] * 2),
        _with(["permission", 0, "action"], "sell"),
        _with(["permission", 0, "duty"], [{"action": "compensate"}]),
        _with(["permission", 0, "constraint", 2, "leftOperand"], "industry"),
        _with(["permission", 0, "constraint", 2, "operator"], "isNoneOf"),
        _with(["permission", 0, "constraint", 2, "rightOperand"], "training"),
        _with(["permission", 0, "constraint", 2, "unit"], "x"),
        _with(["permission", 0, "constraint", 0, "rightOperand"], "2026-07-01"),
        _with(["permission", 0, "constraint", 0, "rightOperand"], {"@value": "2026-07-01", "@type": "xsd:dateTime"}),
        _with(["permission", 0, "constraint", 6, "rightOperand"], "3"),
        _with(["permission", 0, "constraint", 6, "rightOperand"], True),
    ],
)
def test_what_is_not_understood_allows_nothing(broken: dict[str, Any]) -> None:
    assert evaluate(broken, USE).code == "licence_unreadable"


def test_the_limits_are_what_the_terms_said() -> None:
    expected = Limits(("evaluation", "training"), ("CN", "SG"), (HOLDER, AFFILIATE), ("api", "download"), 3)
    assert limits(POLICY) == expected
    assert limits(odrl({}, PARTIES)) == Limits((), (), (HOLDER,), (), None)
    twice = _with(["permission", 0, "constraint"], POLICY["permission"][0]["constraint"][2:3] * 2)
    for broken in ({}, twice, _with(["permission", 0, "constraint", 2, "leftOperand"], "industry")):
        with pytest.raises(ValueError):
            limits(broken)


@given(
    st.permutations(POLICY["permission"][0]["constraint"]),
    st.sampled_from(["training", "marketing", None]),
    st.sampled_from(["CN", "US"]),
    st.integers(0, 4),
)
def test_the_order_of_constraints_says_nothing(
    order: list[Any], purpose: str | None, territory: str, before: int
) -> None:
    use = replace(USE, purpose=purpose, territory=territory, before=before)
    assert evaluate(_with(["permission", 0, "constraint"], order), use) == evaluate(POLICY, use)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_term_is_said_in_words(language: str) -> None:
    said = words(POLICY, language)
    text = "\n".join(said)
    assert len(said) == 1 + len(POLICY["permission"][0]["constraint"]) + 2
    for part in (HOLDER, AFFILIATE, "CN", "SG", "3", "2026-07-01 08:00:00", "2027-07-01 08:00:00"):
        assert part in text
    assert ("水印" in text) == (language == "zh")


def test_times_are_told_in_the_readers_zone() -> None:
    said = "\n".join(words(POLICY, "en", zone=ZoneInfo("Asia/Kolkata")))
    assert "In force from 2026-07-01 13:30:00 UTC+05:30." in said


def test_names_stand_in_place_of_ids() -> None:
    said = "\n".join(words(POLICY, "zh", {HOLDER: "甲机构"}))
    assert "甲机构" in said
    assert HOLDER not in said


def test_a_term_without_words_is_told_by_its_own_spelling() -> None:
    strange = _with(["permission", 0, "constraint", 2, "leftOperand"], "industry")
    assert "industry isAnyOf ['evaluation', 'training']" in words(strange, "en")
