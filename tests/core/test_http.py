"""The HTTP machinery: strict input, problem documents, and the OpenAPI document."""

import pytest

from core.http import parse_json
from core.problems import DomainError
from tests.client import ApiClient


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"\xff\xfe", b"[" * 100_000, b"nul"]
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        parse_json(body)
    assert refused.value.code == "bad_json"


def test_every_error_below_the_prefix_is_a_problem_document(client: ApiClient) -> None:
    for answer in (
        client.get("/nothing"),
        client.send("PATCH", "/sessions"),
        client.get("/me"),
        client.send("POST", "/registrations", data=b"{", headers={"Content-Type": "application/json"}),
        client.send("POST", "/registrations", data=b"a=1", headers={"Content-Type": "text/plain"}),
    ):
        assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
        assert answer.json["status"] == answer.status >= 400
        assert {"type", "title", "status", "code"} <= set(answer.json)


def test_a_body_too_large_is_refused_before_it_is_read(client: ApiClient) -> None:
    answer = client.send(
        "POST", "/registrations", data=b" " * (2 << 20), headers={"Content-Type": "application/json"}
    )  # fmt: skip
    assert answer.expect(413).code == "too_large"


def test_the_document_describes_every_route(client: ApiClient) -> None:
    document = client.get("/openapi.json").expect(200).json
    assert document["openapi"].startswith("3.1")
    assert "post" in document["paths"]["/orders"]
    amount = document["components"]["schemas"]["OrderOut"]["properties"]["gross"]
    assert amount["type"] in ("string", ["string", "null"])
    assert document["paths"]["/orders"]["post"]["security"] == [{"bearer": []}]


def test_an_unknown_token_is_not_taken_for_a_stranger(client: ApiClient) -> None:
    answer = ApiClient(client.app, "nonsense").get("/healthz").expect(401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
