"""Form encoding with brackets, as the package sends it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.stripe.errors import Refused

_KEY = re.compile(r"[^\[\]]+|\[\]")


def decoded(form: str) -> dict[str, Any]:
    """``a[b]=1&c[0]=2&c[1]=3`` → ``{"a": {"b": "1"}, "c": ["2", "3"]}``. All leaves are strings."""
    try:
        pairs = parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form), errors="strict", max_num_fields=2000)
    except ValueError as error:
        raise Refused("Invalid request body.", validation=True) from error
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, name, value)
    return {name: _with_lists(each) for name, each in tree.items()}


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    steps = _KEY.findall(name)
    if not steps:
        raise Refused(f"Invalid parameter name: {name}", validation=True)
    place = tree
    for step in steps[:-1]:
        following = place.setdefault(str(len(place)) if step == "[]" else step, {})
        if not isinstance(following, dict):
            raise Refused(f"Invalid hash: {name}", param=name, validation=True)
        place = following
    last = steps[-1]
    place[str(len(place)) if last == "[]" else last] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    if inner and list(inner) == [str(number) for number in range(len(inner))]:
        return list(inner.values())
    return inner
