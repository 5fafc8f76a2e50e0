"""The operations of an OpenAPI document: what a supplier can pick from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalog.interfaces.conformity import Conformity
from catalog.interfaces.describing import Describer, example_text, given_example, text_of, type_of
from catalog.interfaces.document import Document
from catalog.interfaces.errors import OpenApiTooManyParts
from catalog.interfaces.places import Place
from catalog.interfaces.types import METHODS, FoundOperation
from core.problems import Sentence

MOST_OPERATIONS = 500
MOST_PARAMETERS = 50
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_STATUS = re.compile(r"default|[1-5](?:[0-9]{2}|XX)")
_SEGMENT = re.compile(r"\{[A-Za-z0-9_.-]{1,60}\}|(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_PLACES = ("path", "query", "header")


class Operations:
    """Reads every operation. Raises OpenApiInvalid and its kin, naming the place."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._conformity = Conformity(document)
        self._describer = Describer(document)
        self._taken: set[str] = set()

    def all(self) -> list[FoundOperation]:
        self._conformity.check_head()
        return list(self._found())

    def _found(self) -> Iterator[FoundOperation]:
        count = 0
        for path, written in self._document.content.get("paths", {}).items():
            if path.startswith("x-"):
                continue
            place: Place = ("paths", path)
            if not path.startswith("/"):
                self._document.refuse(place, "a path begins with a slash.", hint=f"Write /{path[:80]}.")
            item, place = self._document.resolve(written, place)
            self._conformity.check("path", item, place)
            shared = self._parameters(item, place)
            for method in METHODS:
                if method.lower() in item:
                    count += 1
                    if count > MOST_OPERATIONS:
                        raise OpenApiTooManyParts(Sentence("At most %(most)s operations.", most=MOST_OPERATIONS))
                    yield self._operation(path, method, item[method.lower()], (*place, method.lower()), shared)

    def _operation(
        self, path: str, method: str, node: Any, place: Place, shared: dict[tuple[str, str], dict[str, Any]]
    ) -> FoundOperation:
        self._conformity.check("operation", node, place)
        parameters = list((shared | self._parameters(node, place)).values())
        self._check_path_parameters(path, parameters, place)
        request = self._request(node, place)
        statuses, response = self._responses(node, place)
        return FoundOperation(
            id=self._id(node, method, path), method=method, path=path,
            summary=text_of(node.get("summary")) or text_of(node.get("description")),
            parameters=tuple(each for each in parameters if each["in"] in _PLACES and not _ignored(each)),
            request_media_type=request[0], request_fields=tuple(request[1]), request_example=request[2],
            response_fields=tuple(response[0]), response_example=response[1], statuses=tuple(statuses),
            problem=_problem(path, parameters),
        )  # fmt: skip

    def _id(self, node: dict[str, Any], method: str, path: str) -> str:
        written = node.get("operationId") or f"{method.lower()}{path}"
        plain = _UNSAFE.sub("_", written).strip("_")[:56] or method.lower()
        found, number = plain, 2
        while found in self._taken:
            found, number = f"{plain}_{number}", number + 1
        self._taken.add(found)
        return found

    def _parameters(self, node: dict[str, Any], place: Place) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        written = node.get("parameters", [])
        if len(written) > MOST_PARAMETERS:
            self._document.refuse((*place, "parameters"), f"at most {MOST_PARAMETERS} parameters are read.")
        for number, each in enumerate(written):
            parameter, where = self._document.resolve(each, (*place, "parameters", number))
            self._conformity.check("parameter", parameter, where)
            key = parameter["in"], parameter["name"]
            if key in found:
                self._document.refuse((*place, "parameters", number), f"{key[1][:80]} in {key[0]} stands twice.")
            found[key] = self._parameter(parameter, where)
        return found

    def _parameter(self, node: dict[str, Any], place: Place) -> dict[str, Any]:
        schema, _ = self._document.resolve(node.get("schema", {}), (*place, "schema"))
        example = _first_example(node)
        if example is None and isinstance(schema, dict):
            example = given_example(schema)
        return {
            "name": node["name"], "in": node["in"], "required": node.get("required", False),
            "type": type_of(schema), "description": text_of(node.get("description")),
            "format": str(schema.get("format") or "")[:40] if isinstance(schema, dict) else "",
            "example": example_text(example),
        }  # fmt: skip

    def _check_path_parameters(self, path: str, parameters: list[dict[str, Any]], place: Place) -> None:
        written = set(re.findall(r"\{([^{}]*)\}", path))
        declared = {each["name"] for each in parameters if each["in"] == "path"}
        for name in sorted(written - declared):
            self._document.refuse(
                place, f"the path has {{{name[:60]}}} and no such parameter.", hint="Declare it, with in: path."
            )
        for name in sorted(declared - written):
            self._document.refuse(place, f"the parameter {name[:60]} does not stand in the path.")

    def _request(self, node: dict[str, Any], place: Place) -> tuple[str, list[dict[str, str]], str]:
        if "requestBody" not in node:
            return "", [], ""
        body, place = self._document.resolve(node["requestBody"], (*place, "requestBody"))
        self._conformity.check("body", body, place)
        return self._content(body, place)

    def _responses(self, node: dict[str, Any], place: Place) -> tuple[list[str], tuple[list[dict[str, str]], str]]:
        statuses: list[str] = []
        best: tuple[list[dict[str, str]], str] | None = None
        for status, each in node.get("responses", {}).items():
            if status.startswith("x-"):
                continue
            where = (*place, "responses", status)
            if not _STATUS.fullmatch(status):
                self._document.refuse(where, "an answer is named by its status, such as 200, 4XX or default.")
            response, where = self._document.resolve(each, where)
            self._conformity.check("response", response, where)
            statuses.append(status)
            if best is None and status.startswith("2"):
                best = self._content(response, where)[1:]
        return statuses, best or ([], "")

    def _content(self, node: dict[str, Any], place: Place) -> tuple[str, list[dict[str, str]], str]:
        """Media type, fields and example of a body: of its JSON form when it has one."""
        content = node.get("content", {})
        if not content:
            return "", [], ""
        kind = next((each for each in content if "json" in each.lower()), next(iter(content)))
        media, where = content[kind], (*place, "content", kind)
        if not isinstance(media, dict):
            self._document.refuse(where, "this must be an object.")
        schema = media.get("schema", {})
        fields = self._describer.fields(schema, (*where, "schema"))
        example = _first_example(media)
        if example is None and "json" in kind.lower():
            example = self._describer.example(schema, (*where, "schema"))
        return kind[:100], fields, example_text(example)


def _first_example(node: dict[str, Any]) -> Any:
    if node.get("example") is not None:
        return node["example"]
    examples = node.get("examples")
    first = next(iter(examples.values()), None) if isinstance(examples, dict) else None
    return first.get("value") if isinstance(first, dict) else None


def _ignored(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "header" and parameter["name"].lower() in _IGNORED_HEADERS


def _problem(path: str, parameters: list[dict[str, Any]]) -> str:
    """Why the operation cannot be offered through the gateway; empty when it can."""
    segments = path.split("/")[1:]
    if not all(_SEGMENT.fullmatch(each) for each in segments) or len(path) > 500:
        return "A parameter must fill its part of the path, and a path holds no query."
    if any(each in (".", "..") for each in segments) or "" in segments[:-1]:
        return "The path has empty or dotted parts."
    if any(each["in"] == "cookie" and each["required"] for each in parameters):
        return "It needs a cookie."
    return ""
