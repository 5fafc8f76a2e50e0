"""Prices: read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.references.price import UNREAD, Words, read, read_parts

YUAN = Words(currency="CNY", float_debris=Decimal("0.000001"))
NONE = Words()
CENT = 10_000_000


@pytest.mark.parametrize(
    ("text", "kind", "currency", "units", "per"),
    [
        ("0.09元/次", "per_call", "CNY", 9 * CENT, 1),
        ("754300.0000000001元/次", "per_call", "CNY", 75_430_000 * CENT, 1),
        ("95000.0元/次", "per_call", "CNY", 9_500_000 * CENT, 1),
        ("1000.00元", "one_off", "CNY", 100_000 * CENT, 1),
        ("10元/100次", "per_call", "CNY", 1000 * CENT, 100),
        ("0.0028元/条", "per_record", "CNY", 2_800_000, 1),
        ("￥1,200.00", "one_off", "CNY", 120_000 * CENT, 1),
        ("1.5万元/年", "subscription", "CNY", 1_500_000 * CENT, 1),
        ("USD 0.05 per call", "per_call", "USD", 5 * CENT, 1),
        ("€12.50 per 1,000 requests", "per_call", "EUR", 1250 * CENT, 1000),
        ("300 CNY/month", "subscription", "CNY", 30_000 * CENT, 1),
        ("１００元", "one_off", "CNY", 10_000 * CENT, 1),
    ],
)
def test_prices_that_can_be_read(text: str, kind: str, currency: str, units: int, per: int) -> None:
    found = read(text, YUAN)
    assert (found.kind, found.currency, found.unit_price, found.per) == (kind, currency, units, per)


@pytest.mark.parametrize(
    "text",
    [
        "1-2元", "10元起", "约10元", "from 5 USD", "NaN", "1e30元", "-1元", "inf", "0元", "0.123456789123元", "5元/天",
        "5元/GB", "1.000,50 €", "12,34元", "$5", "¥5元/次 起", "10元/0次", "10 20元", "CNY 5 USD", "元", "/次",
        "一百元", "9" * 30 + "元", "查得计费", "0.5元/次，套餐 100 次",
    ],
)  # fmt: skip
def test_prices_that_cannot_be_read_are_not_guessed(text: str) -> None:
    found = read(text, YUAN)
    assert (found.kind, found.unit_price) == (UNREAD, None)


def test_words() -> None:
    assert [read(text, YUAN).kind for text in ("面议", " 免费 ", "Free", "Contact us.", "", "  ")] == [
        "negotiated", "free", "free", "negotiated", "unstated", "unstated",
    ]  # fmt: skip
    own = Words(currency="CNY", free=("公益",), negotiated=("来电",), units={"人": "per_item"}, zero_is_free=True)
    assert [read(text, own).kind for text in ("公益", "来电", "3元/人", "0元")] == [
        "free", "negotiated", "per_item", "free",
    ]  # fmt: skip


def test_a_bare_number_needs_a_currency_from_the_mapping() -> None:
    assert read("12.5", NONE).kind == UNREAD
    assert read("12.5", YUAN).unit_price == 1250 * CENT


def test_the_dollar_sign_is_not_yuan() -> None:
    assert read("$5", YUAN).kind == UNREAD
    assert read("$5", Words(currency="USD")).currency == "USD"
    assert read("¥5", Words(currency="USD")).kind == UNREAD


def test_debris_is_only_removed_when_the_mapping_says_so() -> None:
    assert read("754300.0000000001元/次", Words(currency="CNY")).kind == UNREAD
    assert read("0.1000000000000000055元", YUAN).unit_price == 10 * CENT
    assert read("0.123456元", YUAN).unit_price == 123_456_000


@pytest.mark.parametrize(
    ("parts", "kind", "units", "per"),
    [
        (("1,200", "per month", "usd"), "subscription", 120_000 * CENT, 1),
        (("0.5", "次", "CNY"), "per_call", 50 * CENT, 1),
        (("12", "per 1,000 calls", "EUR"), "per_call", 1200 * CENT, 1000),
        (("12", "元/次", ""), "per_call", 1200 * CENT, 1),
        (("Free", "", "USD"), "free", None, 1),
        (("", "", ""), "unstated", None, 1),
        (("", "面议", "CNY"), "negotiated", None, 1),
        (("12", "light-year", "EUR"), UNREAD, None, 1),
        (("about 12", "call", "EUR"), UNREAD, None, 1),
        (("12", "call", ""), UNREAD, None, 1),
        (("12", "call", "doubloon"), UNREAD, None, 1),
    ],
)
def test_prices_in_parts(parts: tuple[str, str, str], kind: str, units: int | None, per: int) -> None:
    found = read_parts(*parts, NONE)
    assert (found.kind, found.unit_price, found.per) == (kind, units, per)


@given(st.text(max_size=40))
def test_nothing_is_invented(text: str) -> None:
    """What is read consists of digits that stand in the text."""
    found = read(text, YUAN)
    assert found.unit_price is None or any(character.isdigit() for character in text)
