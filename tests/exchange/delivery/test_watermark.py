"""Marks in tables: what they change and leave alone, what survives, and that nobody innocent is named."""

from __future__ import annotations

import csv
import io
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import watermark as campaign
from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark.evidence import THRESHOLD, weigh
from exchange.delivery.watermark.keys import symbols
from exchange.delivery.watermark.marking import write_copy
from exchange.delivery.watermark.survey import estimate, survey
from exchange.delivery.watermark.tracing import trace
from exchange.delivery.watermark.types import Carrier, Unmarkable
from tests import build

KEY = bytes(range(32))
MEASURE = Carrier(0, "measure", 5, 2)


def _copy(original: bytes, name: str = "t.csv", key: bytes = KEY) -> bytes:
    made = io.BytesIO()
    write_copy(io.BytesIO(original), made, survey(io.BytesIO(original), name), key)
    return made.getvalue()


def _without_honeytokens(original: bytes, copy: bytes) -> list[tuple[list[str], list[str]]]:
    rows = [list(csv.reader(io.StringIO(body.decode()))) for body in (original, copy)]
    marked = {row[0]: row for row in rows[1]}
    return [(row, marked[row[0]]) for row in rows[0]]


def test_only_last_places_and_seconds_change_and_made_up_rows_come_in() -> None:
    original = build.measured(800).encode()
    copy = _copy(original)
    pairs = _without_honeytokens(original, copy)
    assert len(copy.splitlines()) == len(original.splitlines()) + 4
    assert pairs[0][0] == pairs[0][1], "the header"
    changed = 0
    for before, after in pairs[1:]:
        assert before[:2] == after[:2]
        assert before[2][:16] == after[2][:16]
        assert abs(int(before[2][17:]) - int(after[2][17:])) <= 2
        assert abs(round(100 * (float(before[3]) - float(after[3])))) <= 2
        assert abs(round(10 * (float(before[4]) - float(after[4])))) <= 2
        changed += before != after
    assert changed > 700
    assert _copy(original) == copy, "the same key gives the same copy"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_byte_that_carries_no_mark_stays(ending: str) -> None:
    rows = [f'{n},"a, ""{n}""\nsecond line",  {n * 1.37 + 20:.2f} ,x;y' for n in range(300)]
    original = ("id,text,value,note" + ending + ending.join(rows) + ending).encode("gb18030")
    copy = _copy(original)
    lines = copy.decode("gb18030").split(ending)
    assert lines[0] == "id,text,value,note"
    assert sum('""' in line for line in lines) >= 300
    assert copy.count(b"\r") >= original.count(b"\r")
    numbers = csv.reader(io.StringIO(copy.decode("gb18030")))
    assert all(row[2].startswith("  ") and row[2].endswith(" ") for row in list(numbers)[1:])


def test_lines_of_json_keep_their_spelling() -> None:
    original = "".join(
        json.dumps({"id": n, "名": f"站{n}", "deep": {"lat": 1.25}, "lat": round(20 + n * 0.00731, 5)}) + "\n"
        for n in range(400)
    ).encode()
    copy = _copy(original, "t.jsonl")
    before = {json.loads(line)["id"]: json.loads(line) for line in original.splitlines()}
    kept = 0
    for line in copy.splitlines():
        found = json.loads(line)
        assert found["deep"] == {"lat": 1.25}
        if found["id"] in before and found["名"] == before[found["id"]]["名"]:
            kept += 1
            assert abs(found["lat"] - before[found["id"]]["lat"]) < 0.000021
    assert kept >= 400


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", b"\x89PNG", "not_a_table"),
        ("a.csv", b"day,n\n" + b"".join(b"2026-01-%02d,%d\n" % (n, n) for n in range(1, 29)), "no_carrier"),
        ("a.csv", b"a,b\n" + b"".join(b"x%d,%d.%02d\n" % (n, n * 7, n) for n in range(40, 60)), "too_small"),
        ("a.csv", b"a,b\n1,\"x\n", "quotes_broken"),
        ("a.csv", b"", "too_small"),
    ],
)  # fmt: skip
def test_what_cannot_carry_a_mark_is_told(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(Unmarkable) as refused:
        survey(io.BytesIO(content), name)
    assert refused.value.reason == reason


def test_the_first_rows_tell_what_the_whole_table_would() -> None:
    rows = [line.split(",") for line in build.measured(100).splitlines()]
    assert estimate(rows[0], rows[1:], 400) == ""
    assert estimate(rows[0], rows[1:], 10) == "too_small"
    assert estimate(rows[0][:2], [row[:2] for row in rows[1:]], 400) == "no_carrier"


@given(st.decimals(min_value="0.11", max_value="99999", places=2), st.integers(0, 4), st.booleans())
def test_a_measure_gives_back_the_symbol_it_was_given(value: object, symbol: int, negative: bool) -> None:
    cell = f"-{value}" if negative else str(value)
    written = kinds.write(MEASURE, cell, symbol)
    assert written is not None
    assert kinds.read(MEASURE, cell, written) == symbol
    assert len(written.partition(".")[2]) == 2


@given(st.text(max_size=40), st.integers(0, 1))
def test_a_sentence_gives_back_its_stop_or_carries_none(text: str, symbol: int) -> None:
    carrier = Carrier(0, "prose", 2)
    written = kinds.write(carrier, text, symbol)
    if written is not None:
        assert kinds.read(carrier, text, written) == symbol
        assert kinds.stem(carrier, written) == kinds.stem(carrier, text)


def test_an_innocents_evidence_is_one_on_average_whatever_was_observed() -> None:
    """The mean of the likelihood ratio over innocent keys: what the threshold rests on."""
    carriers = (MEASURE, Carrier(1, "prose", 2))
    chance = Random(5)
    observed = {row: [((0, row % 5), (1, 1))] * (1 + row % 3) for row in range(6)}
    scores = [weigh("x", chance.randbytes(32), carriers, observed).score for _ in range(6_000)]
    mean = sum(2.718281828459045**score for score in scores) / len(scores)
    assert 0.85 < mean < 1.15
    assert max(scores) < THRESHOLD


def test_symbols_are_the_same_on_every_machine() -> None:
    assert symbols(KEY, 7, (MEASURE, MEASURE, Carrier(2, "prose", 2))) == [4, 1, 0]


def test_a_sample_of_the_campaign() -> None:
    attack = campaign.Attack(0.9, 0.3)
    for kind, rows in (("measures", 2500), ("json", 3500)):
        outcome = campaign.run(kind, 1, rows, 10, attack, seed=3)
        assert (outcome.named, outcome.accused) == (3, 0), kind


def test_marks_of_a_table_that_was_changed_by_hand_are_still_read() -> None:
    original = build.measured(600).encode()
    copy = _copy(original).decode().splitlines()
    leak = [",".join(reversed(line.split(",")[:4])) for line in copy[1:]]  # a column gone, the others turned round
    holders = {f"h{n}": bytes([n]) * 32 for n in range(20)} | {"guilty": KEY}
    found = trace(io.BytesIO("\n".join(leak).encode()), "x.csv", io.BytesIO(original), "t.csv", holders)
    assert [each.candidate for each in found.accused] == ["guilty"]
