"""Checksums and forms of identifiers, each by its own standard."""

from __future__ import annotations

import ipaddress
from datetime import date

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CARD_PREFIXES = ("4", "51", "52", "53", "54", "55", "62", "35", "34", "37", "60", "2221", "2720")


def valid_resident_id(text: str) -> bool:
    """GB 11643-1999: 17 digits and a check character by ISO 7064 MOD 11-2, a province and a day that exist."""
    if len(text) != 18 or not (text.isascii() and text[:17].isdigit()) or text[:2] not in _PROVINCES:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT_CHECKS[total % 11] == text[17].upper() and _is_birthday(text[6:14])


def _is_birthday(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2100


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


def valid_bank_card(text: str) -> bool:
    """13 to 19 digits of a known issuer range whose Luhn sum (ISO/IEC 7812-1) is a multiple of ten."""
    if not (13 <= len(text) <= 19 and text.isascii() and text.isdigit() and text.startswith(_CARD_PREFIXES)):
        return False
    total = 0
    for position, character in enumerate(reversed(text)):
        digit = int(character) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def valid_ip_address(text: str) -> bool:
    """A dotted IPv4 address that could belong to somebody: not unspecified, loopback or private."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return address.is_global
