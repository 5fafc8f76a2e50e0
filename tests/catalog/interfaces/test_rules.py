"""The interface document: what is refused by field, its canonical bytes, and what others are told of it."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.interfaces import openapi, rules
from catalog.interfaces.errors import (
    CredentialInvalid,
    InterfaceInvalid,
    OperationNotOffered,
    UpstreamAddressRefused,
    UpstreamInvalid,
)
from core.problems import DomainError
from tests.catalog.interfaces.making import VERDICTS
from tests.catalog.interfaces.test_openapi import GOOD

GOLDEN = Path(__file__).parent / "golden_interface.json"
UPSTREAM = {"base_url": "https://api.example.com/v1", "timeout_ms": 5000, "connect_timeout_ms": 1000}
READ = openapi.read(json.dumps(GOOD).encode())


def _build(**changes: Any) -> dict[str, Any]:
    given = {
        "title": "Rain", "openapi_sha256": "0" * 64, "upstream": UPSTREAM, "credential": {"kind": "none", "name": ""},
        "found": READ.operations, "picked": [{"operation": "getStation"}], "allow": (),
    } | changes  # fmt: skip
    return rules.build(**given)


def test_the_document_is_what_it_was() -> None:
    """Bytes and hash of version 1 never change."""
    picked = [
        {"operation": "getStation", "id": "station", "outcome": VERDICTS},
        {"operation": "post_stations", "summary": "Make one", "request_example": "{}"},
    ]
    document = _build(picked=picked, credential={"kind": "header", "name": "X-Key"})
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert document == golden["document"]
    assert rules.digest(document) == golden["sha256"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://API.example.com:443/v1/", "https://api.example.com/v1"),
        ("http://api.example.com:8080/a/b", "http://api.example.com:8080/a/b"),
        ("https://[2606:4700::1]/", "https://[2606:4700::1]"),
        ("https://api.example.com.", "https://api.example.com"),
    ],
)
def test_an_address_has_one_form(written: str, kept: str) -> None:
    assert rules.base_url(written) == kept
    assert rules.base_url(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "api.example.com", "//api.example.com", "ftp://api.example.com", "file:///etc/passwd", "https://",
        "https://user:secret@api.example.com", "https://api.example.com?x=1", "https://api.example.com/a?x",
        "https://api.example.com/#a", "https://api.example.com:0", "https://api.example.com:99999",
        "https://api.example.com:x", "https://api.example.com/../a", "https://api.example.com/a//b",
        "https://api.example.com/%zz", "https://api.example.com/ä", "https://bücher.example", "https://a b.example",
        "https://api.example.com/\r\nHost: x", "https://api_.example.com/{id}", "https://-.example",
        "https://api.example.com\\@evil.example", "gopher://api.example.com", "https://" + "a" * 300 + ".example",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_service_is_refused(written: str) -> None:
    with pytest.raises(UpstreamInvalid) as refused:
        rules.base_url(written)
    assert refused.value.field == "upstream.base_url"
    assert "secret" not in json.dumps(refused.value.problem())


def test_plain_http_to_an_address_is_refused_unless_it_is_allowed() -> None:
    for allow in ((), ("127.0.0.1",), ("8.8.8.8:8080",)):
        with pytest.raises(UpstreamAddressRefused):
            rules.base_url("http://8.8.8.8/v1", allow)
    assert rules.base_url("http://8.8.8.8/v1", ("8.8.8.8",)) == "http://8.8.8.8/v1"
    assert rules.base_url("https://8.8.8.8/v1") == "https://8.8.8.8/v1"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "0.0.0.0",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
    ],
)
def test_addresses_that_calls_may_not_go_to_are_refused_at_once(host: str) -> None:
    with pytest.raises(UpstreamAddressRefused) as refused:
        rules.base_url(f"http://{host}/latest/meta-data")
    assert refused.value.problem()["status"] == 422


def test_an_allowed_private_address_is_taken_at_its_port_only() -> None:
    assert rules.base_url("http://127.0.0.1:9000", ["127.0.0.1:9000"]) == "http://127.0.0.1:9000"
    with pytest.raises(UpstreamAddressRefused):
        rules.base_url("http://127.0.0.1:9001", ["127.0.0.1:9000"])


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"picked": []}, InterfaceInvalid, "operations"),
        ({"picked": [{"operation": "nothing"}]}, OperationNotOffered, "operations.0.operation"),
        ({"picked": [{"operation": "getStation", "id": "a b"}]}, InterfaceInvalid, "operations.0.id"),
        ({"picked": [{"operation": "getStation"}] * 2}, InterfaceInvalid, "operations.1"),
        (
            {"picked": [{"operation": "getStation"}, {"operation": "post_stations", "id": "getStation"}]},
            InterfaceInvalid, "operations.1",
        ),
        (
            {"picked": [{"operation": "getStation", "outcome": {}}]}, DomainError, "operations.0.outcome.statuses",
        ),
        ({"upstream": UPSTREAM | {"timeout_ms": 1}}, UpstreamInvalid, "upstream.timeout_ms"),
        ({"upstream": UPSTREAM | {"timeout_ms": 99_999}}, UpstreamInvalid, "upstream.timeout_ms"),
        ({"upstream": UPSTREAM | {"connect_timeout_ms": 6000}}, UpstreamInvalid, "upstream.connect_timeout_ms"),
        ({"credential": {"kind": "header", "name": ""}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "header", "name": "Host"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "header", "name": "Transfer-Encoding"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "header", "name": "a:b"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "header", "name": "a\r\nb"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "query", "name": "a&b"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "none", "name": "x"}}, CredentialInvalid, "credential.name"),
        ({"credential": {"kind": "basic", "name": "x"}}, CredentialInvalid, "credential.name"),
    ],
)  # fmt: skip
def test_what_makes_no_interface_is_refused_by_its_field(change: Any, kind: type[DomainError], field: str) -> None:
    with pytest.raises(kind) as refused:
        _build(**change)
    assert refused.value.field == field


def test_the_credentials_own_parameter_is_not_the_callers() -> None:
    document = copy.deepcopy(GOOD)
    document["paths"]["/stations/{id}"]["get"]["parameters"].append(
        {"name": "x-KEY", "in": "header", "required": True, "schema": {}}
    )
    found = openapi.read(json.dumps(document).encode()).operations
    built = _build(found=found, credential={"kind": "header", "name": "X-Key"})
    assert [each["name"] for each in built["operations"][0]["parameters"]] == ["id", "day"]
    assert [each["name"] for each in _build(found=found)["operations"][0]["parameters"]] == ["id", "day", "x-KEY"]


@pytest.mark.parametrize("name", ["Content-Length", "connection", "a b", "Ä", "", "x\r\ny"])
def test_a_header_that_cannot_be_sent_is_not_offered(name: str) -> None:
    document = copy.deepcopy(GOOD)
    document["paths"]["/stations/{id}"]["get"]["parameters"].append({"name": name, "in": "header", "schema": {}})
    with pytest.raises(DomainError):
        _build(found=openapi.read(json.dumps(document).encode()).operations)


def test_a_document_beyond_measure_is_refused() -> None:
    found = READ.operations[:1]
    with pytest.raises(InterfaceInvalid):
        _build(found=found, picked=[{"operation": "getStation", "response_example": "x" * rules.MOST_DOCUMENT_BYTES}])


def test_others_are_told_neither_the_upstream_nor_what_it_is_given() -> None:
    document = _build(credential={"kind": "header", "name": "X-Key"})
    for told in (
        rules.without_secrets(document), rules.disclosed(document, examples=True, names=True),
        rules.disclosed(document, examples=False, names=False),
    ):  # fmt: skip
        text = json.dumps(told)
        assert "example.com" not in text
        assert "X-Key" not in text
    assert rules.disclosed(document, examples=True, names=True)["operations"] == document["operations"]


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for written in (text, f"https://{text}", f"https://api.example.com/{text}"):
        with suppress(UpstreamInvalid):
            assert rules.base_url(rules.base_url(written)) == rules.base_url(written)
