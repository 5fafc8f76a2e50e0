"""Checksums and forms: what is valid is accepted, and one changed character is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.recognisers import valid_bank_card, valid_credit_code, valid_ip_address, valid_resident_id
from tests.compliance.recognisers import made_up


@given(made_up.resident_ids)
def test_every_resident_id_with_its_check_character_is_accepted(text: str) -> None:
    assert valid_resident_id(text)
    assert valid_resident_id(text.lower())


@given(made_up.resident_ids, st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_of_a_resident_id_is_noticed(text: str, place: int, by: int) -> None:
    changed = str((int(text[place]) + by) % 10)
    assert not valid_resident_id(text[:place] + changed + text[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "110101900307775",  # the form of before 2013, fifteen digits
        made_up.resident_id("110101", made_up.days_later(0), 1)[:17],
        "11010119900230001X",  # the 30th of February
        "990101199003070000",
        "",
        "１１０１０１１９９００３０７７７５８",
        "11010119900307775８",
    ],
)
def test_what_only_looks_like_a_resident_id_is_refused(text: str) -> None:
    assert not valid_resident_id(text)


def test_a_day_that_never_was_is_refused_although_the_sum_is_right() -> None:
    body = "11010119900230001"
    text = next(body + check for check in "0123456789X" if made_up.iso_7064_11_2(body + check))
    assert not valid_resident_id(text)


@given(made_up.credit_codes)
def test_every_credit_code_with_its_check_character_is_accepted(text: str) -> None:
    assert valid_credit_code(text)


@given(made_up.credit_codes, st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_changed_character_of_a_credit_code_is_noticed(text: str, place: int, other: str) -> None:
    if text[place] != other:
        assert not valid_credit_code(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("text", ["91140728MA0K12345X", "91350100M000100Y4I", "91350100m000100y43", "", "９" * 18])
def test_what_only_looks_like_a_credit_code_is_refused(text: str) -> None:
    assert not valid_credit_code(text)


def test_a_published_example_of_a_credit_code_is_accepted() -> None:
    assert valid_credit_code("91350100M000100Y43")


@given(made_up.bank_cards)
def test_every_card_of_a_known_range_is_accepted(text: str) -> None:
    assert valid_bank_card(text)


@given(made_up.bank_cards, st.data())
def test_one_changed_digit_of_a_card_is_noticed(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(6, len(text) - 1))
    changed = str((int(text[place]) + data.draw(st.integers(1, 9))) % 10)
    assert not valid_bank_card(text[:place] + changed + text[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        made_up.bank_card("1", 16, 7),  # no issuer has this range
        made_up.bank_card("4", 15, 7),  # no card of this range is so long
        made_up.bank_card("37", 16, 7),
        "0" * 16,
        "４" + "0" * 15,
    ],
)
def test_a_right_sum_alone_makes_no_card(text: str) -> None:
    assert not valid_bank_card(text)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True), ("114.114.114.114", True), ("10.0.0.1", False), ("192.168.1.1", False), ("127.0.0.1", False),
        ("256.1.1.1", False), ("1.2.3", False), ("0.0.0.0", False), ("08.8.8.8", False), ("8.8.8.8 ", False),
    ],
)  # fmt: skip
def test_an_address_counts_when_it_can_belong_to_somebody(text: str, public: bool) -> None:
    assert valid_ip_address(text) is public
