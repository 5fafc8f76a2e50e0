"""The policy document is refused whole when anything in it is unknown, and its hash is that of its canonical bytes."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest

from compliance.policy import PolicyInvalid, Resource, decide, listing_predicate, parse, policy_document
from compliance.policy.document import read
from core.actor import ANONYMOUS
from tests.compliance.policy.people import member

DOCUMENT: dict[str, Any] = json.loads(policy_document())


_UNSAYABLE = ("", "{who}", "{", "{0}", 1, "{needed:>9999999999}", "{needed.__class__}", "{needed!r}")


def _changed(value: Any, *path: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


def test_the_hash_that_decisions_cite_is_the_documents() -> None:
    decision = decide(ANONYMOUS, "audit:see", Resource("audit", "log"))
    assert decision.policy_hash == hashlib.sha256(policy_document()).hexdigest() == parse(DOCUMENT).hash


def test_another_word_is_another_hash() -> None:
    assert parse(_changed(99, "version")).hash != parse(DOCUMENT).hash


@pytest.mark.parametrize(
    "broken",
    [
        {},
        _changed("resembles", "conditions", "owns", "is"),
        _changed("weather.state", "conditions", "owns", "attribute"),
        _changed("two", "conditions", "qualified", "value"),
        _changed(True, "conditions", "qualified", "value"),
        _changed({"en": "only"}, "conditions", "owns", "says"),
        _changed("", "conditions", "owns", "code"),
        *(_changed({"zh": "否", "en": words}, "conditions", "owns", "says") for words in _UNSAYABLE),
        _changed(7, "conditions", "owns", "code"),
        _changed("nobody", "conditions", "owns", "value"),
        _changed([["reviewer"]], "conditions", "reviewer", "value"),
        _changed(2**60, "version"),
        _changed("\ud800", "rules", 0, "basis"),
        _changed([1], "rules", 0, "id"),
        _changed([[1]], "rules", 0, "obligations"),
        _changed([1, "x"], "rules", 0, "actions"),
        _changed({"owns": 1}, "rules", 0, "when"),
        _changed([], "exceptions"),
        _changed("allow", "rules", 0, "effect"),
        _changed(["nobody"], "rules", 0, "when"),
        _changed([], "rules", 0, "when"),
        _changed("", "rules", 0, "basis"),
        _changed(["listing:steal"], "rules", 0, "actions"),
        _changed(DOCUMENT["rules"][1]["id"], "rules", 0, "id"),
        _changed([3, 1], "rules", 0, "tiers"),
        _changed([1], "rules", 0, "tiers"),
        _changed(["0", "1"], "rules", 0, "tiers"),
        _changed(1, "rules", 0, "priority"),
    ],
)
def test_a_document_with_anything_unknown_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        parse(broken)


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2", "rules:\n  - {id: x, id: y}", "conditions: {a: {is: x}, b: {}, a: {is: y}}", "- a", "a: [", ""],
)
def test_a_name_that_stands_twice_is_refused_and_so_is_what_is_no_document(text: str) -> None:
    with pytest.raises(PolicyInvalid):
        read(text)


def _small(*rules: dict[str, Any]) -> dict[str, Any]:
    says = {"zh": "否", "en": "no"}
    conditions = {
        "named": {"attribute": "resource.name", "is": "equals", "value": "x", "code": "c", "says": says},
        "leveled": {"attribute": "actor.qualification", "is": "at_least", "value": 0, "code": "c", "says": says},
    }
    used = {name for rule in rules for name in rule["when"]}
    filled = [{"actions": ["listing:see"], "basis": "b", **rule} for rule in rules]
    return {
        "version": 1, "actions": {"listing": ["see"]}, "rules": filled,
        "conditions": {name: conditions[name] for name in used},
    }  # fmt: skip


def test_a_forbid_wins_over_every_permit_and_an_unknown_attribute_lets_it_through() -> None:
    policy = parse(
        _small({"id": "p", "effect": "permit", "when": ["leveled"]}, {"id": "f", "effect": "forbid", "when": ["named"]})
    )
    for name, effect in (("x", "forbid"), ("y", "permit"), (None, "forbid"), (1, "forbid")):
        thing = Resource("listing", "l", {"name": name})
        assert decide(member("org_a"), "listing:see", thing, policy=policy).effect == effect


def test_a_forbid_for_some_tiers_holds_when_the_tier_is_no_number() -> None:
    policy = parse(
        _small(
            {"id": "p", "effect": "permit", "when": ["leveled"]},
            {"id": "f", "effect": "forbid", "tiers": [3, 5], "when": ["leveled"]},
        )
    )
    for tier, effect in ((2, "permit"), (3, "forbid"), ("2", "forbid"), (None, "forbid"), (True, "forbid")):
        thing = Resource("listing", "l", {"tier": tier})
        assert decide(member("org_a"), "listing:see", thing, policy=policy).effect == effect


@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_a_rule_that_no_index_can_answer_does_not_compile_into_a_list(effect: str) -> None:
    policy = parse(_small({"id": "r", "effect": effect, "when": ["named"]}))
    with pytest.raises(ValueError, match="compile"):
        listing_predicate(ANONYMOUS, policy=policy)


def test_what_compiles_does_not_depend_on_who_asks() -> None:
    document = _small({"id": "r", "effect": "permit", "when": ["leveled", "named"]})
    document["conditions"]["leveled"]["value"] = 4
    policy = parse(document)
    with pytest.raises(ValueError, match="compile"):
        listing_predicate(ANONYMOUS, policy=policy)


def test_who_asks_compared_with_the_thing_does_not_compile() -> None:
    document = _small({"id": "r", "effect": "permit", "when": ["named"]})
    document["conditions"]["named"] |= {"attribute": "actor.country", "is": "same_as", "value": "resource.home"}
    with pytest.raises(ValueError, match="compile"):
        listing_predicate(member("org_a"), policy=parse(document))
