"""What is read strictly: outcomes, paths, chunks and request heads."""

from __future__ import annotations

import contextlib
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.gateway.bounds import Bounds, BoundUnknown, with_changes
from exchange.gateway.chunks import ChunkReader, ChunksMalformed
from exchange.gateway.fields import FieldMalformed, Fields, judge
from exchange.gateway.heads import Heads, request_line
from exchange.gateway.outcome import PointerMalformed, Rule
from exchange.gateway.record import Outcome
from exchange.gateway.refusals import Refused
from exchange.gateway.routes import Operation, Router, well_spelled

POINTER = {
    "statuses": {"200": "hit", "404": "miss"},
    "pointer": "/a/0/b~1c",
    "hit": [True, "yes", 1, None],
    "miss": [0],
}
LARGEST = 1 << 20


def read(body: bytes, coding: bytes = b"", **changes: Any) -> tuple[Outcome, int]:
    found = Rule(POINTER | changes).by_body(body, coding, LARGEST)
    return found.outcome, found.records


@pytest.mark.parametrize(
    ("statuses", "status", "expected"),
    [
        ({"200": "hit"}, 200, Outcome.HIT),
        ({"200": "hit"}, 201, Outcome.UPSTREAM_ERROR),
        ({"2xx": "hit"}, 204, Outcome.HIT),
        ({"2xx": "hit", "204": "miss"}, 204, Outcome.MISS),
        ({"2xx": "hit", "404": "miss"}, 404, Outcome.MISS),
        ({"2xx": "hit"}, 500, Outcome.UPSTREAM_ERROR),
        ({}, 200, Outcome.HIT),
    ],
)
def test_outcomes_by_status(statuses: dict[str, str], status: int, expected: Outcome) -> None:
    found = Rule({"statuses": statuses}).by_status(status)
    assert found is not None
    assert found.outcome is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, Outcome.HIT),
        ("yes", Outcome.HIT),
        (1, Outcome.HIT),
        (1.0, Outcome.HIT),
        (None, Outcome.HIT),
        (False, Outcome.MISS),
        (0, Outcome.MISS),
        ("true", Outcome.MISS),
        ([True], Outcome.MISS),
        ({}, Outcome.MISS),
    ],
)
def test_outcomes_by_value(value: Any, expected: Outcome) -> None:
    assert read(json.dumps({"a": [{"b/c": value}]}).encode())[0] is expected


