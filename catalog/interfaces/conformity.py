"""Whether parts of a document are what OpenAPI says they are, by the schemas of openapi-spec-validator.

The whole of a large document would take minutes, and a hostile one would run the supplier's own patterns against
its own defaults. So each part is checked alone, with stubs for the parts inside it, and parts of one shape once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from catalog.interfaces.document import Document
from catalog.interfaces.errors import OpenApiTooManyParts
from catalog.interfaces.places import Place
from core.problems import Sentence

MOST_SHAPES = 1000
_TEXTS = frozenset({"description", "summary", "operationId", "name", "title", "url", "termsOfService"})
_LEFT_OUT = frozenset(
    {
        "example", "examples", "callbacks", "security", "externalDocs", "tags", "links", "headers", "components",
        "webhooks",
    }
)  # fmt: skip
_RESPONSES = {"default": {"description": ""}}
_CONTENT = {"a/b": dict[str, Any]()}
_STUBS: dict[str, Callable[[Any], Any]] = {
    "paths": lambda value: {} if isinstance(value, dict) else value,
    "responses": lambda value: _RESPONSES if isinstance(value, dict) else value,
    "content": lambda value: _CONTENT if isinstance(value, dict) else value,
    "requestBody": lambda value: {"content": _CONTENT} if isinstance(value, dict) else value,
    "schema": lambda value: {} if isinstance(value, (dict, bool)) else value,
    "servers": lambda value: value[:20] if isinstance(value, list) else value,
    "parameters": lambda value: [] if isinstance(value, list) else value,
} | dict.fromkeys(
    ("get", "put", "post", "delete", "options", "head", "patch", "trace"),
    lambda value: {"responses": _RESPONSES} if isinstance(value, dict) else value,
)
_PARTS = {
    "path": ("PathItem", "path-item"),
    "operation": ("Operation", "operation"),
    "parameter": ("Parameter", "parameter"),
    "body": ("RequestBody", "request-body"),
    "response": ("Response", "response"),
}
_QUOTED = re.compile(r"'([^']{1,80})'")


class Conformity:
    """Checks the parts of one document."""

    def __init__(self, document: Document) -> None:
        from openapi_spec_validator.schemas import openapi_v30_schema_validator, openapi_v31_schema_validator

        self._document = document
        old = document.version == "3.0"
        self._whole: Any = openapi_v30_schema_validator if old else openapi_v31_schema_validator
        self._checks = {
            part: self._whole.evolve(schema={"$ref": f"#/definitions/{names[0]}" if old else self._defined(names[1])})
            for part, names in _PARTS.items()
        }
        self._passed: set[str] = set()

    def _defined(self, name: str) -> str:
        return f"{self._whole.schema['$id']}#/$defs/{name}"

    def check_head(self) -> None:
        """The document without its paths and components. Raises OpenApiInvalid."""
        self._check(self._whole, _shape(self._document.content), ())

    def check(self, part: str, node: Any, place: Place) -> None:
        """One path, operation, parameter, body or response. Raises OpenApiInvalid naming the place."""
        shape = _shape(node)
        key = part + json.dumps(shape, sort_keys=True, default=str)
        if key in self._passed:
            return
        if len(self._passed) >= MOST_SHAPES:
            raise OpenApiTooManyParts(
                Sentence("Its parts have more than %(most)s different shapes.", most=MOST_SHAPES),
                hint="Leave out what you do not offer.",
            )
        self._check(self._checks[part], shape, place)
        self._passed.add(key)

    def _check(self, validator: Any, shape: Any, place: Place) -> None:
        errors = sorted(validator.iter_errors(shape), key=lambda error: (error.validator in _VAGUE, len(error.path)))
        if errors:
            problem, hint = _told(errors[0])
            self._document.refuse((*place, *errors[0].absolute_path), problem, hint=hint)


_VAGUE = ("oneOf", "anyOf", "not", "if")


def _shape(node: Any) -> Any:
    """The part with stubs for what is checked by itself, and without its prose."""
    if not isinstance(node, dict):
        return node
    kept = {name: value for name, value in node.items() if name not in _LEFT_OUT and not name.startswith("x-")}
    return {name: _shape_of(name, value) for name, value in kept.items()}


def _shape_of(name: str, value: Any) -> Any:
    if name in _STUBS:
        return _STUBS[name](value)
    if name in _TEXTS and isinstance(value, str):
        return "/" if name == "url" else "x"
    return _shape(value)


def _told(error: Any) -> tuple[str, str | None]:
    """The error of the schema in words, and how to mend it."""
    quoted = _QUOTED.search(error.message)
    name = quoted.group(1) if quoted else ""
    if error.validator == "required":
        return f"the field {name} is missing.", f"Add {name}."
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        name = next((found for found in _QUOTED.findall(error.message) if not found.startswith("^")), name)
        return f"there is no field {name} here.", f"Remove {name}, or begin its name with x-."
    if error.validator == "type":
        kinds = {"object": "an object", "array": "a list", "string": "a text", "boolean": "true or false"}
        wanted = kinds.get(str(error.validator_value), f"of type {error.validator_value}")
        hint = (
            "Put it in quotes." if error.validator_value == "string" and not isinstance(error.instance, dict) else None
        )
        return f"this must be {wanted}.", hint
    if error.validator == "enum":
        return f"this must be one of {', '.join(map(str, error.validator_value))}.", None
    missing = [found.group(1) for inner in error.context or () if (found := _QUOTED.match(inner.message))]
    if error.validator in _VAGUE and missing:
        return f"one of {', '.join(dict.fromkeys(missing))} is missing, or there is more than one of them.", None
    return f"{error.message[:200]}.", None
