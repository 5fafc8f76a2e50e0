"""Reading files that others made, whole and damaged."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.references.errors import FileRefused
from catalog.references.rows import Damage, FileShape, Row
from catalog.references.tables import LONGEST_CELL, Table, read

CSV = FileShape()


def opened(text: str | bytes, shape: FileShape = CSV) -> Table:
    return read(text.encode() if isinstance(text, str) else text, shape)


def rows(text: str | bytes, shape: FileShape = CSV) -> list[Row | Damage]:
    return list(opened(text, shape).rows)


def whole(found: list[Row | Damage]) -> list[list[str]]:
    return [list(row.values.values()) for row in found if isinstance(row, Row)]


def damages(found: list[Row | Damage]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, Damage)]


_cells = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.lists(_cells, min_size=2, max_size=2).filter(any), max_size=8))
def test_reads_what_the_standard_library_writes(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["a", "b"])
    writer.writerows(table)
    assert whole(rows(out.getvalue())) == table


def test_lines_are_those_of_an_editor() -> None:
    found = rows('a,b\n1,"two\nlines"\n\n3,4\n')
    assert [row.line for row in found] == [2, 5]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("gbk", "gb18030"), ("utf-16", "utf-16-le")],
)
def test_encodings_are_found(encoding: str, found: str) -> None:
    table = opened("标题,价格\n企业工商信息,面议\n".encode(encoding))
    assert table.encoding == found
    assert whole(list(table.rows)) == [["企业工商信息", "面议"]]


def test_one_bad_byte_spoils_one_row() -> None:
    raw = "t\n企业工商信息\n坏".encode() + b"\xff" + "行\n气象数据\n".encode()
    found = rows(raw)
    assert whole(found) == [["企业工商信息"], ["气象数据"]]
    assert damages(found) == [(3, "t holds bytes that are not of the file's encoding")]


def test_a_quote_that_is_never_closed() -> None:
    found = rows('a,b\n1,2\n3,"four\n5,6\n7,8\n')
    assert whole(found) == [["1", "2"], ["5", "6"], ["7", "8"]]
    assert damages(found) == [(3, "a quote is opened and never closed")]


def test_a_stray_quote_before_quoted_rows() -> None:
    found = rows('a,b\n1,"two\n3,"four"\n5,6\n')
    assert whole(found) == [["3", "four"], ["5", "6"]]
    assert damages(found) == [(2, "text follows a closing quote")]


def test_a_swallowed_row_is_read_again() -> None:
    found = rows('a,b\n1,"two\n3,four\n5,",x\n7,8\n')
    assert ["3", "four"] in whole(found)
    assert ["7", "8"] in whole(found)
    assert damages(found)


def test_too_few_and_too_many_cells() -> None:
    assert damages(rows("a,b\n1\n1,2,3\n1,2\n")) == [
        (2, "has 1 cells, 2 columns are named"),
        (3, "has 3 cells, 2 columns are named"),
    ]


def test_a_million_characters_in_a_cell() -> None:
    found = rows(f'a,b\n1,"{"x" * 1_000_000}"\n3,4\n')
    assert whole(found) == [["3", "4"]]
    assert damages(found) == [(2, f"b has 1,000,000 characters, {LONGEST_CELL:,} are allowed")]
    assert isinstance(found[0], Damage)
    assert found[0].values == {"a": "1"}


def test_nul_characters() -> None:
    assert damages(rows("a,b\n1,x\x00y\n3,4\n")) == [(2, "b holds a NUL character")]


@pytest.mark.parametrize("raw", [b"", b"  \n", b",\n1,2\n", b'"a\n'])
def test_no_beginning_is_refused(raw: bytes) -> None:
    with pytest.raises(FileRefused):
        rows(raw)


def test_too_many_damages_are_the_wrong_mapping() -> None:
    with pytest.raises(FileRefused, match="right mapping"):
        rows("a,b\n" + "x\n" * 3000)


def test_tabs_semicolons_and_files_without_header() -> None:
    assert whole(rows("a\tb\n1,5\t2\n", FileShape(delimiter="\t"))) == [["1,5", "2"]]
    shape = FileShape(delimiter=";", header=("x", "y"), skip_lines=1)
    assert [row.values for row in rows("made by somebody\n1;2\n", shape)] == [{"x": "1", "y": "2"}]


def test_headers_with_gaps_and_repetitions() -> None:
    assert opened("a,a,,b\n1,2,3,4\n").columns == ("a", "a#2", "#3", "b")


def test_ragged_files() -> None:
    text = "a,b,c\n1\n1,2,3,,\n1,2,3,4\n,,\n"
    assert len(damages(rows(text))) == 3
    found = rows(text, FileShape(ragged=True))
    assert whole(found) == [["1", "", ""], ["1", "2", "3"]]
    assert damages(found) == [(4, "has 4 cells, 3 columns are named")]


def test_old_macintosh_line_ends() -> None:
    assert whole(rows("a,b\r1,2\r3,4")) == [["1", "2"], ["3", "4"]]


def test_json_lines_keep_numbers_as_written() -> None:
    lines = [{"t": "气象", "price": {"amount": 1}, "tags": ["a", "b"]}, {"t": None, "ok": True}]
    text = "\n".join(json.dumps(line) for line in lines) + '\n{"t": 0.10}\n{broken\n[1]\n'
    found = rows(text, FileShape(format="jsonl"))
    assert [row.values for row in found if isinstance(row, Row)] == [
        {"t": "气象", "price.amount": "1", "tags": "a,b"},
        {"t": "", "ok": "true"},
        {"t": "0.10"},
    ]
    assert [row.line for row in found if isinstance(row, Damage)] == [4, 5]


def test_json_records_at_a_path() -> None:
    text = json.dumps({"data": {"items": [{"t": "a"}, 3]}})
    found = rows(text, FileShape(format="json", records="data.items"))
    assert [type(row) for row in found] == [Row, Damage]
    with pytest.raises(FileRefused, match=r"data\.none"):
        rows(text, FileShape(format="json", records="data.none"))
