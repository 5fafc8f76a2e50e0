"""Loading tier profiles, and refusing one in which a higher tier is laxer in any column."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from compliance.recognisers import ScanSummary
from compliance.tiers.types import ProfileInvalid, TierProfile, TierProposal, TierRow

_ROW_DEFAULTS: dict[str, Any] = {"sample_rows": None, "review_months": None}


@cache
def profile(name: str) -> TierProfile:
    """The profile of that name, validated. Raises ProfileInvalid."""
    source = files("compliance.tiers") / f"{name}.yaml"
    if not name.isalnum() or not source.is_file():
        raise ProfileInvalid(f"there is no tier profile named {name}")
    return parse(yaml.safe_load(source.read_text(encoding="utf-8")))


def parse(document: Mapping[str, Any]) -> TierProfile:
    """A profile from its document. Raises ProfileInvalid naming tier and column."""
    try:
        rows = tuple(TierRow(**{**_ROW_DEFAULTS, **row}) for row in document["tiers"])
        orders = {column: tuple(words) for column, words in document["orders"].items()}
        made = TierProfile(
            document["name"], document["version"], document["effective_from"], rows, orders,
            tuple(document["proposal"]),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ProfileInvalid(f"the profile is incomplete: {error}") from None
    _check_levels(made)
    _check_monotone(made)
    return made


def _check_levels(made: TierProfile) -> None:
    if [row.level for row in made.rows] != list(range(len(made.rows))) or not made.rows:
        raise ProfileInvalid("the levels must run from 0 upwards without a gap")


def _check_monotone(made: TierProfile) -> None:
    for lower, higher in zip(made.rows, made.rows[1:], strict=False):
        for column, order in made.orders.items():
            _compare(column, _rank(lower, column, order), _rank(higher, column, order), higher.level)
        _compare("records_years", lower.records_years, higher.records_years, higher.level)
        _compare("sample_rows", -_or_all(lower.sample_rows), -_or_all(higher.sample_rows), higher.level)
        _compare("review_months", -_or_all(lower.review_months), -_or_all(higher.review_months), higher.level)
        _compare("tradable", not lower.tradable, not higher.tradable, higher.level)


def _rank(row: TierRow, column: str, order: tuple[str, ...]) -> int:
    word = getattr(row, column)
    if word not in order:
        raise ProfileInvalid(f"tier {row.level}: {column} is {word!r}, which the profile does not know")
    return order.index(word)


def _or_all(number: int | None) -> int:
    return 1 << 30 if number is None else number


def _compare(column: str, lower: int, higher: int, level: int) -> None:
    if higher < lower:
        raise ProfileInvalid(f"tier {level} is laxer than tier {level - 1} in {column}")


def propose(using: TierProfile, scans: tuple[ScanSummary, ...], *, scene: str = "", origin: str = "") -> TierProposal:
    """The level that the findings ask for: the first rule that applies from the top, for rules stand strictest first."""
    personal = sum(scan.personal for scan in scans)
    applying = [rule for rule in using.proposal if _applies(rule, personal, scene, origin)]
    if not applying:
        raise ProfileInvalid("no rule of the proposal applies")
    highest = applying[0]["level"]
    return TierProposal(highest, tuple(r["reason"] for r in applying if r["level"] == highest))


def _applies(rule: Mapping[str, Any], personal: int, scene: str, origin: str) -> bool:
    if rule["when"] == "always":
        return True
    if rule["when"] == "personal_identifiers":
        return personal >= int(rule["at_least"])
    return bool({"scene": scene, "origin": origin}.get(rule["when"]) == rule["is"])
