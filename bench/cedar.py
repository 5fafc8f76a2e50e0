"""The policy's rules in Cedar's language: written anew from the document, nothing of our evaluator takes part.

In Cedar a rule that errs is skipped, a ``forbid`` too; ours lets a forbid through whose attribute is missing. So a
permit asks for each attribute that it be there, and a forbid holds where one is not. What has another type than the
rules ask for is left out of the entities, as Cedar's own schema would have it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_SUBJECTS = {"actor": "principal", "resource": "resource", "context": "context"}
_TYPES: dict[str, type] = {
    "one_of": str, "at_least": int, "holds_any": frozenset, "same_as": str, "among": str, "stated": str,
}  # fmt: skip


def policies(document: Mapping[str, Any]) -> str:
    """The whole document; each policy is annotated with its rule's id."""
    return "\n".join(_policy(rule, document["conditions"]) for rule in document["rules"])


def _policy(rule: Mapping[str, Any], conditions: Mapping[str, Any]) -> str:
    forbids = rule["effect"] == "forbid"
    spoken = [_spoken(conditions[name], forbids=forbids) for name in rule["when"]]
    if "tiers" in rule:
        low, high = rule["tiers"]
        within = f"(resource.tier >= {low} && resource.tier <= {high})"
        there = "resource has tier"
        spoken.insert(0, f"(!({there}) || {within})" if forbids else f"({there} && {within})")
    actions = ", ".join(f"Action::{_text(each)}" for each in rule["actions"])
    when = " &&\n    ".join(spoken)
    return (
        f"@id({_text(rule['id'])})\n{rule['effect']} (principal, action in [{actions}], resource)\nwhen {{ {when} }};"
    )


def _spoken(condition: Mapping[str, Any], *, forbids: bool) -> str:
    holds, asked = _test(condition)
    there = [f"{subject} has {name}" for subject, name in asked]
    if forbids:
        return "(" + " || ".join([*(f"!({each})" for each in there), holds]) + ")"
    return "(" + " && ".join([*there, holds]) + ")"


def _test(condition: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """What holds when all that is asked is there, and what is asked."""
    first, value = _place(condition["attribute"]), condition["value"]
    it, asked = ".".join(first), [first]
    listed = f"[{', '.join(map(_value, value))}]" if isinstance(value, list) else ""
    alone = {
        "equals": f"{it} == {_value(value)}", "one_of": f"{listed}.contains({it})", "at_least": f"{it} >= {value}",
        "holds_any": f"{it}.containsAny({listed})", "stated": f'{it} != ""',
    }  # fmt: skip
    if condition["is"] in alone:
        return alone[condition["is"]], asked
    other = _place(value)
    if condition["is"] == "same_as":
        return f'({it} != "" && {it} == {".".join(other)})', [*asked, other]
    assert condition["is"] == "among", condition
    return f"{'.'.join(other)}.contains({it})", [*asked, other]


def _place(attribute: str) -> tuple[str, str]:
    subject, name = attribute.split(".")
    return _SUBJECTS[subject], name


def _value(value: Any) -> str:
    return _text(value) if isinstance(value, str) else str(value).lower()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def types(document: Mapping[str, Any]) -> dict[str, type]:
    """The type of every attribute that a rule asks for."""
    found: dict[str, type] = {"resource.tier": int}
    for condition in document["conditions"].values():
        kind = type(condition["value"]) if condition["is"] == "equals" else _TYPES[condition["is"]]
        found[condition["attribute"]] = kind
        if condition["is"] == "same_as":
            found[condition["value"]] = str
        elif condition["is"] == "among":
            found[condition["value"]] = frozenset
    return found


def asked_by(action: str, document: Mapping[str, Any]) -> frozenset[str]:
    """The attributes that an action's rules ask for: Cedar is not given others to read."""
    found = {"resource.tier"}
    for rule in document["rules"]:
        if action in rule["actions"]:
            for name in rule["when"]:
                condition = document["conditions"][name]
                found.add(condition["attribute"])
                if condition["is"] in ("same_as", "among"):
                    found.add(condition["value"])
    return frozenset(found)


def request(action: str, facts: Mapping[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    """A question in Cedar's shape: entities with the attributes that are of their type, and a context."""
    subjects: dict[str, dict[str, Any]] = {"actor": {}, "resource": {}, "context": {}}
    for attribute, value in facts.items():
        subject, name = attribute.split(".")
        if type(value) is known.get(attribute):
            subjects[subject][name] = _plain(value)
    return {"action": action, **subjects}


def _plain(value: Any) -> Any:
    """Cedar cannot ask whether a text is blank: blanks at its ends are cut off beforehand."""
    if isinstance(value, frozenset):
        return sorted(value)
    return value.strip() if isinstance(value, str) else value


def differences(ours: Sequence[bool], theirs: Sequence[bool]) -> list[int]:
    """The places at which the two do not agree."""
    return [place for place, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other]
