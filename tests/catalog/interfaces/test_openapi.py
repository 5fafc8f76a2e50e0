"""OpenAPI documents, good ones and all the others: each is read, or refused with the place and how to mend it."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.interfaces import openapi
from catalog.interfaces.openapi import ReadDocument
from catalog.interfaces.reading import MOST_BYTES
from catalog.interfaces.types import FoundOperation
from core.problems import DomainError, TooLarge
from tests.catalog.interfaces.making import DOCUMENTS

GOOD: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Rain", "version": "1"},
    "servers": [{"url": "https://api.example.com/v1/"}],
    "paths": {
        "/stations/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getStation",
                "summary": "One  station",
                "parameters": [{"name": "day", "in": "query", "schema": {"type": "string", "example": "2026-01-31"}}],
                "responses": {
                    "200": {
                        "description": "Found",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Station"}}},
                    },
                    "404": {"description": "None"},
                },
            },
        },
        "/stations": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Station"}}}},
                "responses": {"201": {"description": "Made"}},
            }
        },
    },
    "components": {
        "schemas": {
            "Station": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "What it is called"},
                    "near": {"type": "array", "items": {"$ref": "#/components/schemas/Station"}},
                    "rain": {"type": ["number", "null"], "example": 1.5},
                },
            }
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}


def _read(document: Any) -> ReadDocument:
    return openapi.read(json.dumps(document).encode())


def _changed(value: Any, *path: str | int) -> dict[str, Any]:
    """The good document with another value at that place; ``...`` takes the place away."""
    document = copy.deepcopy(GOOD)
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return document


def _refusal(raw: bytes) -> dict[str, Any]:
    with pytest.raises(DomainError) as refused:
        openapi.read(raw)
    problem = refused.value.problem()
    assert 400 <= problem["status"] < 500
    assert problem["detail"]
    json.dumps(problem, ensure_ascii=False).encode()
    return problem


def test_json_and_yaml_say_the_same() -> None:
    read, same = _read(GOOD), openapi.read(yaml.safe_dump(GOOD, sort_keys=False).encode())
    assert read.operations == same.operations
    assert (read.title, read.openapi, read.servers) == ("Rain", "3.1", ("https://api.example.com/v1",))
    assert read.credential == {"kind": "header", "name": "X-Key"}
    assert read.sha256 != same.sha256


def test_an_operation_is_read_with_parameters_fields_and_examples() -> None:
    get, post = _read(GOOD).operations
    assert (get.id, get.method, get.path, get.summary) == ("getStation", "GET", "/stations/{id}", "One station")
    assert [(each["name"], each["in"], each["required"], each["example"]) for each in get.parameters] == [
        ("id", "path", True, ""), ("day", "query", False, "2026-01-31"),
    ]  # fmt: skip
    assert [(each["name"], each["type"]) for each in get.response_fields] == [
        ("name", "string"), ("near", "array"), ("near[]", "object"), ("rain", "number"),
    ]  # fmt: skip
    assert json.loads(get.response_example) == {"name": "string", "near": [None], "rain": 1.5}
    assert (get.statuses, get.proposed_outcome) == (("200", "404"), {"statuses": {"200": "hit", "404": "miss"}})
    assert (post.id, post.request_media_type) == ("post_stations", "application/json")
    assert json.loads(post.request_example)["rain"] == 1.5
    assert FoundOperation.from_dict(json.loads(json.dumps(get.as_dict()))) == get


@pytest.mark.parametrize("name", ["companies.json", "digits.yaml", "identity.json"])
def test_the_documents_of_the_demonstration_are_read(name: str) -> None:
    assert all(not each.problem for each in openapi.read((DOCUMENTS / name).read_bytes()).operations)


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        (_changed(..., "openapi"), "#", "There is no field openapi"),
        (_changed(..., "info"), "#", "info is missing"),
        (_changed(..., "info", "version"), "#/info", "version is missing"),
        (_changed(1.0, "info", "version"), "#/info/version", "must be a text"),
        (_changed([], "paths"), "#/paths", "must be an object"),
        (_changed({}, "paths"), "#/paths", "no operation"),
        (_changed({"get": {}}, "paths", "stations"), "#/paths/stations", "begins with a slash"),
        (_changed(3, "paths", "/stations"), "#/paths/~1stations", "must be an object"),
        (_changed(3, "paths", "/stations", "post"), "#/paths/~1stations/post", "must be an object"),
        (_changed({}, "paths", "/stations", "pots"), "#/paths/~1stations", "no field pots"),
        (_changed("x", "paths", "/stations/{id}", "parameters"), "#/paths/~1stations~1{id}/parameters", "a list"),
        (_changed(..., "paths", "/stations/{id}", "parameters", 0, "name"), "parameters/0", "name is missing"),
        (_changed("body", "paths", "/stations/{id}", "parameters", 0, "in"), "parameters/0/in", "one of"),
        (_changed(..., "paths", "/stations/{id}", "parameters", 0, "required"), "parameters/0", "required is missing"),
        (_changed([], "paths", "/stations/{id}", "parameters"), "get", "no such parameter"),
        (_changed({"get": {"responses": {"2000": {"description": ""}}}}, "paths", "/x"), "responses/2000", "status"),
        (_changed({"get": {"responses": {"200": {}}}}, "paths", "/x"), "responses/200", "description is missing"),
        (_changed({"get": {"responses": {"200": 1}}}, "paths", "/x"), "responses/200", "must be an object"),
        (_changed("word", "components", "schemas", "Station", "type"), "schemas/Station/type", "one of"),
        (_changed({"a": 1}, "components", "schemas", "Station", "type"), "schemas/Station/type", "one of"),
        (_changed([], "components", "schemas", "Station", "properties"), "Station/properties", "must be an object"),
        (_changed({}, "components", "schemas", "Station", "allOf"), "Station/allOf", "must be a list"),
        (_changed(1, "components", "schemas", "Station", "properties", "name"), "properties/name", "is an object"),
        (_changed(..., "components", "schemas", "Station"), "schema", "not in this document"),
        (_changed({"url": "x", "name": 1}, "servers", 0), "#/servers/0", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_line(document: dict[str, Any], place: str, says: str) -> None:
    for raw in (json.dumps(document, indent=1).encode(), yaml.safe_dump(document, sort_keys=False).encode()):
        problem = _refusal(raw)
        assert place in problem["field"]
        assert says in problem["detail"]
        assert problem["status"] == 422
        if problem["field"].count("/") > 1:
            assert 1 < problem["line"] <= raw.count(b"\n") + 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "openapi_invalid"),
        (b"hello", "openapi_invalid"),
        (b"[1, 2]", "openapi_invalid"),
        (b"{}", "openapi_invalid"),
        (b"<?xml version='1.0'?><a/>", "openapi_invalid"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "openapi_unreadable"),
        (b"\xff\xfe{\x00}\x00", "openapi_unreadable"),
        (b'{"openapi": "3.1.0"', "openapi_unreadable"),
        (b'{"openapi": "3.1.0", "openapi": "3.0.0"}', "openapi_unreadable"),
        (b"openapi: 3.1.0\nopenapi: 3.0.0", "openapi_unreadable"),
        (b'{"openapi": NaN}', "openapi_unreadable"),
        (b"openapi: !!python/object/apply:os.system ['true']", "openapi_unreadable"),
        (b"a: &a [*a]", "openapi_unreadable"),
        (b"a: &a {b: 1}\nc:\n  <<: *a", "openapi_unreadable"),
        (b"a: 1\n---\nb: 1", "openapi_unreadable"),
        (b"? [1]\n: 2", "openapi_unreadable"),
        (b'{"openapi": "\\ud800"}', "openapi_invalid"),
        (b'{"openapi": "3.1.0\\u0000"}', "openapi_invalid"),
        (b'{"openapi": "3.1.0", "x-y": 1e999}', "openapi_invalid"),
        (b'{"swagger": "2.0"}', "openapi_version"),
        (b'{"openapi": "2.0.0"}', "openapi_version"),
        (b'{"openapi": "3.2.0"}', "openapi_version"),
        (b'{"openapi": ["3.1.0"]}', "openapi_version"),
        (b"openapi: 3.1", "openapi_invalid"),
        (b'{"openapi": "3.1.0", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}", "openapi_too_deep"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "openapi_too_deep"),
        (b"[" * 1_000_000, "openapi_too_deep"),
        (b"a: " + b"[" * 500 + b"]" * 500, "openapi_too_deep"),
        (b"\n".join(b" " * n + b"a:" for n in range(300)), "openapi_too_deep"),
        (b"x:\n" + b"- [1,2,3]\n" * 60_000, "openapi_too_many_parts"),
        (b" " * (MOST_BYTES + 1), "openapi_too_large"),
    ],
)  # fmt: skip
def test_what_is_no_document_gets_a_clear_answer(raw: bytes, code: str) -> None:
    began = time.monotonic()
    problem = _refusal(raw)
    assert problem["code"] == code
    assert problem["status"] == (413 if code == "openapi_too_large" else 422)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("repeat", ["*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}"])
def test_a_bomb_of_aliases_goes_off_nowhere(repeat: str) -> None:
    bomb = "a0: &a0 [" + ",".join("x" * 9) + "]\n"
    bomb += "".join(f"a{n}: &a{n} [{repeat.format(n - 1)}]\n" for n in range(1, 40))
    began = time.monotonic()
    assert _refusal(bomb.encode())["code"] == "openapi_too_many_parts"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/schema.json", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd",
        "other.yaml#/components/schemas/X", "//example.com/x", "/etc/passwd", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [("components", "schemas", "Station"), ("paths", "/stations")])
def test_nothing_is_fetched_that_a_document_refers_to(target: str, path: tuple[str, ...]) -> None:
    problem = _refusal(json.dumps(_changed({"$ref": target}, *path)).encode())
    assert problem["code"] == "openapi_remote_reference"
    assert problem["hint"]
    assert problem["field"].endswith("/$ref")


@pytest.mark.parametrize(
    ("value", "path", "code"),
    [
        ({"$ref": "#/components/schemas/Station"}, ("components", "schemas", "Station"), "openapi_reference"),
        ({"$ref": "#/components/nothing"}, ("paths", "/stations"), "openapi_reference"),
        ({"$ref": "#/info/title"}, ("paths", "/stations"), "openapi_invalid"),
        ({"$ref": "#anchor"}, ("paths", "/stations"), "openapi_invalid"),
    ],
)
def test_references_that_lead_nowhere_or_in_a_circle(value: Any, path: tuple[str, ...], code: str) -> None:
    assert _refusal(json.dumps(_changed(value, *path)).encode())["code"] == code


def test_schemas_that_hold_themselves_are_described_once() -> None:
    itself = {"$ref": "#/components/schemas/Station"}
    tree = {"type": "object", "properties": {f"p{n}": itself for n in range(30)}, "allOf": [itself] * 5}
    began = time.monotonic()
    read = _read(_changed(tree, "components", "schemas", "Station"))
    assert len(read.operations[0].response_fields) == 30
    assert time.monotonic() - began < 30


def test_a_pattern_of_the_document_is_never_run() -> None:
    schema = {"type": "string", "pattern": "(a+)+$", "default": "a" * 60 + "!", "example": "a" * 60 + "!"}
    began = time.monotonic()
    _read(_changed(schema, "components", "schemas", "Station", "properties", "name"))
    assert time.monotonic() - began < 30


def test_a_large_document_is_read_in_seconds() -> None:
    document = copy.deepcopy(GOOD)
    for number in range(400):
        document["paths"][f"/other/{number}/{{id}}"] = copy.deepcopy(GOOD["paths"]["/stations/{id}"])
        document["paths"][f"/other/{number}/{{id}}"]["get"]["operationId"] = f"other{number}"
    began = time.monotonic()
    assert len(_read(document).operations) == 402
    assert time.monotonic() - began < 30


def test_too_many_operations_are_refused() -> None:
    document = _changed({f"/p{n}": {"get": {"responses": {"200": {"description": ""}}}} for n in range(501)}, "paths")
    assert _refusal(json.dumps(document).encode())["code"] == "openapi_too_many_parts"


@pytest.mark.parametrize(
    ("path", "parameter", "problem"),
    [
        ("/report.{format}", {"name": "format", "in": "path", "required": True, "schema": {}}, True),
        ("/a?b={c}", {"name": "c", "in": "path", "required": True, "schema": {}}, True),
        ("/a//b", None, True),
        ("/a/../b", None, True),
        ("/a b", None, True),
        ("/a/", None, False),
        ("/a%20b", None, False),
        ("/a", {"name": "session", "in": "cookie", "required": True, "schema": {}}, True),
        ("/a", {"name": "session", "in": "cookie", "schema": {}}, False),
    ],
)
def test_operations_that_cannot_be_offered_say_why(path: str, parameter: Any, problem: bool) -> None:
    operation = {"responses": {"200": {"description": ""}}, "parameters": [parameter] if parameter else []}
    (found,) = _read(_changed({path: {"get": operation}}, "paths")).operations
    assert bool(found.problem) is problem


def test_operations_without_a_name_get_one_each() -> None:
    answers = {"responses": {"200": {"description": ""}}}
    named = {"/a/b": {"get": answers}, "/a_b": {"get": answers}, "/数据": {"get": answers | {"operationId": "查询"}}}
    ids = [each.id for each in _read(_changed(named, "paths")).operations]
    assert ids == ["get_a_b", "get_a_b_2", "get"]


# ---- whatever comes -------------------------------------------------------------------------------------------------

_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=10),
    st.sampled_from(["#/paths", "#/components/schemas/Station", "string", "object", "path", "query", "3.1.0"]),
)  # fmt: skip
_KEYS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["$ref", "get", "parameters", "schema", "properties", "items", "allOf", "responses", "200", "content", "type",
         "application/json", "name", "in", "required", "requestBody", "example", "description", "components", "paths"]
    ),
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path] * bool(path) + [found for name, value in inner for found in _places(value, (*path, name))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_places(GOOD)), st.one_of(_VALUES, st.just(...)), st.booleans())
def test_a_document_with_anything_anywhere_is_read_or_refused(path: tuple[Any, ...], value: Any, as_yaml: bool) -> None:
    document = _changed(value, *path)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True) if as_yaml else json.dumps(document)
    try:
        read = openapi.read(text.encode("utf-8", "surrogatepass"))
    except DomainError as refusal:
        assert refusal.status in (413, 422)
        json.dumps(refusal.problem(), ensure_ascii=False).encode()
        return
    json.dumps([each.as_dict() for each in read.operations], ensure_ascii=False).encode()


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_refused_and_break_nothing(raw: bytes) -> None:
    with pytest.raises(DomainError):
        openapi.read(raw)


def test_the_size_is_checked_before_anything_else() -> None:
    with pytest.raises(TooLarge):
        openapi.read(b"\xff" * (MOST_BYTES + 1))
