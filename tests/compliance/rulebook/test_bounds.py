"""Rules that would take too long to read or to look at are refused by name, and at once."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from compliance.policy import PolicyInvalid, bounds
from compliance.policy.document import current, parse, read, shipped
from core.house import House
from tests import build
from tests.client import ApiClient
from tests.compliance.rulebook.test_rulebook import changed

Document = dict[str, Any]


def _condition(attribute: str, values: list[str]) -> Document:
    says = {"zh": "x", "en": "x"}
    return {"attribute": attribute, "is": "one_of", "value": values, "code": "x", "says": says}


def _asking(document: Document, conditions: dict[str, Document], action: str = "listing:order") -> Document:
    """The document with one more rule that asks all of these."""
    rule = {"id": "more", "effect": "permit", "actions": [action], "when": list(conditions), "basis": "a test"}
    return document | {
        "conditions": document["conditions"] | conditions, "rules": [*document["rules"], rule]
    }  # fmt: skip


def _exploding() -> Document:
    words = [f"w{number}" for number in range(20)]
    return _asking(changed(), {f"c{n}": _condition(f"context.{'abcdefghij'[n]}", words) for n in range(10)})


def test_the_rules_that_ship_are_within_the_bounds() -> None:
    bounds.check(json.loads(shipped().canonical))


@pytest.mark.parametrize(
    "broken",
    [
        lambda whole: whole | {"rules": whole["rules"] * 6},
        lambda whole: whole | {"conditions": {f"c{n}": {} for n in range(301)}},
        lambda whole: whole | {"actions": {"a": [f"v{n}" for n in range(301)]}},
        lambda whole: whole | {"actions": {f"a{n}": [] for n in range(301)}},
        lambda whole: whole | {"rules": [whole["rules"][0] | {"when": ["x"] * 21}]},
        lambda whole: whole | {"rules": [whole["rules"][0] | {"basis": "x" * 2001}]},
        lambda whole: _asking(whole, {"c": _condition("context.purpose", ["w"] * 301)}),
        lambda whole: whole | {"rules": [{"actions": ["a:b"] * 100, "when": ["x"] * 20}] * 3},
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(broken: Any) -> None:
    with pytest.raises(PolicyInvalid, match="too many"):
        bounds.check(broken(changed()))


def test_a_document_of_any_shape_is_refused_and_not_failed() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    shapes: list[dict[str, Any]] = [
        {"version": deep}, {"actions": {"a": deep}}, {"rules": deep}, {"actions": []}, {"rules": [1]}, {"rules": None},
        {"conditions": {"c": deep}}, {"actions": {"a": [["b"]]}},
    ]  # fmt: skip
    for broken in shapes:
        document = changed() | broken
        bounds.check(document)
        with pytest.raises(PolicyInvalid):
            parse(document)


def test_text_that_has_no_end_as_a_document_is_refused() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    for text in (bomb, "[" * 50_000, "? [a]\n: b\n", "1: a\n", "a: 2026-99-99\n", "- a"):
        with pytest.raises(PolicyInvalid):
            read(text)


def test_a_change_that_takes_too_long_to_look_at_is_refused_by_name(house: House, client: ApiClient) -> None:
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    began = time.monotonic()
    refused = officer.post("/policy/versions", {"document": _exploding(), "reason": "a test"}).expect(422)
    assert (refused.code, refused.json["field"]) == ("policy_too_large", "document")
    many = changed() | {"rules": changed()["rules"] * 6}
    assert officer.post("/policy/versions", {"document": many, "reason": "a test"}).expect(422).code == "policy_invalid"
    assert time.monotonic() - began < 20
    whole = json.loads(current().canonical)
    every = whole | {"version": whole["version"] + 1, "rules": [each | {"basis": "x"} for each in whole["rules"]]}
    officer.post("/policy/versions", {"document": every, "reason": "all of them"}).expect(201)
