"""The HTTP machinery: strict input, problem documents, and the OpenAPI document."""

import io

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


class _Body(io.BytesIO):
    """A body that remembers how far it was read."""

    reached = 0

    def close(self) -> None:
        self.reached = self.reached or self.tell()
        super().close()


def test_a_refused_body_is_read_to_its_end_so_that_the_sender_reads_why(client: ApiClient) -> None:
    """A server that stops reading resets the connection, and the answer is lost with it."""
    for size, taken in ((2 << 20, 2 << 20), (40 << 20, 16 << 20)):
        body = _Body(b" " * size)
        with client.app.test_client() as http:
            answer = http.post(
                "/api/v1/registrations", input_stream=body, content_length=size, content_type="application/json"
            )
        assert answer.status_code == 413
        body.close()
        assert body.reached == taken
