"""The HTTP machinery: strict input, problem documents, and the OpenAPI document."""

import io
import json
import re

import pytest

from core.house import House
from core.http import parse_json
from core.problems import DomainError
from tests import build
from tests.client import ApiClient


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"nul",
        b'{"a": "\\ud800"}',
        b'["\\udc00\\ud800"]',
        b'{"\\ud83d": 1}',
    ],
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


@pytest.mark.parametrize("path", ["/listings/%00", "/keys/key_%00", "/audit/entries?object_id=%00", "/search?q=%00",
                                  "/search?%00=1"])  # fmt: skip
def test_an_address_with_a_nul_finds_nothing_on_either_database(client: ApiClient, house: House, path: str) -> None:
    person = ApiClient(client.app, build.organisation(house).token)
    assert person.get(path).status in (404, 422)


@pytest.mark.parametrize("body", [{"email": "a\x00@b", "password": "x"}, {"email": "a@b", "password": "x\x00"},
                                  {"email": "a@b", "password": ["\x00"]}, {"email\x00": "a@b"}])  # fmt: skip
def test_a_nul_in_a_body_is_named(client: ApiClient, body: dict[str, object]) -> None:
    assert client.post("/sessions", body).expect(422).code == "invalid"


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize("depth", [10, 300, 600, 900, 990, 1000, 3000])
def test_no_depth_of_a_body_is_an_error_of_ours(client: ApiClient, depth: int) -> None:
    body = b'{"email": ' + b"[" * depth + b"]" * depth + b', "password": "x"}'
    answer = client.send("POST", "/sessions", data=body, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 422)


def test_both_halves_of_a_pair_are_a_text() -> None:
    assert parse_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_body_too_large_is_refused_before_it_is_read(client: ApiClient) -> None:
    answer = client.send(
        "POST", "/registrations", data=b" " * (2 << 20), headers={"Content-Type": "application/json"}
    )  # fmt: skip
    assert answer.expect(413).code == "too_large"


@pytest.mark.filterwarnings("error")
def test_the_document_describes_every_route(client: ApiClient) -> None:
    """Two shapes of one name would be a warning, and one of them would be told under a name nobody chose."""
    document = client.get("/openapi.json").expect(200).json
    assert document["openapi"].startswith("3.1")
    told = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert told <= set(document["components"]["schemas"])
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids))
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


@pytest.mark.parametrize("path", ["/sessions", "/clock/advance"])
def test_routes_that_open_their_own_units_read_bodies_as_strictly(client: ApiClient, house: House, path: str) -> None:
    operator = ApiClient(client.app, build.platform_person(house, "operator").token)
    for body, kind, status in ((b"hours=1", "text/plain", 415), (b" " * (2 << 20), "application/json", 413)):
        answer = operator.send("POST", path, data=body, headers={"Content-Type": kind})
        answer.expect(status)
    assert operator.send("POST", path, data=b"{", headers={"Content-Type": "application/json"}).expect(400).code


@pytest.mark.parametrize("limit", [-352164, 0, 101])
def test_a_page_of_no_rows_or_too_many_is_refused(client: ApiClient, limit: int) -> None:
    refused = client.get(f"/listings?limit={limit}").expect(422)
    assert (refused.code, refused.json["field"]) == ("invalid", "limit")
