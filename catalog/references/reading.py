"""From a row of a file to what would be stored of it: pure, and the same every time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

from catalog.references import price
from catalog.references.errors import FileRefused
from catalog.references.rows import Damage, Row
from catalog.references.source import DateMapping, PriceMapping, SourceMapping
from catalog.references.tables import Table
from catalog.references.types import Candidate, Outcome, Rejected
from compliance.recognisers import mask
from core.problems import Sentence

LONGEST = {"title": 300, "summary": 1000, "description": 20_000, "supplier": 200}
_LONGEST_PRICE = 200
_MOST_TAGS = 30
_PICTURES = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STRICTNESS = {"accept": 0, "queue": 1, "quarantine": 2}
_OUTCOMES = {"accept": Outcome.IMPORTED, "queue": Outcome.QUEUED, "quarantine": Outcome.QUARANTINED}


def check_columns(mapping: SourceMapping, table: Table) -> None:
    """Raises FileRefused when the file lacks columns that the mapping reads."""
    missing = sorted(mapping.columns() - set(table.columns) - mapping.optional)
    if table.columns and missing:
        raise FileRefused(
            Sentence("The file has no column %(names)s.", names=", ".join(missing)),
            missing=missing, found=list(table.columns),
            hint="Use the mapping of this source, or name them under optional_columns.",
        )  # fmt: skip


def candidates(mapping: SourceMapping, table: Table) -> Iterator[Candidate | Rejected]:
    """Every row of the table in its order, once; a key that comes again is rejected with the line it was on."""
    check_columns(mapping, table)
    first_lines: dict[str, int] = {}
    for row in table.rows:
        read = candidate(mapping, row)
        first = first_lines.setdefault(read.key, read.line) if read.key else read.line
        if isinstance(read, Candidate) and first != read.line:
            yield Rejected(read.line, f"has the same key as line {first}", read.key)
        else:
            yield read


def candidate(mapping: SourceMapping, row: Row | Damage) -> Candidate | Rejected:
    """What would be stored of one row."""
    key = _key(mapping, row.values)
    if isinstance(row, Damage):
        return Rejected(row.line, row.reason, key, legible=bool(key))
    title = _texts(mapping, row.values, "title", _one_line)
    if not key or not title:
        return Rejected(row.line, "has no key" if not key else "has no title", key)
    outcome, reason = classify(mapping, row.values)
    read, shown, details = read_price(mapping.price, row.values)
    found = Candidate(
        line=row.line, key=key, address=_address(mapping.address.of(row.values)), kind=mapping.kind.of(row.values),
        title=title, summary=_texts(mapping, row.values, "summary", tidy),
        description=_texts(mapping, row.values, "description", tidy), supplier=_supplier(mapping, row.values),
        tags=_tags(mapping, row.values), scene=_shown(_one_line(mapping.scene.of(row.values)), 100),
        origin=mapping.origin.of(row.values), price_kind=read.kind, price_text=_shown(shown, _LONGEST_PRICE),
        price_details=_shown(details, 2000), currency=read.currency, unit_price=read.unit_price, price_per=read.per,
        price_period=read.period, source_updated_at=moment(mapping.updated_at, row.values),
        outcome=outcome, reason=reason,
    )  # fmt: skip
    return replace(found, content_hash=_hash(found))


def classify(mapping: SourceMapping, row: Mapping[str, str]) -> tuple[Outcome, str]:
    """Whether a row is imported, waits for review or is quarantined, and for which class."""
    rules = mapping.classification
    strictest, reason = "accept", ""
    for column in rules.columns:
        name = row.get(column, "").strip()
        found = rules.of(name)
        if _STRICTNESS[found] > _STRICTNESS[strictest]:
            strictest, reason = found, f"{column}: {name or '–'}"
    return _OUTCOMES[strictest], _shown(reason, 200)


def read_price(mapping: PriceMapping, row: Mapping[str, str]) -> tuple[price.Price, str, str]:
    """The price, the text it was read from, and the details beside it."""
    text, details = _one_line(mapping.text.of(row)), tidy(mapping.details.of(row))
    if mapping.amount.columns:
        parts = [_one_line(part.of(row)) for part in (mapping.amount, mapping.unit, mapping.currency)]
        read = price.read_parts(parts[0], parts[1], parts[2] or mapping.words.currency or "", mapping.words)
        text = text or _joined(*parts)
    else:
        read = price.read(text, mapping.words)
    for rule in mapping.rules:
        if rule.contains in text or rule.contains in details:
            read = replace(read, kind=rule.kind) if rule.read and read.unit_price else read
            read = price.Price(rule.kind) if not rule.read else read
            break
    return read, text, details


def _joined(amount: str, unit: str, currency: str) -> str:
    shown = " ".join(filter(None, [currency, amount]))
    return f"{shown}/{unit}" if unit and amount else shown or unit


def moment(mapping: DateMapping, row: Mapping[str, str]) -> datetime | None:
    """The time a source gives, in UTC; None when it cannot be read."""
    text = mapping.value.of(row)
    for written in mapping.formats if text else ():
        try:
            return _parsed(text, written, mapping.zone).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            continue
    return None


def _parsed(text: str, written: str, zone: str) -> datetime:
    if written in ("epoch", "epoch_ms"):
        return datetime.fromtimestamp(float(text) / (1000 if written == "epoch_ms" else 1), UTC)
    found = datetime.fromisoformat(text) if written == "iso" else datetime.strptime(text, written)  # noqa: DTZ007 (the zone is added below)
    return found if found.tzinfo is not None else datetime.fromisoformat(found.isoformat() + zone)


def tidy(text: str) -> str:
    """Text for reading: no pictures, no control characters, no more than one empty line at a time."""
    plain = _CONTROLS.sub("", _PICTURES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    lines = [line.strip() for line in plain.split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip()


def _key(mapping: SourceMapping, row: Mapping[str, str]) -> str:
    text = mapping.key.of(row)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if text else ""


def _address(text: str) -> str:
    """Only addresses of the web: what is shown as a link must not be a script."""
    usable = text.startswith(("http://", "https://")) and len(text) <= 2000 and not re.search(r"[\s\"<>\\]", text)
    return text if usable else ""


def _texts(mapping: SourceMapping, row: Mapping[str, str], name: str, clean: Callable[[str], str]) -> dict[str, str]:
    found = {language: clean(value.of(row)) for (text, language), value in mapping.texts.items() if text == name}
    return {language: _shown(text, LONGEST[name]) for language, text in found.items() if text}


def _supplier(mapping: SourceMapping, row: Mapping[str, str]) -> str:
    names = _texts(mapping, row, "supplier", _one_line)
    return names.get("zh") or names.get("en") or ""


def _tags(mapping: SourceMapping, row: Mapping[str, str]) -> tuple[str, ...]:
    parts = (part for value in mapping.tags for part in mapping.tag_split.split(value.of(row)))
    tags = dict.fromkeys(_shown(_one_line(part), 60) for part in parts if part and part.strip())
    return tuple(tags)[:_MOST_TAGS]


def _one_line(text: str) -> str:
    return " ".join(_CONTROLS.sub("", text.replace("\r", "\n").replace("\n", " ")).split())


def _shown(text: str, longest: int) -> str:
    """Masked before it is cut, so that no half of a number slips through."""
    masked = mask(text)
    return masked if len(masked) <= longest else masked[: longest - 1] + "…"


def _hash(found: Candidate) -> str:
    content = asdict(found) | {"line": 0, "content_hash": "", "source_updated_at": str(found.source_updated_at)}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
