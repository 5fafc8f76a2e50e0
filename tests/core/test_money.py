"""Money: exact both ways, strict at the border, and every division against an oracle of fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import money
from core.money import Rounding
from core.problems import Invalid

CURRENCIES = st.sampled_from(sorted(money.EXPONENTS))
MINOR = st.integers(-money.MOST_MINOR, money.MOST_MINOR)


def nearest(value: Fraction, rounding: Rounding) -> int:
    """The oracle: the nearest integer, a tie away from zero or to the even one."""
    low = value.numerator // value.denominator
    if value - low != Fraction(1, 2):
        return low if value - low < Fraction(1, 2) else low + 1
    if rounding is Rounding.HALF_EVEN:
        return low if low % 2 == 0 else low + 1
    return low + 1 if value > 0 else low


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("48000.00", "CNY", 4_800_000),
        ("48000", "CNY", 4_800_000),
        ("0.1", "CNY", 10),
        ("0", "CNY", 0),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("92000000000000.00", "CNY", money.MOST_MINOR),
    ],
)
def test_reads_amounts(text: str, currency: str, minor: int) -> None:
    assert money.parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-1", "+1", "NaN", "nan", "Infinity", "-inf", "1e30", "1E3", "1.234", ".5", "5.", "1,000.00", "0x10",
        "01", "1_000", "１２", "१", " 1", "1 ", "1\n", "1\x00", "--1", "¥1", "1.0.0", "9" * 500, "92000000000000.01",
        None, 1, 1.0, True, float("nan"), b"1", ["1"], {"amount": "1"},
    ],
)  # fmt: skip
def test_refuses_what_is_not_exactly_an_amount(text: object) -> None:
    with pytest.raises(Invalid) as refusal:
        money.parse_amount(text, "CNY", field="net")
    assert refusal.value.problem()["field"] == "net"
    assert refusal.value.status == 422


def test_currency_decides_the_decimals() -> None:
    for text, currency in (("1.5", "JPY"), ("1.2345", "KWD")):
        with pytest.raises(money.AmountInvalid, match="decimals"):
            money.parse_amount(text, currency)


@pytest.mark.parametrize("currency", ["", "cny", "XXX", "ABC", "CNYY", "C", None, 156, "CNY ", ["CNY"]])
def test_refuses_unknown_currencies(currency: object) -> None:
    with pytest.raises(money.UnknownCurrency) as refusal:
        money.exponent(currency)
    assert refusal.value.field == "currency"


def test_zero_and_sign_are_allowed_only_when_asked_for() -> None:
    assert money.parse_amount("-0.01", "CNY", signed=True) == -1
    with pytest.raises(money.AmountInvalid):
        money.parse_amount("0.00", "CNY", zero=False)
    with pytest.raises(money.AmountInvalid):
        money.parse_price("0", "CNY")
    assert money.parse_price("0", "CNY", zero=True) == 0


def test_prices_go_seven_decimals_below_the_minor_unit() -> None:
    assert money.parse_price("0.0028", "CNY") == 2_800_000
    assert money.parse_price("0.000000001", "CNY") == 1
    assert money.format_price(2_800_000, "CNY") == "0.0028"
    assert money.format_price(10**9, "CNY") == "1.00"
    assert money.format_price(10**7, "JPY") == "1"
    with pytest.raises(money.AmountInvalid):
        money.parse_price("0.0000000001", "CNY")
    with pytest.raises(money.AmountInvalid):
        money.parse_price("9300000000", "CNY")


def test_a_million_tiny_prices_sum_exactly() -> None:
    assert money.round_units(10**6 * money.parse_price("0.0028", "CNY"), Rounding.HALF_UP) == 280_000


def test_groups_for_people() -> None:
    assert money.grouped(4_800_000, "CNY") == "48,000.00"
    assert money.grouped(-123_456_789, "JPY") == "-123,456,789"
    assert money.grouped(-5, "CNY") == "-0.05"


@given(MINOR, CURRENCIES)
def test_amounts_survive_text(minor: int, currency: str) -> None:
    assert money.parse_amount(money.format_amount(minor, currency), currency, signed=True) == minor


@given(st.integers(1, money.MOST_UNITS), CURRENCIES)
def test_prices_survive_text(units: int, currency: str) -> None:
    assert money.parse_price(money.format_price(units, currency), currency) == units


@given(st.text(max_size=30), CURRENCIES)
@example("1" * 30, "CNY")
def test_any_text_is_read_exactly_or_refused(text: str, currency: str) -> None:
    try:
        minor = money.parse_amount(text, currency)
    except Invalid:
        return
    assert Fraction(text) * 10 ** money.EXPONENTS[currency] == minor


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12), st.sampled_from(Rounding))
@example(5, 2, Rounding.HALF_EVEN)
@example(-5, 2, Rounding.HALF_UP)
def test_division_is_the_nearest(numerator: int, denominator: int, rounding: Rounding) -> None:
    assert money.divide(numerator, denominator, rounding) == nearest(Fraction(numerator, denominator), rounding)
    assert money.divide(-numerator, denominator, rounding) == -money.divide(numerator, denominator, rounding)


@given(MINOR, st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_a_split_sums_and_each_part_is_within_one(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or part == 0


@given(MINOR, st.lists(st.integers(0, 10**6), min_size=2, max_size=8).filter(any))
def test_nobody_with_a_smaller_remainder_gets_the_extra_unit(total: int, weights: list[int]) -> None:
    parts = [abs(part) for part in money.split(total, weights)]
    rests = [Fraction(abs(total) * weight, sum(weights)) % 1 for weight in weights]
    favoured = [part > abs(total) * w // sum(weights) for part, w in zip(parts, weights, strict=True)]
    lucky = [rest for rest, more in zip(rests, favoured, strict=True) if more]
    others = [rest for rest, more in zip(rests, favoured, strict=True) if not more]
    assert not lucky or not others or min(lucky) >= max(others)


def test_a_split_refuses_weights_that_say_nothing() -> None:
    for weights in ([], [0, 0], [-1, 2]):
        with pytest.raises(ValueError, match="weights"):
            money.split(100, weights)


@given(st.integers(0, money.MOST_MINOR), st.integers(0, 10_000), st.sampled_from(Rounding))
def test_tax_on_top(net: int, rate: int, rounding: Rounding) -> None:
    found = money.add_tax(net, rate, rounding)
    assert found.gross == found.net + found.tax
    assert found.tax == nearest(Fraction(net * rate, 10_000), rounding)


@given(st.integers(0, money.MOST_MINOR), st.integers(0, 10_000), st.sampled_from(Rounding))
def test_tax_contained(gross: int, rate: int, rounding: Rounding) -> None:
    found = money.extract_tax(gross, rate, rounding)
    assert found.gross == gross == found.net + found.tax
    assert abs(found.tax - gross * Fraction(rate, 10_000 + rate)) <= Fraction(1, 2)


@given(st.integers(0, money.MOST_MINOR), st.integers(0, 10_000))
def test_a_share_and_its_rest(total: int, basis_points: int) -> None:
    part, rest = money.share(total, basis_points)
    assert part + rest == total
    assert abs(part - Fraction(total * basis_points, 10_000)) < 1


def test_the_profile_names_the_rounding() -> None:
    assert money.rounding_of("cn") is Rounding.HALF_UP
    assert money.rounding_of("generic") is Rounding.HALF_EVEN
