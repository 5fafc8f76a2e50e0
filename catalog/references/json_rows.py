"""Rows of JSON: a record a line, or a list somewhere in a document. Numbers stay as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.references.errors import FileRefused
from catalog.references.rows import Damage, Row
from core.problems import Sentence


def json_lines(text: str) -> Iterator[Row | Damage]:
    """A record on each line that is not empty."""
    return (_json_line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _json_line(number: int, line: str) -> Row | Damage:
    try:
        record = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        return Damage(number, f"is not JSON: {str(error)[:120]}")
    return _json_row(number, record)


def json_records(text: str, path: str) -> Iterator[Row | Damage]:
    """The records of the list at ``path``. Raises FileRefused when there is none."""
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
        for name in filter(None, path.split(".")):
            found = found[name]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FileRefused(
            Sentence(
                "The file has no records at “%(what)s”: %(error)s", what=path or "its root", error=str(error)[:120]
            )
        ) from None
    if not isinstance(found, list):
        raise FileRefused(Sentence("What stands at “%(what)s” is not a list.", what=path or "its root"))
    return (_json_row(number, record) for number, record in enumerate(found, 1))


def _json_row(number: int, record: Any) -> Row | Damage:
    if not isinstance(record, dict):
        return Damage(number, "is not an object")
    return Row(number, dict(_flat(record, "")))


def _flat(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _plain_text(value)


def _plain_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_plain_text(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
