"""Finding and masking: wherever an identifier stands, however it is typed, and nothing that only resembles one."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.recognisers import ScanSummary, TableTally, find, mask, scan_cells
from compliance.recognisers.context import ColumnTally
from tests.compliance.recognisers import made_up

_KINDS = {
    "resident_id": made_up.resident_ids, "bank_card": made_up.bank_cards, "phone": made_up.phones,
    "plate": made_up.plates, "email": made_up.emails, "ip_address": made_up.addresses,
}  # fmt: skip
one_of_each = st.sampled_from(sorted(_KINDS)).flatmap(lambda kind: st.tuples(st.just(kind), _KINDS[kind]))
surroundings = st.text("王小明联系方式，。：（）、 \n\t", max_size=30)
RESIDENT = made_up.resident_id("440305", made_up.days_later(15000), 42)
CARD = made_up.bank_card("622202", 19, 123456789012)


def _found(text: str, context: str = "") -> list[str]:
    return [str(each.kind) for each in find(text, context=context)]


@given(one_of_each, surroundings, surroundings)
def test_an_identifier_is_found_in_any_chinese_sentence(pair: tuple[str, str], before: str, after: str) -> None:
    kind, value = pair
    assert kind in _found(before + value + after)


@given(one_of_each, surroundings, surroundings)
def test_a_masked_text_tells_no_identifier_and_keeps_everything_else(
    pair: tuple[str, str], before: str, after: str
) -> None:
    masked = mask(before + value + after) if (value := pair[1]) else ""
    assert value not in masked
    assert masked.startswith(before)
    assert masked.endswith(after)
    assert len(masked) == len(before + value + after)


@given(st.text(max_size=300))
def test_any_text_can_be_scanned_and_masking_twice_changes_nothing_more(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked


@given(st.lists(one_of_each, max_size=5))
def test_findings_never_overlap_and_come_in_order(pairs: list[tuple[str, str]]) -> None:
    found = find("；".join(value for _, value in pairs))
    assert all(left.stop <= right.start for left, right in pairwise(found))
    assert len(found) >= len(pairs) - 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("１３８００１３８０００", "phone"),  # typed wide
        ("+86 138-0013-8000", "phone"), ("008613800138000", "phone"), ("tel13800138000", "phone"),
        ("0351-4040404", "landline"), ("(010)62345678", "landline"),
        (f"{RESIDENT[:6]} {RESIDENT[6:14]} {RESIDENT[14:]}", "resident_id"), (f"id{RESIDENT}", "resident_id"),
        (" ".join(CARD[at : at + 4] for at in range(0, 19, 4)), "bank_card"),
        ("京A·12345", "plate"), ("粤BD12345", "plate"), ("沪A12345D", "plate"), ("粤B1234学", "plate"),
        ("粤Z1234港", "plate"),
        ("someone@example.com", "email"), ("访问自8.8.8.8", "ip_address"), ("护照E12345678", "passport"),
        ("91350100M000100Y43", "credit_code"),
    ],
)  # fmt: skip
def test_the_ways_in_which_identifiers_are_typed(text: str, kind: str) -> None:
    assert _found(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "0.13800138000", "13800138000.5", "138001380001", "1380013800", "12800138000", "e13800138000f",
        "2026-11-25 13:00:00", "10.0.0.1", "1.2.3.4.5", "E12345678", "京12345", "北京A座", "新版2026",
        "name@", "@host.com",
        "110101900307775", "6222021234567890", "", "  ", "…", "2026112513000000",
    ],
)  # fmt: skip
def test_what_only_resembles_an_identifier_is_left_alone(text: str) -> None:
    assert _found(text) == []
    assert mask(text) == text


def test_credit_codes_stay_readable_and_people_do_not() -> None:
    assert mask("91350100M000100Y43 13800138000") == "91350100M000100Y43 13*******00"


def test_a_passport_is_found_when_the_column_or_the_text_speaks_of_one() -> None:
    assert _found("E12345678", "护照号") == ["passport"]
    assert _found("passport: EA1234567") == ["passport"]
    assert _found("part EA1234567") == []


def test_a_scan_counts_cells_and_shows_masked_examples_only() -> None:
    rows = [["1", f"{RESIDENT}；13800138000 13900139000"], ["2", "13800138000"], ["3", ""], ["4"]]
    scan = scan_cells(["n", "contact"], rows)
    assert (scan.rows, scan.columns[0].counts) == (4, {})
    assert scan.columns[1].counts == {"resident_id": 1, "phone": 2}
    assert (scan.personal, scan.sensitive) == (3, 1)
    assert scan.columns[1].examples
    assert not any(value in repr(scan) for value in (RESIDENT, "13800138000", "13900139000"))
    assert ScanSummary.from_dict(scan.as_dict()).as_dict() == scan.as_dict()


_CELLS = st.lists(
    st.one_of(
        st.tuples(surroundings, one_of_each.map(lambda pair: pair[1]), surroundings).map("".join),
        st.text(max_size=40),
        st.text("0123456789-. :@号路st\n姓名", max_size=30),
        st.from_regex(
            r"(tel|86|\+86 |x)?1[3-9][0-9]{9}[a-z]?|[0-9]{13,19}|[A-Z0-9]{18}|[2f:0-9]{0,12}", fullmatch=True
        ),
        st.sampled_from(
            ["护照 E12345678", "Dr. Mary Smith", "12 Baker Street", "中山路12号3室", "客户王小明", RESIDENT, CARD]
        ),
    ),
    max_size=30,
)


@pytest.mark.parametrize("column", ["note", "护照", "姓名", "卡号"])
@given(cells=_CELLS)
def test_what_is_sifted_out_of_many_cells_holds_nothing(column: str, cells: list[str]) -> None:
    one_by_one = ColumnTally(column)
    for cell in cells:
        one_by_one.add(cell, find(cell, context=column))
    assert scan_cells([column], [[cell] for cell in cells]).columns == (one_by_one.result(),)


def test_one_planted_identifier_among_many_rows_is_found() -> None:
    rows = [[str(n), f"note {n}"] for n in range(5000)]
    rows[4321][1] += f" see {RESIDENT}"
    assert scan_cells(["id", "note"], rows).count("resident_id") == 1


def test_serial_numbers_of_which_a_tenth_pass_as_cards_raise_nothing_but_are_told() -> None:
    numbers = random.Random(7)
    rows = [[str(numbers.randint(4 * 10**15, 5 * 10**15 - 1))] for _ in range(1000)]
    column = scan_cells(["serial"], rows).columns[0]
    assert (column.counts, column.examples) == ({}, ())
    assert 50 < column.unconfirmed["bank_card"] < 200
    assert scan_cells(["卡号"], rows).count("bank_card") == column.unconfirmed["bank_card"]


def test_cards_are_cards_in_a_column_of_any_name_and_in_any_sentence() -> None:
    cards = [[made_up.bank_card("622202", 19, n * 7919)] for n in range(20)]
    assert scan_cells(["c7"], cards).count("bank_card") == 20
    prose = [[str(4 * 10**15 + n * 13)] for n in range(50)] + [[f"请付到 {CARD} 谢谢"]]
    assert scan_cells(["c7"], prose).count("bank_card") >= 1


def test_four_part_versions_are_no_addresses_where_the_column_says_so() -> None:
    rows = [["8.4.21.3"]] * 3
    assert scan_cells(["firmware_version"], rows).columns[0].unconfirmed == {"ip_address": 3}
    assert scan_cells(["ip"], rows).count("ip_address") == 3


def test_an_identifier_across_the_seam_of_a_very_long_cell_is_found() -> None:
    cell = "长" * 99_990 + f" {RESIDENT} " + "长" * 50_000
    assert scan_cells(["text"], [[cell]]).count("resident_id") >= 1


def test_texts_made_to_be_slow_are_not() -> None:
    for hostile in ("a" * 200_000, "a@" * 50_000, "1" * 200_000, "1.1." * 50_000, "a@" + "a." * 50_000, "1 " * 100_000):
        find(hostile)


def test_what_was_clean_in_one_column_is_looked_at_in_one_of_names() -> None:
    scan = scan_cells(["note", "姓名"], [["王小明", "王小明"]] * 3)
    assert [column.counts for column in scan.columns] == [{}, {"name": 3}]


def test_a_table_is_put_aside_and_gone_on_with() -> None:
    rows = [[str(n), f"1391234{n:04}", "6222021234567890128"] for n in range(20)]
    whole, first = TableTally(["n", "phone", "serial"]), TableTally(["n", "phone", "serial"])
    whole.read(rows)
    first.read(rows[:7])
    second = TableTally(["n", "phone", "serial"])
    second.go_on(json.loads(json.dumps(first.state())))
    second.read(rows[7:])
    assert (second.result(), second.state()) == (whole.result(), whole.state())
