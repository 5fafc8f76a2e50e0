"""Finding identifiers in texts and tables. One pass of one pattern, then each candidate's own checksum."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from compliance.recognisers.checks import (
    valid_bank_card,
    valid_credit_code,
    valid_ip_address,
    valid_resident_id,
)
from compliance.recognisers.types import ColumnScan, Found, Identifier, ScanSummary

_LEFT, _RIGHT = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_PROVINCE_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PATTERNS: tuple[tuple[Identifier, str, Callable[[str], bool]], ...] = (
    (Identifier.EMAIL, r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", bool),
    (Identifier.RESIDENT_ID, rf"{_LEFT}[1-9]\d{{16}}[0-9Xx]{_RIGHT}", valid_resident_id),
    (Identifier.CREDIT_CODE, rf"{_LEFT}[0-9A-HJ-NPQRTUWXY]{{2}}\d{{6}}[0-9A-HJ-NPQRTUWXY]{{10}}{_RIGHT}",
     valid_credit_code),
    (Identifier.BANK_CARD, rf"{_LEFT}\d{{13,19}}{_RIGHT}", valid_bank_card),
    (Identifier.PHONE, rf"(?:(?<![0-9A-Za-z])(?:\+?86[- ]?)?)1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_RIGHT}", bool),
    (Identifier.PLATE, rf"[{_PROVINCE_SIGNS}][A-HJ-NP-Z][·• ]?(?:[DF][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[DF]|"
     rf"(?=[A-HJ-NP-Z0-9]*\d)[A-HJ-NP-Z0-9]{{5}}){_RIGHT}", bool),
    (Identifier.IP_ADDRESS, r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", valid_ip_address),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern), check) for kind, pattern, check in _PATTERNS)
_PASSPORT = re.compile(r"(?<![0-9A-Za-z])(?:[EeGg]\d{8}|[Ee][A-HJ-NP-Za-hj-np-z]\d{7})(?![0-9A-Za-z])")
_PASSPORT_WORDS = re.compile(r"护照|passport", re.IGNORECASE)
_MAY_HOLD = re.compile(r"\d{5}|@|\d\.\d|[A-Z]\d{4}|1[3-9]\d[- ]")
_EXAMPLES_KEPT = 3
_LONGEST_CELL = 100_000


def find(text: str, *, context: str = "") -> list[Found]:
    """Identifiers in ``text``, left to right, none overlapping. ``context`` (a column's name) decides passports."""
    if not _MAY_HOLD.search(text):
        return []
    found: list[Found] = []
    taken: list[tuple[int, int]] = []
    for kind, pattern, check in _COMPILED:
        for match in pattern.finditer(text):
            span = match.span()
            if not any(span[0] < stop and start < span[1] for start, stop in taken) and check(match.group()):
                taken.append(span)
                found.append(Found(kind, *span, _masked(match.group())))
    if _PASSPORT_WORDS.search(context) or _PASSPORT_WORDS.search(text):
        found += [Found(Identifier.PASSPORT, *m.span(), _masked(m.group())) for m in _PASSPORT.finditer(text)]
    return sorted(found, key=lambda each: each.start)


def mask(text: str) -> str:
    """The text with every identifier of a person hidden but for its first and last two characters."""
    parts: list[str] = []
    reached = 0
    for each in find(text):
        if each.kind == Identifier.CREDIT_CODE or each.start < reached:
            continue
        parts += [text[reached : each.start], each.masked]
        reached = each.stop
    return "".join([*parts, text[reached:]])


def scan_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> ScanSummary:
    """Scan a table, row by row, in constant memory."""
    counts: list[dict[str, int]] = [{} for _ in columns]
    examples: list[list[str]] = [[] for _ in columns]
    read = 0
    for row in rows:
        read += 1
        for number, cell in enumerate(row[: len(columns)]):
            if cell and _MAY_HOLD.search(cell):
                _count(cell[:_LONGEST_CELL], columns[number], counts[number], examples[number])
    return ScanSummary(
        read,
        tuple(ColumnScan(name, counts[n], tuple(examples[n])) for n, name in enumerate(columns)),
    )


def _count(cell: str, column: str, counts: dict[str, int], examples: list[str]) -> None:
    seen: set[Identifier] = set()
    for each in find(cell, context=column):
        if each.kind not in seen:
            seen.add(each.kind)
            counts[each.kind] = counts.get(each.kind, 0) + 1
        if len(examples) < _EXAMPLES_KEPT:
            examples.append(each.masked)


def _masked(value: str) -> str:
    keep = 2 if len(value) > 6 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]
