"""How outcomes read: rules that are none are refused, and the catalog reads as the gateway does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.interfaces import outcome
from catalog.interfaces.errors import OutcomeInvalid
from exchange.gateway.outcome import Rule

BY_STATUS = {"statuses": {"200": "hit", "404": "miss"}}
BY_VALUE = {"statuses": {"200": "hit", "404": "miss"}, "pointer": "/r/found", "hit": [True, "yes", 1], "miss": [False]}


@pytest.mark.parametrize(
    ("rule", "status", "body", "read"),
    [
        (BY_STATUS, 200, b"", "hit"),
        (BY_STATUS, 404, b"", "miss"),
        (BY_STATUS, 201, b"", "upstream_error"),
        (BY_STATUS, 500, b"", "upstream_error"),
        ({"statuses": {"2xx": "hit"}}, 204, b"", "hit"),
        ({"statuses": {"2xx": "hit", "204": "miss"}}, 204, b"", "miss"),
        ({"statuses": {"2xx": "hit"}}, 302, b"", "upstream_error"),
        (BY_VALUE, 200, b'{"r": {"found": true}}', "hit"),
        (BY_VALUE, 200, b'{"r": {"found": "yes"}}', "hit"),
        (BY_VALUE, 200, b'{"r": {"found": 1}}', "hit"),
        (BY_VALUE, 200, b'{"r": {"found": 1.0}}', "hit"),
        (BY_VALUE, 200, b'{"r": {"found": "1"}}', "miss"),
        (BY_VALUE, 200, b'{"r": {"found": false}}', "miss"),
        (BY_VALUE, 200, b'{"r": {"found": 0}}', "miss"),
        (BY_VALUE, 200, b'{"r": {"found": null}}', "miss"),
        (BY_VALUE, 200, b'{"r": {"found": [true]}}', "miss"),
        (BY_VALUE, 200, b'{"r": {}}', "miss"),
        (BY_VALUE, 200, b"[]", "miss"),
        (BY_VALUE, 200, b"3", "miss"),
        (BY_VALUE, 200, b"", "upstream_error"),
        (BY_VALUE, 200, b"<html>", "upstream_error"),
        (BY_VALUE, 200, b'{"r": NaN}', "upstream_error"),
        (BY_VALUE, 200, b"\xff\xfe", "upstream_error"),
        (BY_VALUE, 200, b"[" * 100_000, "upstream_error"),
        (BY_VALUE, 200, None, "upstream_error"),
        (BY_VALUE, 200, b" " * (outcome.MOST_BODY_BYTES + 1), "upstream_error"),
        (BY_VALUE, 404, None, "miss"),
        (
            {"statuses": {"200": "hit"}, "pointer": "/a~1b/~0/1", "hit": [None]},
            200,
            b'{"a/b": {"~": [1, null]}}',
            "hit",
        ),
        ({"statuses": {"200": "hit"}, "pointer": "/01", "hit": ["x"]}, 200, b'["y", "x"]', "miss"),
        ({"statuses": {"200": "hit"}, "pointer": "/-1", "hit": ["x"]}, 200, b'["x"]', "miss"),
        ({"statuses": {"200": "hit"}, "pointer": "/", "hit": ["x"]}, 200, b'{"": "x"}', "hit"),
    ],
)
def test_the_outcome_of_an_answer(rule: dict[str, Any], status: int, body: bytes | None, read: str) -> None:
    assert outcome.check(rule, "outcome")["statuses"] == rule["statuses"]
    assert outcome.read(rule, status, body)[0] == read


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'{"n": [1, 2, 3]}', 3), (b'{"n": 7}', 7), (b'{"n": -7}', 0), (b'{"n": true}', 0), (b'{"n": 1e3}', 0),
        (b"{}", 0), (b'{"n": 99999999999}', 2**32 - 1),
    ],
)  # fmt: skip
def test_records_are_counted_where_the_rule_says(body: bytes, count: int) -> None:
    rule = outcome.check({"statuses": {"200": "hit"}, "records": "/n"}, "outcome")
    assert outcome.read(rule, 200, body) == ("hit", count)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ([], "o"),
        ({}, "o.statuses"),
        ({"statuses": {}}, "o.statuses"),
        ({"statuses": []}, "o.statuses"),
        ({"statuses": {"200": "hit"}, "extra": 1}, "o.extra"),
        ({"statuses": {"100": "hit"}}, "o.statuses.100"),
        ({"statuses": {"600": "hit"}}, "o.statuses.600"),
        ({"statuses": {"4xx": "miss", "200": "hit"}}, "o.statuses.4xx"),
        ({"statuses": {"２００": "hit"}}, "o.statuses.２００"),
        ({"statuses": {"200": "yes"}}, "o.statuses.200"),
        ({"statuses": {"200": ["hit"]}}, "o.statuses.200"),
        ({"statuses": {"200": "upstream_error"}}, "o.statuses.200"),
        ({"statuses": {"404": "miss"}}, "o.statuses"),
        ({"statuses": {"2xx": "miss", "200": "hit"}}, "o.statuses.2xx"),
        ({"statuses": {"2xx": "hit"}, "pointer": "/a", "hit": [1]}, "o.statuses.2xx"),
        ({"statuses": {"200": "hit"}, "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "a", "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "", "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "/~2", "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "/\ud800", "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "/a" * 30, "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": 3, "hit": [1]}, "o.pointer"),
        ({"statuses": {"200": "hit"}, "pointer": "/a"}, "o.hit"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": "x"}, "o.hit"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": [{}]}, "o.hit.0"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": [0.5]}, "o.hit.0"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": [2**60]}, "o.hit.0"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": [1] * 21}, "o.hit"),
        ({"statuses": {"200": "hit"}, "pointer": "/a", "hit": [1], "miss": [1]}, "o.miss"),
        ({"statuses": {"200": "hit"}, "records": "a"}, "o.records"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_its_part(rule: Any, field: str) -> None:
    with pytest.raises(OutcomeInvalid) as refused:
        outcome.check(rule, "o")
    assert refused.value.field == field


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=2))
_JSON = st.recursive(
    st.one_of(_SCALARS, st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab/~0"), inner, max_size=3)),
    max_leaves=8,
)
_POINTERS = st.lists(st.sampled_from(["a", "b", "~1", "~0", "0", "1", "00", "-"]), min_size=1, max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
_STATUSES = st.dictionaries(
    st.sampled_from(["200", "201", "404", "500"]), st.sampled_from(["hit", "miss"]), min_size=1
)  # fmt: skip
_RULES = st.fixed_dictionaries(
    {"statuses": _STATUSES}, optional={"records": _POINTERS}
) | st.fixed_dictionaries(
    {"statuses": _STATUSES, "pointer": _POINTERS, "hit": st.lists(_SCALARS, min_size=1, max_size=3)},
    optional={"records": _POINTERS, "miss": st.lists(_SCALARS, max_size=2)},
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(_RULES, st.sampled_from([200, 201, 404, 500, 302]), st.one_of(_JSON.map(json.dumps), st.text(max_size=8)))
def test_the_gateway_reads_every_rule_alike(rule: dict[str, Any], status: int, text: str) -> None:
    try:
        checked = outcome.check(rule, "outcome")
    except OutcomeInvalid:
        return
    assert outcome.check(checked, "outcome") == checked
    body = text.encode()
    compiled = Rule(checked)
    reading = compiled.by_status(status) or compiled.by_body(body, b"", outcome.MOST_BODY_BYTES)
    read, records = outcome.read(checked, status, body)
    assert (reading.outcome.name.lower(), reading.records) == (read, records)
