"""Loading tier profiles, and refusing one in which a higher tier is laxer in any column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml

from compliance.tiers.types import ExportThreshold, ProfileInvalid, ProposalRule, TierProfile, TierRow

_NUMBERS = ("level", "sample_rows", "records_years", "review_months", "signatories")
_NEEDED_NUMBERS = ("records_years", "signatories")
_WORDS = frozenset(field.name for field in fields(TierRow)) - {*_NUMBERS, "name"}
FACTS = {
    "personal_identifiers": int, "sensitive_identifiers": int, "personal_inputs": int, "scene": list, "origin": list,
    "formats": list,
}  # fmt: skip


def profile(name: str, on: date | None = None) -> TierProfile:
    """The version of that profile which holds on a day; without one, on the day that ``follow`` told.

    Raises ProfileInvalid: there is no such profile, or none of its versions holds yet.
    """
    day = on or _today[-1]
    holding = [each for each in versions(name) if day is None or each.effective_from <= day]
    if not holding:
        raise ProfileInvalid(f"no version of {name} holds on {day}")
    return holding[-1]


def follow(day: date) -> None:
    """What day it is, from now on in this process: a version holds from its day, without a restart."""
    _today[-1] = day


_today: list[date | None] = [None]


@cache
def versions(name: str) -> tuple[TierProfile, ...]:
    """Every version of a profile, the oldest first: ``name.yaml``, and ``name-2.yaml`` for what holds at other times.

    Raises ProfileInvalid.
    """
    folder = files("compliance.tiers")
    if not (name.isalnum() and name.isascii() and (folder / f"{name}.yaml").is_file()):
        raise ProfileInvalid(f"there is no tier profile named {name}")
    sources = [each for each in folder.iterdir() if each.name == f"{name}.yaml" or _is_version(each.name, name)]
    return ordered(parse(yaml.safe_load(source.read_text(encoding="utf-8"))) for source in sources)


def _is_version(file_name: str, name: str) -> bool:
    return re.fullmatch(rf"{name}-\d+\.yaml", file_name) is not None


def ordered(found: Iterable[TierProfile]) -> tuple[TierProfile, ...]:
    """Versions of one profile by their day. Raises ProfileInvalid when a later day has not the higher number."""
    made = tuple(sorted(found, key=lambda each: each.effective_from))
    for earlier, later in pairwise(made):
        if not (earlier.version < later.version and earlier.effective_from < later.effective_from):
            raise ProfileInvalid(
                f"versions {earlier.version} and {later.version} hold from the same day, or in reverse"
            )
    return made


def parse(document: Mapping[str, Any]) -> TierProfile:
    """A profile from its document. Raises ProfileInvalid naming tier and column."""
    try:
        made = _read(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProfileInvalid(f"the profile is incomplete: {error}") from None
    _check_head(made)
    _check_levels(made)
    _check_monotone(made)
    _check_proposal(made)
    _check_exports(made)
    _check_impacts(made)
    return made


def _read(document: Mapping[str, Any]) -> TierProfile:
    rules = document["proposal"]
    return TierProfile(
        name=document["name"],
        version=document["version"],
        effective_from=document["effective_from"],
        rows=tuple(TierRow(**row) for row in document["tiers"]),
        orders={column: tuple(words) for column, words in document["orders"].items()},
        findings=tuple(_rule(rule) for rule in rules["findings"]),
        otherwise=tuple(_rule(rule) for rule in rules["otherwise"]),
        degrees=tuple(document["impact"]["degrees"]),
        impacts={each: tuple(map(_level, levels)) for each, levels in document["impact"]["objects"].items()},
        impact_names=document["impact"]["names"],
        exports=tuple(ExportThreshold(**{**each, "accepts": tuple(each["accepts"])}) for each in document["exports"]),
    )


def _rule(raw: Mapping[str, Any]) -> ProposalRule:
    for fact, needed in raw["when"].items():
        if fact not in FACTS or type(needed) is not FACTS[fact]:
            raise ProfileInvalid(f"a rule of the proposal asks for {fact}: {needed!r}, which is not known")
    when = {fact: tuple(needed) if isinstance(needed, list) else needed for fact, needed in raw["when"].items()}
    return ProposalRule(when, raw["level"], raw["reason"])


def _check_head(made: TierProfile) -> None:
    if type(made.version) is not int or not isinstance(made.effective_from, date):
        raise ProfileInvalid("a profile has a version and the day from which it holds")
    if frozenset(made.orders) != _WORDS:
        raise ProfileInvalid(f"no order, or one too many: {', '.join(sorted(frozenset(made.orders) ^ _WORDS))}")
    for column, words in made.orders.items():
        if len(set(words)) != len(words):
            raise ProfileInvalid(f"{column} names a word twice")


def _check_levels(made: TierProfile) -> None:
    if [row.level for row in made.rows] != list(range(len(made.rows))) or not made.rows:
        raise ProfileInvalid("the levels must run from 0 upwards without a gap")
    for row in made.rows:
        for column in _NUMBERS[1:]:
            _check_number(row, column, getattr(row, column))
        if set(row.name) != {"zh", "en"}:
            raise ProfileInvalid(f"tier {row.level}: a name in both languages")


def _check_number(row: TierRow, column: str, value: Any) -> None:
    if value is None and column not in _NEEDED_NUMBERS:
        return
    if type(value) is not int or value < (column == "signatories"):
        raise ProfileInvalid(f"tier {row.level}: {column} is {value!r}, not such a number")


def _check_monotone(made: TierProfile) -> None:
    for lower, higher in pairwise(made.rows):
        before, after = dict(_strictness(made, lower)), dict(_strictness(made, higher))
        for column, strict in after.items():
            if strict < before[column]:
                raise ProfileInvalid(f"tier {higher.level} is laxer than tier {lower.level} in {column}")


def _strictness(made: TierProfile, row: TierRow) -> Iterable[tuple[str, int]]:
    """Every column as a number that must not fall from one tier to the next."""
    for column, order in made.orders.items():
        word = getattr(row, column)
        if word not in order:
            raise ProfileInvalid(f"tier {row.level}: {column} is {word!r}, which the profile does not know")
        yield column, order.index(word)
    yield "sample_rows", -_or_all(row.sample_rows)
    yield "review_months", -_or_all(row.review_months)
    yield "records_years", row.records_years
    yield "signatories", row.signatories


def _or_all(number: int | None) -> int:
    return 1 << 30 if number is None else number


def _check_proposal(made: TierProfile) -> None:
    levels = {row.level for row in made.rows}
    for rule in made.findings + made.otherwise:
        if rule.level not in levels or set(rule.reason) != {"zh", "en"}:
            raise ProfileInvalid(
                f"a rule proposes tier {rule.level} without a reason in both languages, or no such tier"
            )
    if not made.otherwise or made.otherwise[-1].when:
        raise ProfileInvalid("the last rule of the proposal must fit everything")


def _level(raw: Any) -> int | None:
    """A level as a number; core data has none."""
    if raw == "core":
        return None
    if type(raw) is not int:
        raise ProfileInvalid(f"impact: {raw!r} is neither a level nor core")
    return raw


def _check_impacts(made: TierProfile) -> None:
    if not made.degrees or len(set(made.degrees)) != len(made.degrees) or not made.impacts:
        raise ProfileInvalid("impact: degrees from least to worst, and a line of levels for each object")
    named = made.impact_names
    if set(named) != {*made.degrees, *made.impacts} or any(set(words) != {"zh", "en"} for words in named.values()):
        raise ProfileInvalid("impact: a name in both languages for each object and degree")
    for name, levels in made.impacts.items():
        known = all(level is None or 0 <= level <= made.highest for level in levels)
        if len(levels) != len(made.degrees) or not known:
            raise ProfileInvalid(f"impact: {name} needs a level of this profile for each degree")
        worse = [made.highest + 1 if level is None else level for level in levels]
        if worse != sorted(worse):
            raise ProfileInvalid(f"impact: a worse degree gives a lower level for {name}")


def _check_exports(made: TierProfile) -> None:
    if not made.exports or not all(_is_threshold(each) for each in made.exports):
        raise ProfileInvalid("exports: each threshold has numbers from 1 and the clearances that it accepts")
    for lower, higher in pairwise(made.exports):
        grows = lower.persons < higher.persons and lower.sensitive < higher.sensitive
        if not grows or not set(higher.accepts) < set(lower.accepts):
            raise ProfileInvalid("exports: a higher threshold accepts less than a lower one")


def _is_threshold(each: ExportThreshold) -> bool:
    numbers = all(type(number) is int and number > 0 for number in (each.persons, each.sensitive))
    return numbers and bool(each.accepts) and len(set(each.accepts)) == len(each.accepts)
