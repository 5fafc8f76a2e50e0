"""Files as bytes: tables, lines of JSON, and archives that do not depend on the day they were made."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    """One generated file."""

    name: str
    content: bytes


def table(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Made:
    """A CSV in UTF-8 with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return Made(name, text.getvalue().encode())


def lines(name: str, documents: Iterable[Mapping[str, object]]) -> Made:
    """One JSON object on each line."""
    text = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    return Made(name, text.encode())


def archive(name: str, members: Iterable[Made]) -> Made:
    """A ZIP archive in which every member carries the same fixed time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in members:
            entry = zipfile.ZipInfo(member.name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, member.content)
    return Made(name, buffer.getvalue())
