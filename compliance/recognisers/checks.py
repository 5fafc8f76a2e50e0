"""Checksums and forms of identifiers, each by its own standard."""

from __future__ import annotations

import ipaddress
from datetime import date

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    str(code)
    for codes in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(codes[0], codes[1] + 1)
)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_KINDS = {
    "1": "1239", "2": "19", "3": "123459", "4": "19", "5": "123459", "6": "129", "7": "129", "8": "19", "9": "123",
    "A": "19", "N": "1239", "Y": "1",
}  # fmt: skip
# Issuer ranges by ISO/IEC 7812, as the first four digits, with the lengths that their cards have: UnionPay, Visa,
# Mastercard, American Express, JCB, Diners, Discover, and the older mainland debit range.
_CARD_RANGES: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (6200, 6299, (16, 17, 18, 19)),
    (8100, 8171, (16, 17, 18, 19)),
    (4000, 4999, (13, 16, 19)),
    (5100, 5599, (16,)),
    (2221, 2720, (16,)),
    (3400, 3499, (15,)),
    (3700, 3799, (15,)),
    (3528, 3589, (16, 17, 18, 19)),
    (3000, 3059, (14,)),
    (3600, 3699, (14,)),
    (3800, 3999, (14,)),
    (6011, 6013, (16, 19)),
    (6440, 6599, (16, 19)),
    (9550, 9559, (16, 19)),
)


def valid_resident_id(text: str) -> bool:
    """GB 11643-1999: 17 digits and a check character by ISO 7064 MOD 11-2, a province and a day that exist.

    The 15-digit form is refused: it has no check character and has not been valid since 2013.
    """
    if len(text) != 18 or not (text.isascii() and text[:17].isdigit()) or text[:2] not in _PROVINCES:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT_CHECKS[total % 11] == text[17].upper() and _is_birthday(text[6:14])


def _is_birthday(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2099


def valid_credit_code(text: str) -> bool:
    """GB 32100-2015: 18 characters without I, O, S, V, Z; the last by MOD 31."""
    if len(text) != 18 or any(character not in _CREDIT_ALPHABET for character in text):
        return False
    if not text[2:8].isdigit():
        return False
    total = sum(
        _CREDIT_ALPHABET.index(character) * weight for character, weight in zip(text[:17], _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_ALPHABET[(31 - total % 31) % 31] == text[17]


def issued_credit_code(text: str) -> bool:
    """A valid code whose first two characters are an authority and kind that there is, registered in a place that is.

    Of random numbers of 18 digits one in 31 passes the check character alone.
    """
    issued = text[1:2] in _CREDIT_KINDS.get(text[:1], "")
    return issued and (text[2:4] in _PROVINCES or text[2:4] == "10") and valid_credit_code(text)


def valid_bank_card(text: str) -> bool:
    """A number of a known issuer range, of a length that range has, whose Luhn sum (ISO/IEC 7812-1) ends in nought."""
    if not (13 <= len(text) <= 19 and text.isascii() and text.isdigit() and _is_issued(text)):
        return False
    total = 0
    for position, character in enumerate(reversed(text)):
        digit = int(character) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def _is_issued(text: str) -> bool:
    prefix = int(text[:4])
    return any(low <= prefix <= high and len(text) in lengths for low, high, lengths in _CARD_RANGES)


def valid_ip_address(text: str) -> bool:
    """An IPv4 or IPv6 address that could belong to somebody: not unspecified, loopback or private; 2000::/3 of IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and (address.version == 4 or text[0] in "23")
