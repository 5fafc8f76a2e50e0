"""Identifiers of persons in what an interface declares and in what it answers, for the proposal of its tier. Pure.

A file shows what it holds; an interface only shows the answers to the trials. So what its fields are called counts
too: an answer of one day may have no identity number in it, a field of that name says that others do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compliance.recognisers import ColumnScan, Identifier, ScanSummary, scan_cells

_MOST_CELLS = 20_000
_LONGEST_CELL = 2000
_NAMES = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        Identifier.RESIDENT_ID: r"身份证|公民身份|\bresident[ -]?id\b|\b(id|identity)[ -]?(card|no|num|number)\b",
        Identifier.PASSPORT: r"护照|\bpassport\b",
        Identifier.PHONE: r"手机|移动电话|\bmobile([ -]?(no|num|number|phone)\b|$)|\bcell[ -]?phone|\bmsisdn\b",
        Identifier.BANK_CARD: r"银行卡|\bbank[ -]?(card|account)|\bcard[ -]?(no|num|number)\b",
        Identifier.PLATE: r"车牌|号牌|\b(licen[cs]e|car)[ -]?plate|\bplate[ -]?(no|num|number)\b",
        Identifier.EMAIL: r"邮箱|电子邮件|\be-?mail\b",
    }.items()
}
_FORMATS = {"email": Identifier.EMAIL, "idn-email": Identifier.EMAIL}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def handed_out(document: Mapping[str, Any]) -> ScanSummary:
    """What the fields of answers are called, and what their examples hold."""
    return _declared(document, lambda each: each["response_fields"], lambda each: [each["response_example"]])


def taken_in(document: Mapping[str, Any]) -> ScanSummary:
    """The same of what callers hand over: parameters and bodies."""
    return _declared(
        document,
        lambda each: [*each["parameters"], *each["request_fields"]],
        lambda each: [each["request_example"], *(p["example"] for p in each["parameters"] if p.get("example"))],
    )


def _declared(
    document: Mapping[str, Any],
    fields_of: Callable[[Any], list[dict[str, Any]]],
    examples_of: Callable[[Any], list[str]],
) -> ScanSummary:
    columns: list[ColumnScan] = []
    for operation in document["operations"]:
        for field in fields_of(operation):
            if found := _named(field):
                columns.append(ColumnScan(f"{operation['id']}: {field['name']}", dict.fromkeys(map(str, found), 1)))
        for example in examples_of(operation):
            columns.extend(_with_findings(answer(example.encode()), operation["id"]))
    return ScanSummary(len(document["operations"]), tuple(columns))


def answer(body: bytes) -> ScanSummary:
    """What an answer holds: of JSON by the name of each field, of everything else line by line."""
    text = body.decode("utf-8", "replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return _scan([{"line": line[:_LONGEST_CELL]} for line in text.splitlines()[:_MOST_CELLS]])
    rows: list[dict[str, str]] = []
    for number, (name, value) in enumerate(_leaves(content)):
        if number >= _MOST_CELLS:
            break
        rows.append({name: value[:_LONGEST_CELL]})
    return _scan(rows)


def _leaves(content: Any) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, Any]] = [("", content)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{name}.{key}" if name else str(key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{name}[]", inner) for inner in value)
        elif value is not None and not isinstance(value, bool):
            yield name or "value", str(value)


def _scan(rows: list[dict[str, str]]) -> ScanSummary:
    """Cells by the name of their field; every name is a column of its own."""
    by_name: dict[str, list[str]] = {}
    for row in rows:
        for name, cell in row.items():
            by_name.setdefault(name, []).append(cell)
    columns = [column for name, cells in by_name.items() for column in scan_cells([name], [[c] for c in cells]).columns]
    return ScanSummary(len(rows), tuple(each for each in columns if each.counts or each.unconfirmed))


def _with_findings(scan: ScanSummary, operation: str) -> Iterator[ColumnScan]:
    for column in scan.columns:
        yield ColumnScan(f"{operation}: {column.name}", column.counts, column.examples, column.unconfirmed)


def _named(field: Mapping[str, Any]) -> set[Identifier]:
    """The kinds that a field's name, format or description speaks of."""
    name = _HUMP.sub("_", str(field["name"]).rsplit(".", 1)[-1]).replace("_", " ")
    texts = (name, str(field.get("description", "")))
    found = {kind for kind, pattern in _NAMES.items() if any(pattern.search(text) for text in texts)}
    known = _FORMATS.get(str(field.get("format", "")))
    return found | ({known} if known else set())
