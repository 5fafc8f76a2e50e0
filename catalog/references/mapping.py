"""Source mappings: what a source's columns mean, as data. A new layout needs a new file and no code.

``docs/formats/source-mapping.md`` is the reference. A mapping is checked as a whole when it is read:
an unknown word is refused with the one that was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from catalog.references.errors import MappingInvalid, SourceUnknown
from catalog.references.mapping_price import price_of
from catalog.references.mapping_values import (
    choice,
    flag,
    known_names,
    mapped_value,
    pairs,
    plain_text,
    regex,
    value_of,
    words,
    wrong,
)
from catalog.references.rows import FileShape
from catalog.references.source import (
    KINDS,
    LANGUAGES,
    ORIGINS,
    TEXTS,
    Classification,
    DateMapping,
    SourceMapping,
    Value,
)
from core.problems import Sentence

SOURCES = Path(__file__).with_name("sources")
_NAME = re.compile(r"\A[a-z][a-z0-9-]{1,39}\Z")


def names() -> list[str]:
    """The sources that the product knows."""
    return sorted(path.stem for path in SOURCES.glob("*.yaml"))


def load(source: str) -> SourceMapping:
    """The mapping of a known source, or of the file that ``source`` names.

    Raises SourceUnknown, or MappingInvalid naming the word that is wrong.
    """
    path = SOURCES / f"{source}.yaml" if _NAME.match(source) else Path(source)
    if not path.is_file():
        hint = f"Known are {', '.join(names())}; or give the path of a mapping file."
        raise SourceUnknown(
            Sentence("There is no source mapping “%(source)s”.", source=source), field="source", hint=hint
        )
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> SourceMapping:
    """A mapping from YAML. Raises MappingInvalid naming the first word that is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingInvalid(Sentence("This is not YAML: %(error)s", error=error)) from None
    return _Reader().mapping(document)


_TOP = {
    "version", "source", "file", "language", "key", "address", "kind", "scene", "origin", "tags", "price",
    "classification", "updated_at", "optional_columns", *TEXTS,
}  # fmt: skip


class _Reader:
    """Checks and reads a document; ``language`` is the one of texts that name none."""

    def mapping(self, document: Any) -> SourceMapping:
        top = known_names(document, "the mapping", _TOP)
        if top.get("version") != 1:
            raise wrong("version", "write version: 1")
        source = known_names(top.get("source"), "source", {"name", "title"})
        language = choice(top.get("language", "zh"), "language", LANGUAGES)
        texts = self._texts(top, language)
        if not any(("title", spoken) in texts for spoken in LANGUAGES):
            raise wrong("title", "every source needs a title")
        tags, split = self._tags(top.get("tags"))
        return SourceMapping(
            name=_source_name(source.get("name")), title=_title(source.get("title")), file=_file(top.get("file")),
            key=_required(top, "key"), address=value_of(top.get("address"), "address"), texts=texts, tags=tags,
            tag_split=split, kind=mapped_value(top.get("kind"), "kind", KINDS, "dataset"),
            scene=value_of(top.get("scene"), "scene"), origin=mapped_value(top.get("origin"), "origin", ORIGINS, ""),
            price=price_of(top.get("price")), classification=_classification(top.get("classification")),
            updated_at=_date(top.get("updated_at")),
            optional=frozenset(words(top.get("optional_columns"), "optional_columns")),
        )  # fmt: skip

    def _texts(self, top: Mapping[str, Any], language: str) -> dict[tuple[str, str], Value]:
        found: dict[tuple[str, str], Value] = {}
        for name in TEXTS:
            given = top.get(name)
            if isinstance(given, Mapping) and set(given) <= set(LANGUAGES):
                found.update({(name, spoken): value_of(value, f"{name}.{spoken}") for spoken, value in given.items()})
            elif given is not None:
                found[name, language] = value_of(given, name)
        return found

    def _tags(self, given: Any) -> tuple[tuple[Value, ...], re.Pattern[str]]:
        split = r"[,，;；、\s]+"
        if isinstance(given, Mapping):
            split = given.get("split", split)
            given = {key: value for key, value in given.items() if key != "split"}
        if isinstance(given, list):
            values = tuple(value_of(item, f"tags.{place}") for place, item in enumerate(given))
        else:
            values = (value_of(given, "tags"),) if given is not None else ()
        return values, regex(split, "tags.split")


def _required(top: Mapping[str, Any], name: str) -> Value:
    value = value_of(top.get(name), name)
    if not value.columns:
        raise wrong(name, "name the column, or columns, that tell rows apart")
    return value


def _source_name(given: Any) -> str:
    if not isinstance(given, str) or not _NAME.match(given):
        raise wrong("source.name", "write 2 to 40 small letters, digits and dashes")
    return given


def _title(given: Any) -> dict[str, str]:
    title = pairs(given if isinstance(given, Mapping) else {"zh": given} if given else None, "source.title")
    known_names(title, "source.title", LANGUAGES)
    return title


def _file(given: Any) -> FileShape:
    known = {"format", "encodings", "delimiter", "header", "skip_lines", "records", "ragged"}
    parts = known_names(given or {}, "file", known)
    written = choice(parts.get("format", "csv"), "file.format", ("csv", "tsv", "jsonl", "json"))
    delimiter = plain_text(parts.get("delimiter"), "file.delimiter", "\t" if written == "tsv" else ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise wrong("file.delimiter", "write one character")
    skipped = parts.get("skip_lines", 0)
    if not isinstance(skipped, int) or isinstance(skipped, bool) or skipped < 0:
        raise wrong("file.skip_lines", "write a whole number")
    return FileShape(
        format="csv" if written == "tsv" else written,
        encodings=_encodings(parts.get("encodings")),
        delimiter=delimiter,
        header=words(parts.get("header"), "file.header") or None,
        skip_lines=skipped,
        records=plain_text(parts.get("records"), "file.records", ""),
        ragged=flag(parts.get("ragged", False), "file.ragged"),
    )


def _encodings(given: Any) -> tuple[str, ...]:
    found = words(given, "file.encodings") or ("utf-8", "gb18030")
    for encoding in found:
        try:
            "数".encode(encoding)
        except LookupError:
            raise wrong("file.encodings", f"“{encoding}” is not an encoding") from None
        except UnicodeEncodeError:
            pass
    return found


def _classification(given: Any) -> Classification:
    if given is None:
        return Classification()
    known = {"columns", "column", "quarantine", "queue", "accept", "otherwise"}
    parts = known_names(given, "classification", known)
    columns = words(parts.get("columns", parts.get("column")), "classification.columns")
    if not columns:
        raise wrong("classification.columns", "name the columns that hold the class")
    lists = {name: words(parts.get(name), f"classification.{name}") for name in _LISTS}
    otherwise = parts.get("otherwise", "queue" if lists["accept"] else "accept")
    return Classification(columns, **lists, otherwise=choice(otherwise, "classification.otherwise", _LISTS))


_LISTS = ("quarantine", "queue", "accept")


def _date(given: Any) -> DateMapping:
    if given is None:
        return DateMapping()
    if not isinstance(given, Mapping):
        return DateMapping(value_of(given, "updated_at"))
    rest = {key: value for key, value in given.items() if key not in ("formats", "zone")}
    zone = plain_text(given.get("zone"), "updated_at.zone", "+08:00")
    if not re.fullmatch(r"[+-]\d\d:\d\d", zone):
        raise wrong("updated_at.zone", "write it as +08:00")
    formats = words(given.get("formats"), "updated_at.formats") or ("iso",)
    return DateMapping(value_of(rest, "updated_at"), formats, zone)
