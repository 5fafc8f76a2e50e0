"""The form of each identifier: a cheap hint whether a text can hold one, a pattern, and the check of a candidate."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from compliance.recognisers.checks import issued_credit_code, valid_bank_card, valid_ip_address, valid_resident_id
from compliance.recognisers.types import Identifier

_SEPARATORS = str.maketrans("", "", " -")
PROVINCE_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LEFT, _RIGHT = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
# A number is also found right behind such a word, as in "tel13800138000"; behind other letters it may be a hash.
_BEHIND_WORD = r"(?:(?<![0-9A-Za-z])|(?<=tel)|(?<=Tel)|(?<=TEL)|(?<=phone)|(?<=mobile)|(?<=wx)|(?<=vx))"
_AREA = r"0(?:10|2\d|[3-9]\d\d)"
CREDIT_SIGNS = "0-9A-HJ-NPQRTUWXY"


@dataclass(frozen=True)
class Recogniser:
    """``hint`` is a set of characters of which one must occur; None asks for a run of digits."""

    kind: Identifier
    hint: frozenset[str] | None
    pattern: re.Pattern[str]
    check: Callable[[str], bool]


def _recogniser(kind: Identifier, pattern: str, check: Callable[[str], bool], hint: str | None = None) -> Recogniser:
    return Recogniser(kind, frozenset(hint) if hint is not None else None, re.compile(pattern, re.ASCII), check)


def without_gaps(check: Callable[[str], bool]) -> Callable[[str], bool]:
    """The check of a number that may be written in groups."""
    return lambda text: check(text.translate(_SEPARATORS))


# In the order in which they claim a stretch of text: what a checksum proves comes before what only has a form.
RECOGNISERS: tuple[Recogniser, ...] = (
    _recogniser(
        Identifier.EMAIL, r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}",
        bool, "@",
    ),
    _recogniser(
        Identifier.RESIDENT_ID, r"(?<![0-9])[1-9]\d{5}[ -]?\d{8}[ -]?\d{3}[0-9Xx](?![0-9])",
        without_gaps(valid_resident_id),
    ),
    _recogniser(
        Identifier.CREDIT_CODE, rf"{_LEFT}[{CREDIT_SIGNS}]{{2}}\d{{6}}[{CREDIT_SIGNS}]{{10}}{_RIGHT}",
        issued_credit_code,
    ),
    _recogniser(
        Identifier.BANK_CARD, rf"{_LEFT}(?:\d{{13,19}}|\d{{4}}(?:[ -]\d{{4}}){{2,3}}(?:[ -]?\d{{1,3}})?){_RIGHT}",
        without_gaps(valid_bank_card),
    ),
    _recogniser(
        Identifier.PHONE,
        rf"{_BEHIND_WORD}(?<!\d\.)(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}(?!\.\d){_RIGHT}", bool,
    ),
    _recogniser(
        Identifier.LANDLINE, rf"{_BEHIND_WORD}(?:{_AREA}-|\({_AREA}\) ?)[2-9]\d{{6,7}}{_RIGHT}", bool, "-("
    ),
    _recogniser(
        Identifier.PLATE,
        rf"[{PROVINCE_SIGNS}][A-HJ-NP-Z][·• ]?(?:[A-HJ-NP-Z][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[A-HJ-NP-Z]"
        rf"|(?=[A-HJ-NP-Z0-9]{{0,4}}\d)[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]){_RIGHT}",
        bool, PROVINCE_SIGNS,
    ),
    _recogniser(Identifier.IP_ADDRESS, r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)", valid_ip_address, "."),
    _recogniser(
        Identifier.IP_ADDRESS, r"(?<![\w:.])[23][0-9A-Fa-f]{0,3}(?::{1,2}[0-9A-Fa-f]{1,4}){1,7}(?:::)?(?![\w:])",
        valid_ip_address, ":",
    ),
)  # fmt: skip
PASSPORT = _recogniser(
    Identifier.PASSPORT, rf"{_LEFT}(?:[EeGg]\d{{8}}|[Ee][A-HJ-NP-Za-hj-np-z]\d{{7}}|[DdSsPp][Ee]?\d{{7}}){_RIGHT}", bool
)
