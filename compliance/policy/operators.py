"""The closed list of operators. Each answers True, False, or None for "unknown": missing, or of the wrong type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Facts = Mapping[str, Any]
MISSING = object()


def _equals(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if type(actual) is not type(needed) else bool(actual == needed)


def _one_of(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if not isinstance(actual, str) else str(actual) in needed


def _at_least(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if type(actual) is not int else actual >= int(needed)


def _holds_any(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if not isinstance(actual, frozenset) else not actual.isdisjoint(needed)


def _same_as(actual: Any, other: Any, facts: Facts) -> bool | None:
    """An empty text is nobody: known, and the same as no one."""
    found = facts.get(other, MISSING)
    if not isinstance(actual, str) or not isinstance(found, str):
        return None
    return bool(actual and actual == found)


def _among(actual: Any, others: Any, facts: Facts) -> bool | None:
    found = facts.get(others, MISSING)
    return None if not isinstance(actual, str) or not isinstance(found, frozenset) else actual in found


def _stated(actual: Any, _needed: Any, _facts: Facts) -> bool | None:
    return None if not isinstance(actual, str) else bool(actual.strip())


OPERATORS: dict[str, Callable[[Any, Any, Facts], bool | None]] = {
    "equals": _equals,
    "one_of": _one_of,
    "at_least": _at_least,
    "holds_any": _holds_any,
    "same_as": _same_as,
    "among": _among,
    "stated": _stated,
}
NEEDED: dict[str, tuple[type, ...]] = {
    "equals": (str, int, bool), "one_of": (list,), "at_least": (int,), "holds_any": (list,), "same_as": (str,),
    "among": (str,), "stated": (bool,),
}  # fmt: skip
"""What the value beside each operator must be."""


def apply(operator: str, attribute: str, needed: Any, facts: Facts) -> bool | None:
    """What the operator answers of that attribute; an attribute that is missing is unknown."""
    actual = facts.get(attribute, MISSING)
    return None if actual is MISSING else OPERATORS[operator](actual, needed, facts)
