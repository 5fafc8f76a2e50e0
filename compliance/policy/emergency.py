"""What holds while the rules in force cannot be read: officers change them, and nobody does anything else.

A release may know less than the one that the rules were activated under. The rules that ship may then be laxer than
they were, so they do not step in.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from compliance.policy.document import Policy, parse, shipped_document

_KIND = "policy"
_NEVER = "rules_unusable"


@cache
def emergency() -> Policy:
    """The rules that ship about changing the rules, and that no listing is seen."""
    whole = shipped_document()
    rules = [_about_rules(rule) for rule in whole["rules"] if any(map(_is_about_rules, rule["actions"]))]
    named = {name for rule in rules for name in rule["when"]}
    conditions = {name: each for name, each in whole["conditions"].items() if name in named}
    return parse(whole | {"rules": [*rules, _NOTHING_SEEN], "conditions": conditions | {_NEVER: _NOWHERE}})


def _is_about_rules(action: str) -> bool:
    return action.startswith(f"{_KIND}:")


def _about_rules(rule: dict[str, Any]) -> dict[str, Any]:
    return rule | {"actions": [action for action in rule["actions"] if _is_about_rules(action)]}


_NOWHERE = {
    "attribute": "resource.state", "is": "equals", "value": _NEVER, "fixed": True, "code": _NEVER,
    "says": {
        "zh": "现行规则无法读取，在合规专员更换规则之前不能进行任何操作",
        "en": "the rules in force cannot be read: until officers replace them nothing can be done",
    },
}  # fmt: skip
"""No listing is ever in that state."""
_NOTHING_SEEN = {
    "id": "nothing-is-seen", "effect": "permit", "actions": ["listing:see"], "when": [_NEVER],
    "basis": "the rules in force cannot be read",
}  # fmt: skip
