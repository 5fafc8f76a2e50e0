"""From a supplier's bytes to plain values: JSON or YAML, with every bomb defused before anything else looks at it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from catalog.interfaces.errors import (
    OpenApiInvalid,
    OpenApiTooDeep,
    OpenApiTooLarge,
    OpenApiTooManyParts,
    OpenApiUnreadable,
)
from catalog.interfaces.places import LOADER, Place, pointer, shown
from core.problems import Sentence

MOST_BYTES = 2 << 20
MOST_LEVELS = 100
MOST_PARTS = 200_000
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_PLAIN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False} | dict.fromkeys(
    ("", "~", "null", "Null", "NULL")
)
_WHOLE = re.compile(r"[-+]?[0-9]{1,30}", re.ASCII)
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_KNOWN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")


def read(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The document's text and its content, of bounded depth and size, without cycles, every text encodable.

    Raises OpenApiTooLarge, OpenApiUnreadable, OpenApiTooDeep, OpenApiTooManyParts, OpenApiInvalid.
    """
    if len(raw) > MOST_BYTES:
        raise OpenApiTooLarge(Sentence("At most %(most)s MiB.", most=MOST_BYTES >> 20), most_bytes=MOST_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OpenApiUnreadable(
            Sentence("Byte %(start)s is not UTF-8.", start=error.start), hint="Save the document as UTF-8."
        ) from None
    content = _json(text) if text.lstrip().startswith(("{", "[")) else _yaml(text)
    if not isinstance(content, dict):
        raise OpenApiInvalid("The document is not an object.", hint='It begins with openapi: "3.1.0".')
    _check_parts(content)
    return text, content


def _json(text: str) -> Any:
    _check_levels(text)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates, parse_int=_number)
    except json.JSONDecodeError as error:
        where = f"Line {error.lineno}, column {error.colno}"
        raise OpenApiUnreadable(f"{where}: {error.msg}.", line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise OpenApiUnreadable(f"{str(error)[:200]}.") from None


def _check_levels(text: str) -> None:
    level = 0
    for token in _TOKENS.finditer(text):
        sign = text[token.start()]
        if sign in "[{":
            level += 1
            if level > MOST_LEVELS:
                _too_deep(text.count("\n", 0, token.start()) + 1)
        elif sign in "]}":
            level -= 1


def _too_deep(line: int) -> None:
    raise OpenApiTooDeep(
        Sentence("More than %(most)s levels at line %(line)s.", most=MOST_LEVELS, line=line),
        line=line,
        most_levels=MOST_LEVELS,
    )


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= 30 else digits


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise ValueError(f"{name[:80]!r} stands twice in one object")
        seen[name] = value
    return seen


def _yaml(text: str) -> Any:
    try:
        return _Builder().build(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise OpenApiUnreadable(f"{where}{error.problem or error}.", line=mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise OpenApiUnreadable(f"{str(error)[:200]}.") from None


class _Open:
    """A mapping or a list that has begun and not ended."""

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.key: str | None = None

    def takes_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None

    def put(self, value: Any) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        else:
            assert self.key is not None
            self.value[self.key] = value
            self.key = None


class _Builder:
    """Values from YAML's events, with the words of JSON only: no dates, no merge keys, no tags, keys are texts."""

    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, Any] = {}
        self.result: Any = None
        self.documents = 0

    def build(self, events: Iterator[Any]) -> Any:
        for event in events:
            self._take(event)
        return self.result

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                _refuse(event, "a second document begins here; send one")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._begin(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            ended = self.open.pop()
            self._put(ended.value, ended.anchor)

    def _begin(self, event: Any) -> None:
        _check_tag(event)
        if self.open and self.open[-1].takes_key():
            _refuse(event, "a key must be a text")
        if len(self.open) >= MOST_LEVELS:
            _too_deep(event.start_mark.line + 1)
        self.open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def _scalar(self, event: Any) -> None:
        _check_tag(event)
        if self.open and self.open[-1].takes_key():
            self._key(event)
        else:
            self._put(_plain(event.value) if event.implicit[0] else event.value, event.anchor)

    def _key(self, event: Any) -> None:
        within = self.open[-1]
        if event.value == "<<" and event.implicit[0]:
            _refuse(event, "merge keys are not read; write the fields out")
        assert isinstance(within.value, dict)
        if event.value in within.value:
            _refuse(event, f"{event.value[:80]!r} stands twice in one object")
        within.key = event.value

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            _refuse(event, f"*{event.anchor} refers to itself, or to nothing")
        if self.open and self.open[-1].takes_key():
            _refuse(event, "a key must be a text")
        self._put(self.anchors[event.anchor], None)

    def _put(self, value: Any, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = value
        if self.open:
            self.open[-1].put(value)
        else:
            self.result = value


def _check_tag(event: Any) -> None:
    if event.tag not in (None, "!") and event.tag not in _KNOWN_TAGS:
        _refuse(event, f"the tag {event.tag[:80]} is not read")


def _refuse(event: Any, problem: str) -> None:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _plain(text: str) -> Any:
    if text in _PLAIN:
        return _PLAIN[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _REAL.fullmatch(text) else text


def _check_parts(content: Any) -> None:
    """Depth, number of parts (what an alias stands for counts each time) and what no JSON could carry again."""
    waiting: list[tuple[Any, int, Place]] = [(content, 1, ())]
    parts = 0
    while waiting:
        value, level, place = waiting.pop()
        parts += 1
        if parts > MOST_PARTS:
            raise OpenApiTooManyParts(
                Sentence("At most %(most)s parts.", most=MOST_PARTS), hint="Leave out what you do not offer."
            )
        if isinstance(value, (dict, list)):
            if level > MOST_LEVELS:
                raise OpenApiTooDeep(
                    Sentence("More than %(most)s levels at %(place)s …", most=MOST_LEVELS, place=shown(place[:6])),
                    most_levels=MOST_LEVELS,
                )
            waiting.extend((inner, level + 1, (*place, name)) for name, inner in _inside(value, place))
        else:
            _check_leaf(value, place)


def _inside(value: dict[str, Any] | list[Any], place: Place) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, list):
        yield from enumerate(value)
        return
    for name, inner in value.items():
        _check_leaf(name, place)
        yield name, inner


def _check_leaf(value: Any, place: Place) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise OpenApiInvalid(Sentence("At %(place)s: a number is too large.", place=shown(place)), field=pointer(place))
    if isinstance(value, str) and _NO_CHARACTER.search(value):
        raise OpenApiInvalid(
            Sentence("At %(place)s: a text holds what is no character.", place=shown(place)), field=pointer(place)
        )
