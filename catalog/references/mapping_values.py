"""Reading the words of a mapping document strictly: each function answers a value, or says what is wrong and where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.references.errors import MappingInvalid
from catalog.references.source import Value

_VALUE = {"columns", "column", "join", "pattern", "template", "constant", "ignore", "values", "default", "html"}


def wrong(where: str, reason: str) -> MappingInvalid:
    """The error that names the place of a mapping and what to write there."""
    return MappingInvalid(f"{where}: {reason}.", field=where)


def known_names(given: Any, where: str, allowed: Iterable[str]) -> Mapping[str, Any]:
    """Names with values, none of them unknown; an unknown one is told which was probably meant."""
    if not isinstance(given, Mapping):
        raise wrong(where, "write it as names with values")
    allowed = set(allowed)
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, n=1)
            meant = f"did you mean “{near[0]}”" if near else f"known are {', '.join(sorted(allowed))}"
            raise wrong(f"{where}.{name}", f"this word is unknown; {meant}")
    return given


def choice(given: Any, where: str, allowed: Sequence[str]) -> str:
    """One of a closed set."""
    if given not in allowed:
        raise wrong(where, f"“{given}” is not one of {', '.join(filter(None, allowed))}")
    return str(given)


def words(given: Any, where: str) -> tuple[str, ...]:
    """One word or a list of them."""
    items = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(item, str | int | float) for item in items):
        raise wrong(where, "write a word, or a list of words")
    return tuple(str(item) for item in items)


def plain_text(given: Any, where: str, default: str) -> str:
    """A text, or the default."""
    if given is None:
        return default
    if not isinstance(given, str):
        raise wrong(where, "write a text")
    return given


def flag(given: Any, where: str) -> bool:
    """True or false, and nothing that looks like it."""
    if not isinstance(given, bool):
        raise wrong(where, "write true or false")
    return given


def regex(given: Any, where: str) -> re.Pattern[str]:
    """A regular expression."""
    try:
        return re.compile(plain_text(given, where, ""))
    except re.error as error:
        raise wrong(where, f"this is not a regular expression: {error}") from None


def value_of(given: Any, where: str) -> Value:
    """A value in any of its notations; an empty one when nothing is given."""
    if given is None:
        return Value()
    if isinstance(given, str | list):
        return Value(columns=words(given, where))
    parts = known_names(given, where, _VALUE)
    columns = words(parts.get("columns", parts.get("column")), f"{where}.columns")
    if not columns and "constant" not in parts:
        raise wrong(where, "name its columns, or give a constant")
    return Value(
        columns=columns,
        join=plain_text(parts.get("join"), f"{where}.join", "\n"),
        pattern=regex(parts["pattern"], f"{where}.pattern") if "pattern" in parts else None,
        template=_template(parts.get("template"), f"{where}.template", len(columns)),
        constant=plain_text(parts["constant"], f"{where}.constant", "") if "constant" in parts else None,
        ignore=frozenset(words(parts.get("ignore"), f"{where}.ignore")),
        values=pairs(parts.get("values"), f"{where}.values"),
        default=plain_text(parts.get("default"), f"{where}.default", ""),
        html=flag(parts.get("html", False), f"{where}.html"),
    )


def _template(given: Any, where: str, count: int) -> str | None:
    if given is None:
        return None
    text = plain_text(given, where, "")
    try:
        text.format(*("x" for _ in range(count)))
    except (IndexError, KeyError, ValueError, AttributeError):
        raise wrong(where, "write {0} for the first column, {1} for the second") from None
    if not re.fullmatch(r"(?:[^{}]|\{\d*\})*", text):
        raise wrong(where, "write {0} for the first column, {1} for the second")
    return text


def pairs(given: Any, where: str) -> dict[str, str]:
    """Texts by texts."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise wrong(where, "write one line for each value")
    return {str(key): str(value) for key, value in given.items()}


def mapped_value(given: Any, where: str, allowed: Sequence[str], default: str) -> Value:
    """A value whose results are a closed set."""
    if isinstance(given, str) and given in allowed:
        return Value(constant=given)
    value = value_of(given, where)
    for result in (*value.values.values(), *filter(None, [value.default, value.constant])):
        choice(result, f"{where}.values", allowed)
    if value.columns and not value.values:
        raise wrong(f"{where}.values", "say which of its values mean what")
    return value if value.columns or value.constant else Value(constant=default)
