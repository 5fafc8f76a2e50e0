"""What an interface's declarations and answers say about persons, and the tier that follows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.interfaces import scanning
from compliance.recognisers import ScanSummary
from compliance.tiers import profile, propose


def _document(
    *,
    parameters: list[dict[str, Any]] | None = None,
    response: list[str] | None = None,
    request: list[str] | None = None,
    example: str = "",
    sent: str = "",
) -> dict[str, Any]:
    operation = {
        "id": "look_up", "parameters": parameters or [], "request_example": sent, "response_example": example,
        "request_fields": [{"name": name} for name in request or []],
        "response_fields": [{"name": name} for name in response or []],
    }  # fmt: skip
    return {"operations": [operation]}


def _tier(document: dict[str, Any], *answers: bytes) -> int:
    scans = [scanning.handed_out(document), *map(scanning.answer, answers)]
    return propose(profile("cn"), scans, inputs=[scanning.taken_in(document)]).level


@pytest.mark.parametrize(
    ("document", "tier"),
    [
        (_document(response=["name", "capital", "status", "phone", "address", "id"]), 1),
        (_document(response=["data.items[].mobile"]), 3),
        (_document(response=["idCard"]), 3),
        (_document(response=["id_number"]), 3),
        (_document(response=["owner.手机号"]), 3),
        (_document(response=["身份证号码"]), 3),
        (_document(response=["bankCardNo"]), 3),
        (_document(response=["mobile_friendly", "cardinality", "template", "remailed", "identity"]), 1),
        (_document(request=["id_number", "name"]), 2),
        (_document(parameters=[{"name": "mobile", "in": "query"}]), 2),
        (_document(parameters=[{"name": "q", "in": "query", "description": "手机号"}]), 2),
        (_document(parameters=[{"name": "q", "in": "query", "format": "email"}]), 2),
        (_document(parameters=[{"name": "q", "in": "query", "example": "13800138000"}]), 2),
        (_document(sent='{"q": "11010519491231002X"}'), 2),
        (_document(example='{"x": "13800138000"}'), 3),
        (_document(example="13800138000"), 3),
    ],
)
def test_the_tier_that_declarations_ask_for(document: dict[str, Any], tier: int) -> None:
    assert _tier(document) == tier


def test_one_answer_with_a_number_of_a_person_raises_the_tier() -> None:
    assert _tier(_document(), b'{"list": [{"contact": "somebody"}]}') == 1
    assert _tier(_document(), b'{"list": [{"contact": "13800138000"}]}') == 3
    assert _tier(_document(), b'{"digit": 7, "sure": 0.957}') == 1
    assert _tier(_document(), "来电 13800138000".encode()) == 3
    assert _tier(_document(), json.dumps([[["13800138000"]]]).encode()) == 3


def test_values_are_never_kept_in_clear() -> None:
    scan = scanning.answer(b'{"contact": "13800138000", "more": ["13900139000"]}')
    assert scan.personal == 2
    assert "13800138000" not in json.dumps(scan.as_dict())
    assert ScanSummary.from_dict(json.loads(json.dumps(scan.as_dict()))).personal == 2


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_answer_is_scanned(body: bytes) -> None:
    json.dumps(scanning.answer(body).as_dict())


def test_a_large_answer_is_scanned_in_seconds() -> None:
    body = json.dumps([{f"field{n % 500}": f"value {n}"} for n in range(30_000)]).encode()
    assert scanning.answer(body).personal == 0
