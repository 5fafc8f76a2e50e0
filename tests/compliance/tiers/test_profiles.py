"""Tier profiles: the table of the design, and refusal of every profile that is laxer somewhere above."""

from __future__ import annotations

import copy
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml

from compliance.tiers import ProfileInvalid, TierProfile, parse, profile

# The table as people read it, written down again without the product's file: one line a column, L0 to L5.
TABLE: dict[str, list[Any]] = {
    "metadata": ["anyone", "anyone", "registered", "qualified", "qualified_masked", "invitees"],
    "sample": ["full", "rows", "rows_deidentified", "synthetic", "statistics", "none"],
    "sample_rows": [None, 100, 100, 20, 0, 0],
    "buy": ["anyone", "registered", "qualified", "qualified_full", "enhanced", "enhanced_filed"],
    "delivery": ["download", "download", "watermarked_download", "api_quota", "in_platform", "enclave"],
    "order_approval": [
        "none", "none", "by_policy", "supplier", "supplier_and_officer", "supplier_officer_authority",
    ],
    "contract": [
        "licence_text", "click_through", "signed_licence", "nda_and_contract", "personal_data_clauses", "bespoke",
    ],
    "link": ["any", "any", "any", "day_own_key", "day_own_key_mfa", "dual_control"],
    "export": ["allowed", "allowed", "no_personal_data", "counted", "assessed", "blocked"],
    "signatories": [1, 1, 1, 2, 2, 2],
    "second_factor": ["none", "none", "signing", "signing", "signing_and_download", "signing_and_download"],
    "fields": ["shown", "shown", "shown", "shown", "masked", "masked"],
    "countries": ["any", "any", "any", "any", "home", "home"],
    "quota": ["optional", "optional", "optional", "required", "required", "required"],
    "not_built": ["", "", "", "", "in_platform_compute", "enclave"],
    "records_years": [3, 3, 3, 3, 5, 10],
    "review_months": [None, 24, 12, 12, 6, 3],
}  # fmt: skip


def _document(name: str = "cn") -> dict[str, Any]:
    loaded = yaml.safe_load((files("compliance.tiers") / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("column", sorted(TABLE))
def test_the_cn_profile_is_the_table(column: str) -> None:
    assert [getattr(row, column) for row in profile("cn").rows] == TABLE[column]


@pytest.mark.parametrize("name", ["cn", "generic"])
def test_profiles_have_a_version_a_day_and_names_in_both_languages(name: str) -> None:
    found = profile(name)
    assert (found.name, found.highest) == (name, 5)
    assert found.version >= 1
    assert isinstance(found.effective_from, date)
    assert all(row.name["zh"] and row.name["en"] for row in found.rows)


def _swapped() -> list[tuple[str, int]]:
    """Every pair of neighbours that differ in a column: with their values exchanged, the higher one is laxer."""
    rows = _document()["tiers"]
    columns = [*TABLE, "listing_approval"]
    return [(c, n) for c in columns for n in range(5) if rows[n].get(c) != rows[n + 1].get(c)]


@pytest.mark.parametrize(("column", "level"), _swapped())
def test_a_profile_in_which_a_higher_tier_is_laxer_is_refused_by_name(column: str, level: int) -> None:
    document = copy.deepcopy(_document())
    lower, higher = document["tiers"][level], document["tiers"][level + 1]
    lower[column], higher[column] = higher.get(column), lower.get(column)
    with pytest.raises(ProfileInvalid, match=rf"tier \d is laxer than tier \d in {column}"):
        parse(document)


def _without(document: dict[str, Any], *path: Any) -> dict[str, Any]:
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return document


def _with(document: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


@pytest.mark.parametrize(
    "broken",
    [
        {},
        _without(_document(), "tiers", 2),
        _without(_document(), "tiers", 2, "metadata"),
        _without(_document(), "orders", "export"),
        _with(_document(), "everyone", "tiers", 0, "metadata"),
        _with(_document(), -1, "tiers", 5, "sample_rows"),
        _with(_document(), True, "tiers", 5, "records_years"),
        _with(_document(), "watermark", "tiers", 2, "not_built"),
        _with(_document(), True, "tiers", 5, "signatories"),
        _with(_document(), 0, "tiers", 0, "signatories"),
        _with(_document(), {"en": "open"}, "tiers", 0, "name"),
        _with(_document(), "1", "version"),
        _with(_document(), [], "proposal", "otherwise"),
        _with(_document(), 9, "proposal", "findings", 0, "level"),
        _with(_document(), {"weather": ["bad"]}, "proposal", "findings", 0, "when"),
        _with(_document(), {"scene": "faces"}, "proposal", "findings", 0, "when"),
        _with(_document(), ["anyone", "anyone"], "orders", "metadata"),
        _with(_document(), "x", "tiers", 0, "unheard_of"),
    ],
)
def test_a_profile_with_a_hole_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ProfileInvalid):
        parse(broken)


@pytest.mark.parametrize("name", ["", "none", "../cn", "cn.yaml", "ｃｎ"])
def test_there_is_no_other_profile(name: str) -> None:
    with pytest.raises(ProfileInvalid):
        profile(name)


def test_a_level_that_is_not_there_is_not_guessed() -> None:
    found: TierProfile = profile("cn")
    with pytest.raises(KeyError):
        found.row(6)
