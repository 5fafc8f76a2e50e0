"""Files of records as they come: JSON lines, JSON, tables with or without a header, packed or not."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

csv.field_size_limit(2**30)
_HEADERS = {"id", "_id", "qid", "query_id", "query-id", "docid", "doc_id", "title", "text", "query"}
_TABLES = {".tsv": "\t", ".csv": ","}


class Unreadable(Exception):
    """A file that cannot be understood; the message says which, where and why."""


def text_of(path: Path) -> str:
    """The whole text, unpacked; UTF-8 with or without a mark, else GB 18030."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(f"{path}: the text is neither UTF-8 nor GB 18030")


def suffix_of(path: Path) -> str:
    """What the name ends in, apart from a packing."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def parsed(path: Path, text: str) -> Any:
    """The JSON document, or a list of the records of JSON lines. None when it is no JSON."""
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return list(json_lines(path, text))


def json_lines(path: Path, text: str) -> Iterator[Any]:
    """A record on each line. Raises Unreadable naming the first line that is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise Unreadable(f"{path}, line {number}: not JSON ({error})") from None


def records(path: Path) -> list[Mapping[str, Any]]:
    """The records of a file of documents or queries. Raises Unreadable."""
    text = text_of(path)
    found = parsed(path, text)
    if isinstance(found, Mapping):
        lists = [value for value in found.values() if isinstance(value, list)]
        if len(lists) == 1 and lists[0] and isinstance(lists[0][0], Mapping):
            found = lists[0]
        elif set(map(type, found.values())) <= {str, dict}:
            found = [{"id": key} | (each if isinstance(each, dict) else {"text": each}) for key, each in found.items()]
        else:
            found = [found]
    if found is None:
        found = list(_table(path, text))
    wrong = next((place for place, each in enumerate(found, 1) if not isinstance(each, Mapping)), None)
    if wrong is not None:
        raise Unreadable(f"{path}, record {wrong}: not an object with fields")
    return list(found)


def _table(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    first = text.split("\n", 1)[0]
    delimiter = _TABLES.get(suffix_of(path)) or ("\t" if "\t" in first else ",")
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    header = next(rows, [])
    names = [name.strip() for name in header]
    if not header:
        raise Unreadable(f"{path}: empty")
    if not {name.lower() for name in names} & _HEADERS:
        if len(header) < 2:
            raise Unreadable(f"{path}: neither JSON, nor a table of at least two columns")
        names = ["id", *(f"text{place}" for place in range(1, len(header)))]
        names[1] = "text"
        yield dict(zip(names, header, strict=False))
    yield from (dict(zip(names, row, strict=False)) for row in rows if row)


def columns(line: str) -> list[str]:
    """The parts of a line of judgements: by tabs, else by spaces, else by commas."""
    if "\t" in line:
        return [part.strip() for part in line.split("\t")]
    parts = line.split()
    return parts if len(parts) > 2 else [part.strip() for part in re.split("[,;]", line)]
