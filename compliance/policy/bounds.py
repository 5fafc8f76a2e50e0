"""How large a policy may be that somebody proposes: looked at before it is read, by counting alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.policy.document import PolicyInvalid

MOST_BYTES = 256 << 10
MOST = {"actions": 300, "conditions": 300, "rules": 500}
MOST_ASKED = 5_000
"""So many conditions the rules of all actions may ask together."""
_MOST_OF_A_RULE = {"actions": 100, "when": 20, "obligations": 40}
_MOST_VALUES = 300
_MOST_CHARACTERS = 2_000


def check(document: Mapping[str, Any]) -> None:
    """Raises PolicyInvalid naming what is too large. What is of the wrong shape is left to who reads it."""
    actions = document.get("actions")
    verbs = [len(each) for each in actions.values() if isinstance(each, list)] if isinstance(actions, dict) else []
    _at_most("actions", sum(verbs) + len(verbs), MOST["actions"])
    for name in ("conditions", "rules"):
        _at_most(name, _length(document.get(name)), MOST[name])
    _check_rules(document.get("rules"))
    _check_texts(document)


def _check_rules(rules: Any) -> None:
    asked = 0
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, dict):
            continue
        for name, most in _MOST_OF_A_RULE.items():
            _at_most(f"a rule's {name}", _length(rule.get(name)), most)
        asked += _length(rule.get("actions")) * _length(rule.get("when"))
    _at_most("what the rules ask of all actions together", asked, MOST_ASKED)


def _check_texts(document: Any) -> None:
    """Every list and every text in it, whatever it means."""
    left, seen = [document], 0
    while left:
        each = left.pop()
        seen += 1
        _at_most("values", seen, MOST_BYTES)
        if isinstance(each, str):
            _at_most("the characters of a text", len(each), _MOST_CHARACTERS)
        elif isinstance(each, dict):
            _at_most("names", len(each), MOST["rules"])
            left += [*each, *each.values()]
        elif isinstance(each, list):
            _at_most("a list's values", len(each), MOST["rules"] if each is document.get("rules") else _MOST_VALUES)
            left += each


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (list, dict)) else 0


def _at_most(what: str, number: int, most: int) -> None:
    if number > most:
        raise PolicyInvalid(f"{what}: {number} are too many, {most} at most")
