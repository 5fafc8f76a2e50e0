"""What the library of schemas says of bad input, as sentences that can be said in another language too."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from core.problems import Sentence

_KNOWN = (
    Sentence("Missing data for required field."),
    Sentence("Field may not be null."),
    Sentence("Unknown field."),
    Sentence("Invalid input type."),
    Sentence("Invalid type."),
    Sentence("Invalid value."),
    Sentence("Number too large."),
    Sentence("Not a valid boolean."),
    Sentence("Not a valid date."),
    Sentence("Not a valid datetime."),
    Sentence("Not a valid integer."),
    Sentence("Not a valid list."),
    Sentence("Not a valid mapping type."),
    Sentence("Not a valid number."),
    Sentence("Not a valid string."),
    Sentence("String does not match expected pattern."),
    Sentence("Special numeric values (nan or infinity) are not permitted."),
    Sentence("Must be one of: %(choices)s.", choices=""),
    Sentence("Length must be between %(min)s and %(max)s.", min="", max=""),
    Sentence("Length must be %(equal)s.", equal=""),
    Sentence("Longer than maximum length %(max)s.", max=""),
    Sentence("Shorter than minimum length %(min)s.", min=""),
    Sentence("Must be greater than or equal to %(min)s and less than or equal to %(max)s.", min="", max=""),
    Sentence("Must be greater than or equal to %(min)s.", min=""),
    Sentence("Must be less than or equal to %(max)s.", max=""),
)
"""In the library's own words, so that its English stays what it is."""
_VALUE = re.compile(r"%\((\w+)\)s")


def sentences(messages: Any) -> Any:
    """The messages of a validation error, whatever they are nested in, with sentences in place of those known here."""
    return in_each(messages, _sentence)


def in_each(messages: Any, act: Callable[[str], str]) -> Any:
    """The messages of a validation error, whatever they are nested in, each as ``act`` has it."""
    if isinstance(messages, dict):
        return {key: in_each(each, act) for key, each in messages.items()}
    if isinstance(messages, list):
        return [in_each(each, act) for each in messages]
    return act(messages) if isinstance(messages, str) else messages


def _sentence(text: str) -> str:
    if isinstance(text, Sentence):
        return text
    for pattern, template in _patterns():
        if found := pattern.fullmatch(text):
            return Sentence(template, **found.groupdict())
    return text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(known.template), known.template) for known in _KNOWN)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _VALUE.split(template)
    return re.compile("".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts)))
