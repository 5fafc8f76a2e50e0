"""Identifiers made up for tests; check characters are found by trying, with sums of another hand than the product's."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_REGIONS = ("110101", "310115", "440305", "510107", "650102", "810000")
_PROVINCE_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def iso_7064_11_2(text: str) -> bool:
    """ISO 7064 MOD 11-2, by the standard's recursion rather than by weights."""
    rest = 0
    for character in text:
        rest = (rest * 2 + (10 if character == "X" else int(character))) % 11
    return rest == 1


def mod_31_3(text: str) -> bool:
    """GB 32100: the weighted sum with the check character of weight 1 is a multiple of 31."""
    weighted = sum(_CREDIT.index(character) * pow(3, place) for place, character in enumerate(text[:17]))
    return bool((weighted + _CREDIT.index(text[17])) % 31 == 0)


def luhn(text: str) -> bool:
    """ISO/IEC 7812-1 annex B, with a table of doubled digits."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    digits = [int(character) for character in text]
    return (sum(digits[-1::-2]) + sum(doubled[digit] for digit in digits[-2::-2])) % 10 == 0


def resident_id(region: str, born: date, number: int) -> str:
    body = f"{region}{born:%Y%m%d}{number:03d}"
    return next(body + check for check in "0123456789X" if iso_7064_11_2(body + check))


def bank_card(prefix: str, length: int, filling: int) -> str:
    body = prefix + f"{filling:019d}"[-(length - 1 - len(prefix)) :]
    return next(body + check for check in "0123456789" if luhn(body + check))


resident_ids = st.builds(
    resident_id, st.sampled_from(_REGIONS), st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 999)
)
credit_codes = st.tuples(
    st.sampled_from(("91", "92", "12", "51", "MA")), st.sampled_from(_REGIONS), st.text(_CREDIT, min_size=9, max_size=9)
).map(lambda parts: next("".join(parts) + check for check in _CREDIT if mod_31_3("".join(parts) + check)))
bank_cards = st.builds(
    bank_card, st.sampled_from(("622202", "621700", "4", "53")), st.just(16), st.integers(0, 10**15 - 1)
) | st.builds(bank_card, st.sampled_from(("622848", "621661")), st.just(19), st.integers(0, 10**18 - 1))
phones = st.integers(13000000000, 19999999999).map(str)
plates = st.builds(
    lambda sign, office, number: f"{sign}{office}{number:05d}",
    st.sampled_from(_PROVINCE_SIGNS), st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"), st.integers(0, 99999),
)  # fmt: skip
emails = st.builds(
    lambda name, host: f"{name}@{host}.example.com",
    st.from_regex(r"[a-z][a-z0-9.+-]{0,20}", fullmatch=True), st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
)  # fmt: skip
addresses = st.tuples(st.just(8) | st.just(114), *[st.integers(0, 255)] * 3).map(
    lambda parts: ".".join(map(str, parts))
)


def days_later(number: int) -> date:
    return date(1950, 1, 1) + timedelta(days=number)
