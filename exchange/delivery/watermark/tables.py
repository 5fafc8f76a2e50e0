"""Reading tables so that a row can be written again with some cells changed and every other byte as it was."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO

from compliance.recognisers import find
from exchange.delivery.watermark.types import Layout, Unmarkable

FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 1 << 20
_LONGEST_RECORD = 16 << 20
_DELIMITERS = ",\t;|"
_LINES_FOR_KEYS = 1000
_MOST_COLUMNS = 500


class Row:
    """One record of a delimited table."""

    __slots__ = ("_delimiter", "_end", "_raw", "cells")

    def __init__(self, raw: list[str], end: str, delimiter: str) -> None:
        self._raw, self._end, self._delimiter = raw, end, delimiter
        self.cells: Sequence[str] = [_unquoted(field) for field in raw]

    def written(self, changed: Mapping[int, str]) -> str:
        """The record's text with these cells in place of its own."""
        if not changed:
            return self._delimiter.join(self._raw) + self._end
        raw = [self._quoted(field, changed[n]) if n in changed else field for n, field in enumerate(self._raw)]
        return self._delimiter.join(raw) + self._end

    def _quoted(self, before: str, cell: str) -> str:
        if before.startswith('"') or any(sign in cell for sign in (self._delimiter, '"', "\n", "\r")):
            return '"' + cell.replace('"', '""') + '"'
        return cell


class JsonRow:
    """One line of JSON; only texts and numbers at its first level can be changed."""

    __slots__ = ("_names", "_raw", "cells")

    def __init__(self, raw: str, names: tuple[str, ...]) -> None:
        self._raw, self._names = raw, names
        found = _object(raw) or {}
        self.cells: Sequence[str] = [_cell(found.get(name)) for name in names]

    def written(self, changed: Mapping[int, str]) -> str:
        """The line with these cells in place of its own."""
        text = self._raw
        for column, cell in changed.items():
            text = self._replaced(text, column, cell)
        return text

    def _replaced(self, text: str, column: int, cell: str) -> str:
        before, wanted = _object(text), self._names[column]
        if before is None or wanted not in before:
            return text
        new = _Number(cell) if isinstance(before[wanted], _Number) else cell
        name = json.dumps(wanted, ensure_ascii=False)
        for spelled in {name, json.dumps(wanted)}:
            pattern = re.compile(re.escape(spelled) + r"(\s*:\s*)(\"(?:[^\"\\]|\\.)*\"|-?\d[\d.eE+-]*)")
            for match in pattern.finditer(text):
                made = text[: match.start(2)] + _literal(new, ascii_only=text.isascii()) + text[match.end(2) :]
                if _object(made) == {**before, wanted: new}:
                    return made
        return text


class _Number(str):
    """A number as it is spelled."""

    __slots__ = ()


def _literal(value: str, *, ascii_only: bool) -> str:
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=ascii_only)


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


AnyRow = Row | JsonRow


def layout_of(stream: BinaryIO, name: str) -> Layout:
    """How the table is written. Leaves the stream at its start. Raises Unmarkable."""
    form = FORMATS.get(PurePath(name).suffix.lower())
    if form is None:
        raise Unmarkable("not_a_table")
    encoding = _encoding(stream)
    text = text_of(stream, encoding)
    try:
        if form == "jsonl":
            return Layout(form, encoding, "", False, _keys(text))
        first_line = text.readline(_LONGEST_RECORD)
        text.seek(0)
        delimiter = "\t" if form == "tsv" else max(_DELIMITERS, key=first_line.count)
        first = next(_records(text, delimiter), None)
    except UnicodeError:
        raise Unmarkable("encoding_broken") from None
    finally:
        text.detach()
        stream.seek(0)
    if first is None:
        raise Unmarkable("too_small")
    cells = first.cells[:_MOST_COLUMNS]
    if any(_is_number(cell) or find(cell) for cell in cells):
        return Layout(form, encoding, delimiter, False, tuple(f"column_{n + 1}" for n in range(len(cells))))
    return Layout(form, encoding, delimiter, True, tuple(cell.strip() for cell in cells))


def _encoding(stream: BinaryIO) -> str:
    head = stream.read(4)
    stream.seek(0)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    for name in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        stream.seek(0)
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        finally:
            stream.seek(0)
        return name
    raise Unmarkable("encoding_broken")


def text_of(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def rows(text: io.TextIOWrapper, layout: Layout) -> Iterator[AnyRow]:
    """The table's rows; empty lines are passed through as rows without cells."""
    if layout.format == "jsonl":
        for line in text:
            yield JsonRow(line, layout.names)
        return
    yield from _records(text, layout.delimiter)


def _records(text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    fields = re.compile(
        rf'("(?:[^"]|"")*"[^{re.escape(delimiter)}]*|[^{re.escape(delimiter)}]*)({re.escape(delimiter)}|\Z)'
    )
    pending = ""
    for line in text:
        record = pending + line
        if '"' in record and record.count('"') % 2:
            if len(record) > _LONGEST_RECORD:
                raise Unmarkable("quotes_broken")
            pending = record
            continue
        pending = ""
        body = record.rstrip("\r\n")
        end = record[len(body) :]
        yield Row(body.split(delimiter) if '"' not in body else _split(fields, body), end, delimiter)
    if pending:
        raise Unmarkable("quotes_broken")


def _split(fields: re.Pattern[str], body: str) -> list[str]:
    found = []
    for match in fields.finditer(body):
        found.append(match.group(1))
        if not match.group(2):
            break
    return found


def _unquoted(field: str) -> str:
    if field.startswith('"') and field.endswith('"') and len(field) > 1:
        return field[1:-1].replace('""', '"')
    return field


def _keys(text: io.TextIOWrapper) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for number, line in enumerate(text):
        if number == _LINES_FOR_KEYS:
            break
        keys |= dict.fromkeys(_object(line) or {})
    return tuple(keys)[:_MOST_COLUMNS]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