@pytest.mark.parametrize(
    "body", [b"{}", b'{"a":{}}', b'{"a":[]}', b'{"a":[1]}', b'{"a":["x"]}', b"[]", b"3", b'"a"', b"null"]
)  # fmt: skip
def test_a_value_that_is_not_there_is_a_miss(body: bytes) -> None:
    assert read(body) == (Outcome.MISS, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"NaN", b'{"a":Infinity}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_not_json_is_an_upstream_error(body: bytes) -> None:
    assert read(body) == (Outcome.UPSTREAM_ERROR, 0)


def test_compressed_bodies_are_read_within_the_limit() -> None:
    plain = json.dumps({"a": [{"b/c": True}]}).encode()
    packed = zlib.compressobj(wbits=31)
    assert read(packed.compress(plain) + packed.flush(), b"gzip")[0] is Outcome.HIT
    assert read(zlib.compress(plain), b"deflate")[0] is Outcome.HIT
    assert read(zlib.compress(b" " * (LARGEST + 1) + plain), b"deflate")[0] is Outcome.UPSTREAM_ERROR
    assert read(plain, b"br")[0] is Outcome.UPSTREAM_ERROR
    assert read(plain, b"gzip")[0] is Outcome.UPSTREAM_ERROR


@pytest.mark.parametrize(("found", "records"), [([1, 2, 3], 3), ([], 0), (7, 7), (-1, 0), ("x", 0), (True, 0)])
def test_records_are_counted_where_the_interface_says(found: Any, records: int) -> None:
    body = json.dumps({"a": [{"b/c": True}], "rows": found}).encode()
    assert read(body, records="/rows") == (Outcome.HIT, records)


def test_a_pointer_that_is_none_is_refused() -> None:
    with pytest.raises(PointerMalformed):
        Rule({"statuses": {"200": "hit"}, "pointer": "a/b"})


GOOD = ["/", "/a", "/a/", "/a/b.c", "/a/...", "/%E5%BC%A0", "/a;b=1", "/a,b", "/~a/@b", "/%2525"]
BAD = [
    *["", "a", "//", "/a//b", "/.", "/..", "/a/..", "/a/./b", "/%2e", "/%2E%2e", "/.%2e/a", "/..;/a", "/%2f", "/a%5c"],
    *["/%00", "/%0a", "/%7f", "/%c0%af", "/%", "/%a", "/%zz", "/a b", "/a\\b", "/a|b", '/"', "/<", "/ä"],
]


@pytest.mark.parametrize("path", GOOD)
def test_paths_that_everybody_reads_alike(path: str) -> None:
    assert well_spelled(path.encode("latin-1"))


@pytest.mark.parametrize("path", BAD)
def test_paths_that_somebody_might_read_differently(path: str) -> None:
    assert not well_spelled(path.encode("latin-1"))


def test_literal_paths_go_before_templates_and_few_parameters_before_many() -> None:
    rule = Rule({})
    paths = ["/a/{x}", "/a/b", "/{x}/{y}", "/a/{x}.json", "/城市/{x}", "/q/{x}/r"]
    router = Router([("GET", path, Operation(path, rule)) for path in paths])
    expected = {
        b"/a/b": "/a/b", b"/a/c": "/a/{x}", b"/z/c": "/{x}/{y}", b"/a/c.json": "/a/{x}",
        b"/%E5%9F%8E%E5%B8%82/1": "/城市/{x}", b"/q/1/r": "/q/{x}/r",
    }  # fmt: skip
    for path, id in expected.items():
        route = router.find(path)
        assert route is not None
        found = route.operation(b"GET")
        assert found is not None
        assert found.id == id
    assert router.find(b"/a") is None
    assert router.find(b"/q/1/r/s") is None


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=10), st.binary(max_size=20), st.data())
def test_chunks_are_read_the_same_however_they_are_cut(pieces: list[bytes], rest: bytes, data: st.DataObject) -> None:
    sent = b"".join(b"%x;x=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nA: b \r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    reader, got = ChunkReader(), b""
    for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        got += b"".join(reader.feed(sent[begin:end] + (rest if end == len(sent) and begin != end else b"")))
    assert got == b"".join(pieces)
    assert reader.trailers == [(b"A", b"b")]
    assert reader.ended


@settings(max_examples=300)
@given(st.binary(max_size=100))
def test_any_bytes_for_chunks_are_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(ChunksMalformed):
        ChunkReader().feed(data)


@settings(max_examples=500)
@given(st.binary(max_size=300))
def test_any_bytes_for_a_head_are_refused_or_read(data: bytes) -> None:
    heads = Heads(Bounds())
    for act in (lambda: heads.get(data + b"\r\n\r\n"), lambda: request_line(data, Bounds())):
        try:
            act()
        except Refused as refused:
            assert 400 <= refused.refusal.status < 600


@settings(max_examples=500)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_line_is_read_alike_by_name_and_by_httptools(first: bytes, second: bytes) -> None:
    fields = Fields(lambda name, value: (name, value))
    for value in (first, second):
        line = b"X-A: " + value
        try:
            expected = judge(line)
        except FieldMalformed:
            with pytest.raises(FieldMalformed):
                fields.read(line)
        else:
            assert fields.read(line) == (expected, value.strip(b" \t"))


def test_heads_that_come_again_are_remembered_and_forgotten() -> None:
    heads = Heads(Bounds(), kept=4)
    blocks = [b"Host: a%d\r\n\r\n" % number for number in range(20)]
    assert heads.get(blocks[0]) is not heads.get(blocks[0])
    kept = heads.get(blocks[0], blocks[0])
    assert heads.get(blocks[0]) is kept
    for block in blocks[1:]:
        heads.get(block, block)
    assert heads.get(blocks[0]) is not kept
    assert len(heads.known) <= 4


def test_bounds_are_changed_by_name() -> None:
    assert with_changes({"idle_s": "0.5", "headers": "7"}) == Bounds(idle_s=0.5, headers=7)
    for wrong in ({"nothing": "1"}, {"idle_s": "x"}):
        with pytest.raises(BoundUnknown):
            with_changes(wrong)
