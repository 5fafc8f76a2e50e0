"""What a stated harm makes of data, by hand from GB/T 43697; versions of a profile by the day they hold from."""

from __future__ import annotations

import copy
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml

from compliance.tiers import ProfileInvalid, derive, follow, ordered, parse, profile

# None to especially serious, by whom the harm falls on; 9 is core data.
TABLE = {
    "national_security": (1, 5, 9, 9),
    "economic_operation": (1, 3, 5, 9),
    "social_order": (1, 3, 5, 9),
    "public_interest": (1, 3, 5, 9),
    "organisation": (1, 2, 3, 4),
    "person": (1, 2, 3, 4),
}
DEGREES = ("none", "general", "serious", "especially_serious")


def document() -> dict[str, Any]:
    loaded = yaml.safe_load((files("compliance.tiers") / "cn.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("name", ["cn", "generic"])
def test_every_cell_of_object_and_degree(name: str) -> None:
    using = profile(name)
    assert (set(using.impacts), using.degrees) == (set(TABLE), DEGREES)
    for harmed, levels in TABLE.items():
        for degree, level in zip(DEGREES, levels, strict=True):
            found = derive(using, harmed, degree)
            assert (found.core, found.level) == (level == 9, min(level, 5)), (harmed, degree)
            assert all(found.reason.values())


@pytest.mark.parametrize(
    ("harmed", "degree"), [("", "none"), ("person", ""), ("persons", "general"), ("none", "person")]
)
def test_an_impact_that_is_not_known_is_not_guessed(harmed: str, degree: str) -> None:
    with pytest.raises(ProfileInvalid):
        derive(profile("cn"), harmed, degree)


@pytest.mark.parametrize("levels", [[1, 3, 2, 4], ["core", 3, 5, "core"], [1, 2, 3], [1, 2, 3, 6], [1, 2, 3, True]])
def test_a_worse_degree_never_gives_a_lower_level(levels: list[Any]) -> None:
    made = document()
    made["impact"]["objects"]["person"] = levels
    with pytest.raises(ProfileInvalid, match="impact"):
        parse(made)


def _version(number: int, day: date) -> dict[str, Any]:
    made = copy.deepcopy(document())
    return made | {"version": number, "effective_from": day}


def test_a_version_holds_from_its_day() -> None:
    first, second = (parse(_version(n, date(2026, n, 1))) for n in (1, 2))
    assert ordered([second, first]) == (first, second)
    with pytest.raises(ProfileInvalid, match="in reverse"):
        ordered([first, parse(_version(1, date(2026, 3, 1)))])
    found = profile("cn")
    assert profile("cn", on=found.effective_from) == found
    with pytest.raises(ProfileInvalid, match="holds on"):
        profile("cn", on=date(2020, 1, 1))


def test_the_day_of_the_process_decides_without_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    later = parse(_version(99, date(2027, 1, 1)))
    now = profile("cn")
    monkeypatch.setattr("compliance.tiers.profiles.versions", lambda _name: (now, later))
    for day, held in ((date(2026, 12, 31), now), (date(2027, 1, 1), later)):
        follow(day)
        assert profile("cn") == held
    monkeypatch.setattr("compliance.tiers.profiles._today", [None])
