"""The exact bytes of entries: fixed by a golden file, and nothing else is an entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.audit.entry import encode, timestamp
from compliance.audit.verifier import (
    MOST_ENTRY_BYTES,
    Malformed,
    Tampered,
    canonical,
    leaf_hash,
    parse_call,
    parse_entry,
)

GOLDEN = json.loads((Path(__file__).parent / "golden" / "entries.json").read_text("utf-8"))
FULL: dict[str, Any] = GOLDEN[-1]["fields"]


def _encode(fields: dict[str, Any]) -> bytes:
    return encode(**fields | {"at": datetime.fromisoformat(fields["at"])})


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: str(case["name"]))
def test_the_bytes_and_the_leaf_of_an_entry_never_change(case: dict[str, Any]) -> None:
    raw = _encode(case["fields"])
    assert raw == case["bytes"].encode()
    assert leaf_hash(raw).hex() == case["leaf"]
    assert parse_entry(raw)["object_seq"] == case["fields"]["object_seq"]


def test_what_is_read_is_what_was_written() -> None:
    read = parse_entry(_encode(FULL))
    assert (read["actor"], read["data"], read["tier"]) == (FULL["actor"], FULL["data"], FULL["tier"])
    assert read["decision"] == FULL["decision"]


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), TEXT, max_size=8))
@settings(max_examples=150, deadline=None)
def test_the_verifiers_canonical_form_is_rfc_8785(data: dict[str, str]) -> None:
    raw = _encode(FULL | {"data": data})
    assert raw == rfc8785.dumps(json.loads(raw))
    assert canonical(json.loads(raw)) == raw


def _with(**changes: Any) -> bytes:
    return rfc8785.dumps(json.loads(_encode(FULL)) | changes)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 9000,
        _with(v=2),
        _with(v="1"),
        _with(v=True),
        _with(extra="x"),
        _with(object_seq=0),
        _with(object_seq=-1),
        _with(object_seq="1"),
        _with(object_seq=1.5),
        _with(object_seq=True),
        _with(tier=2.0e30),
        _with(tier=None),
        _with(at="2026-11-25T00:00:00Z"),
        _with(at="2026-11-25T00:00:00.000+08:00"),
        _with(action="place"),
        _with(action="order:Place"),
        _with(actor=""),
        _with(object="two words"),
        _with(data={"amount": 5}),
        _with(data={"deep": {"er": "x"}}),
        _with(data={"a name": "x"}),
        _with(data={"名": "x"}),
        _with(data=["x"]),
        _with(decision={"effect": "permit"}),
        _with(decision={"effect": "maybe", "policy": "0" * 64, "rules": []}),
        _with(decision={"effect": "permit", "policy": "0" * 63, "rules": []}),
        _with(decision={"effect": "permit", "policy": "0" * 64, "rules": [1]}),
        _with(personal={"name": "乔致"}),
        _with(data={"note": "x" * MOST_ENTRY_BYTES}),
    ],
)
def test_anything_else_is_no_entry(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_entry(raw)


@pytest.mark.parametrize("name", ["v", "origin", "id", "at", "actor", "action", "object", "object_seq"])
def test_every_field_of_an_entry_is_needed(name: str) -> None:
    entry = json.loads(_encode(FULL))
    del entry[name]
    with pytest.raises(Malformed, match="fields|version"):  # noqa: RUF043
        parse_entry(rfc8785.dumps(entry))


def test_the_same_meaning_in_other_bytes_is_tampering() -> None:
    raw = _encode(FULL)
    for other in (
        raw + b"\n",
        b" " + raw,
        raw.replace(b'"v":1', b'"v": 1'),
        raw.replace(b"object_seq", b"object\\u005fseq"),
        json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")).encode(),
        json.dumps(dict(reversed(json.loads(raw).items())), ensure_ascii=False, separators=(",", ":")).encode(),
    ):
        assert other != raw
        with pytest.raises(Tampered):
            parse_entry(other)
    with pytest.raises(Malformed, match="twice"):
        parse_entry(raw.replace(b'"v":1', b'"v":1,"v":1'))


def test_a_time_is_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 25, 8, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert timestamp(moment) == "2026-11-25T00:30:00.999Z"
    assert timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_an_entry_is_at_most_16_kib() -> None:
    with pytest.raises(ValueError, match="at most 16384 bytes"):
        _encode(FULL | {"data": {"note": "长" * 5500}})
    assert len(_encode(FULL | {"data": {"note": "长" * 5200}})) <= MOST_ENTRY_BYTES


def test_amounts_are_texts() -> None:
    with pytest.raises(ValueError, match="texts"):
        _encode(FULL | {"data": {"gross": 106000}})


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (b"\xff", "不是有效的 JSON：不是 UTF-8 文本", "not JSON: it is not UTF-8"),
        (b'{"v" 1}', "不是有效的 JSON：第 6 个字符处有误", "not JSON: at character 6"),
        (
            b"[" * 9000,
            "不是有效的 JSON：嵌套过深或有一个数过长",
            "not JSON: nested too deeply, or a number is too long",
        ),
        (
            b"9" * 9000,
            "不是有效的 JSON：嵌套过深或有一个数过长",
            "not JSON: nested too deeply, or a number is too long",
        ),
    ],
)
def test_what_is_no_json_is_told_in_both_languages(raw: bytes, zh: str, en: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_entry(raw)
    assert refused.value.reason == (zh, en)


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        (lambda raw: raw[:50], "它不完整"),
        (lambda raw: raw[:-1], "有一段文本不完整"),
        (lambda raw: raw[:100], "有一段文本不完整"),
        (lambda raw: raw[:101] + b"\xff" + raw[102:], "有一段文本不完整"),
        (lambda raw: raw[:2] + b"\x09" + raw[3:], "没有这样的调用结果"),
        (lambda raw: raw[:3] + b"\x01" + raw[4:], "它不是一次调用的记录"),
        (lambda raw: raw + b"\x00", "它不是一次调用的记录"),
    ],
)
def test_what_is_no_record_of_a_call_is_told_in_chinese(change: Callable[[bytes], bytes], zh: str) -> None:
    raw = bytes((1, 1, 1, 0)) + bytes(96) + b"\x02ab" * 7
    assert parse_call(raw)["listing"] == "ab"
    with pytest.raises(Malformed) as refused:
        parse_call(change(raw))
    assert refused.value.reason[0] == f"用量记录无法读取：{zh}"
