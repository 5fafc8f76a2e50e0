"""Texts of documents without what differs from run to run: the same ids stay the same, numbered as they come."""

from __future__ import annotations

import re
from pathlib import Path

_VARYING = {
    "id": re.compile(r"\b([a-z]{3,4})_[0-9a-z]{26}\b"),
    "hash": re.compile(r"\b[0-9a-f]{64}\b"),
    "time": re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"),
    "month": re.compile(r"\b20\d\d-\d\d\b(?!-)"),
    "code": re.compile(r"\b91[0-9A-Z]{16}\b"),
    "name": re.compile(r"机构\d+|Organisation \d+"),
    "bank": re.compile(r"\bBANK\d{8}\b"),
}
_NUMBER = re.compile(r"\b(INV|CRN)-\d{4}-")


def scrubbed(text: str) -> str:
    """Ids become ``txn#1``, other varying texts ``<time>``; whatever else is said stays as it is."""
    seen: dict[str, dict[str, str]] = {}

    def numbered(found: re.Match[str]) -> str:
        mine = seen.setdefault(found[1], {})
        return mine.setdefault(found[0], f"{found[1]}#{len(mine) + 1}")

    text = _NUMBER.sub(r"\1-<year>-", _VARYING["id"].sub(numbered, text))
    for name, varying in list(_VARYING.items())[1:]:
        text = varying.sub(f"<{name}>", text)
    return text


def same_as_golden(path: Path, text: str) -> bool:
    """Whether it is, once scrubbed, what is kept there; what is not kept yet is kept from now on."""
    made = scrubbed(text).encode()
    if not path.exists():
        path.write_bytes(made)
    assert made == path.read_bytes()
    return True
