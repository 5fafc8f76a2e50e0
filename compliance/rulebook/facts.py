"""Facts as somebody writes them down, checked against what the rules can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.policy import Policy
from compliance.policy.document import Condition
from compliance.rulebook.errors import FactsInvalid
from core.problems import Sentence

_SETS = ("actor.roles", "actor.platform_roles", "actor.invited", "actor.agreed")
_PLAIN = {
    "actor.signed_in": bool, "actor.qualification": int, "actor.organisation": str, "actor.account": str,
    "actor.country": str, "resource.id": str, "resource.tier": int,
}  # fmt: skip


def read(
    using: Policy, action: str, who: Mapping[str, Any], resource: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    """The facts of a question; who has no organisation or account says so with an empty text, else that is missing.

    Raises FactsInvalid naming what no rule knows, or what is of another type.
    """
    if action not in using.actions:
        raise FactsInvalid(Sentence("The policy knows no action %(name)s.", name=action), field="action")
    known = attributes(using)
    facts: dict[str, Any] = {"actor.signed_in": False, "actor.qualification": 0}
    facts |= {name: frozenset[str]() for name in _SETS}
    for subject, given in (("actor", who), ("resource", resource), ("context", context)):
        for name, value in given.items():
            full = f"{subject}.{name}"
            if full not in known:
                raise FactsInvalid(Sentence("No rule asks for %(name)s.", name=full), field=f"{subject}.{name}")
            if value is not None:
                facts[full] = _typed(full, known[full], value)
    return facts


def attributes(using: Policy) -> dict[str, type]:
    """What can be asked about, and the type of each."""
    known: dict[str, type] = {**dict.fromkeys(_SETS, list), **_PLAIN}
    for rule in using.rules:
        for condition in rule.conditions:
            known.setdefault(condition.attribute, _type_of(condition))
            if condition.operator == "same_as":
                known.setdefault(str(condition.value), str)
    return known


def _type_of(condition: Condition) -> type:
    if condition.operator == "equals":
        return type(condition.value)
    return {"at_least": int, "holds_any": list}.get(condition.operator, str)


def _typed(name: str, wanted: type, value: Any) -> Any:
    if type(value) is not wanted:
        raise FactsInvalid(
            Sentence("%(name)s is a value of the type %(type)s.", name=name, type=wanted.__name__), field=name
        )
    if not isinstance(value, list):
        return value
    if not all(isinstance(each, str) for each in value):
        raise FactsInvalid(Sentence("%(name)s is a list of words.", name=name), field=name)
    return frozenset(value)
