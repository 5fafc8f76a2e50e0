"""What a JSON schema says of its fields, and an example made from it; bounded, whatever the schema refers to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from catalog.interfaces.document import Document
from catalog.interfaces.places import Place

MOST_FIELDS = 200
_MOST_LEVELS = 8
_MOST_STEPS = 2000
LONGEST_EXAMPLE = 8192
LONGEST_TEXT = 300
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_MADE: dict[str, Any] = {"string": "string", "number": 0, "integer": 0, "boolean": True, "null": None}
_FORMATS = {
    "date": "2026-01-31", "date-time": "2026-01-31T08:30:00Z", "time": "08:30:00", "uuid":
    "00000000-0000-4000-8000-000000000000", "uri": "https://example.org/", "email": "name@example.org",
}  # fmt: skip
_BRANCHES = ("allOf", "oneOf", "anyOf")


class Describer:
    """Describes the schemas of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._steps = 0

    def fields(self, schema: Any, place: Place) -> list[dict[str, str]]:
        """Path, type and description of each field: ``result.items[].name``. Raises OpenApiInvalid, ReferenceBroken."""
        self._steps = 0
        found: dict[str, dict[str, str]] = {}
        for path, node in self._walk(schema, place, "", ()):
            if path and path not in found and len(found) < MOST_FIELDS:
                more = {"description": text_of(node.get("description")), "format": str(node.get("format") or "")[:40]}
                found[path] = {"name": path, "type": type_of(node)} | {k: v for k, v in more.items() if v}
        return list(found.values())

    def _walk(
        self, schema: Any, place: Place, path: str, within: tuple[int, ...]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        node, place = self._schema(schema, place)
        yield path, node
        if id(node) in within or len(within) > _MOST_LEVELS:
            return
        within = (*within, id(node))
        for branch in _BRANCHES:
            for number, inner in enumerate(self._list(node, branch, place)):
                yield from self._walk(inner, (*place, branch, number), path, within)
        for name, inner in self._properties(node, place).items():
            yield from self._walk(inner, (*place, "properties", name), f"{path}.{name}" if path else name, within)
        if "items" in node:
            yield from self._walk(node["items"], (*place, "items"), f"{path}[]", within)

    def example(self, schema: Any, place: Place) -> Any:
        """A value that the schema could describe: its own example, or one made up."""
        self._steps = 0
        return self._example(schema, place, 0, ())

    def _example(self, schema: Any, place: Place, level: int, within: tuple[int, ...]) -> Any:
        node, place = self._schema(schema, place)
        if id(node) in within or level > _MOST_LEVELS or self._steps > _MOST_STEPS:
            return None
        given = given_example(node)
        if given is not None:
            return given
        within = (*within, id(node))
        made: dict[str, Any] = {}
        for number, inner in enumerate(self._list(node, "allOf", place)):
            part = self._example(inner, (*place, "allOf", number), level + 1, within)
            made |= part if isinstance(part, dict) else {}
        for name, inner in self._properties(node, place).items():
            made[name] = self._example(inner, (*place, "properties", name), level + 1, within)
        if made or type_of(node) == "object":
            return made
        return self._simple(node, place, level, within)

    def _simple(self, node: dict[str, Any], place: Place, level: int, within: tuple[int, ...]) -> Any:
        for branch in ("oneOf", "anyOf"):
            for inner in self._list(node, branch, place)[:1]:
                return self._example(inner, (*place, branch, 0), level + 1, within)
        if "items" in node:
            return [self._example(node["items"], (*place, "items"), level + 1, within)]
        if type_of(node) == "string":
            return _FORMATS.get(str(node.get("format")), "string")
        return _MADE.get(type_of(node))

    def _schema(self, schema: Any, place: Place) -> tuple[dict[str, Any], Place]:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return {}, place
        node, place = self._document.resolve(schema, place)
        if isinstance(node, bool):
            return {}, place
        if not isinstance(node, dict):
            self._document.refuse(place, "a schema is an object.")
        kinds = node.get("type", [])
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if not isinstance(kind, str) or kind not in _TYPES:
                self._document.refuse((*place, "type"), f"a type is one of {', '.join(sorted(_TYPES))}.")
        return node, place

    def _properties(self, node: dict[str, Any], place: Place) -> dict[str, Any]:
        found = node.get("properties", {})
        if not isinstance(found, dict):
            self._document.refuse((*place, "properties"), "this must be an object.")
        return found

    def _list(self, node: dict[str, Any], name: str, place: Place) -> list[Any]:
        found = node.get(name, [])
        if not isinstance(found, list):
            self._document.refuse((*place, name), "this must be a list.")
        return found


def type_of(schema: Any) -> str:
    """The first type that is not null; object or array when its parts say so, else empty."""
    if not isinstance(schema, dict):
        return ""
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(kind, str) and kind != "null":
            return kind
    return "object" if "properties" in schema else "array" if "items" in schema else ""


def given_example(node: dict[str, Any]) -> Any:
    """The value that the schema itself names, None when it names none."""
    for value in (node.get("example"), node.get("const"), node.get("default")):
        if value is not None:
            return value
    for name in ("examples", "enum"):
        if isinstance(node.get(name), list) and node[name]:
            return node[name][0]
    return None


def text_of(value: Any) -> str:
    """A text of a document on one line, cut to what is shown."""
    return " ".join(value.split())[:LONGEST_TEXT] if isinstance(value, str) else ""


def example_text(value: Any) -> str:
    """The example as it is sent or shown; empty when there is none, or it is too long."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text.encode()) <= LONGEST_EXAMPLE else ""
