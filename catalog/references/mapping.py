"""Source mappings: what a source's columns mean, as data. A new layout needs a new file and no code.

``docs/formats/source-mapping.md`` is the reference. A mapping is checked as a whole when it is read:
an unknown word is refused with the one that was probably meant.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from catalog.references import markup, price
from catalog.references.errors import MappingInvalid, SourceUnknown
from catalog.references.tables import FileShape
from core import money

SOURCES = Path(__file__).with_name("sources")
KINDS = ("dataset", "interface", "report", "application", "service", "model", "other")
ORIGINS = ("government", "enterprise", "social", "")
TEXTS = ("title", "summary", "description", "supplier")
LANGUAGES = ("zh", "en")
_NAME = re.compile(r"\A[a-z][a-z0-9-]{1,39}\Z")


def matches(text: str, name: str) -> bool:
    """Whether a cell's text is the one a mapping names; a ``*`` in the name stands for anything."""
    return fnmatch.fnmatchcase(text, name.replace("[", "[[]")) if "*" in name else text == name


@dataclass(frozen=True)
class Value:
    """Where a text comes from: columns joined, a pattern's group taken, values put for others."""

    columns: tuple[str, ...] = ()
    join: str = "\n"
    pattern: re.Pattern[str] | None = None
    template: str | None = None
    constant: str | None = None
    ignore: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    html: bool = False

    def of(self, row: Mapping[str, str]) -> str:
        """The text of a row, trimmed; empty when the row has none."""
        if self.constant is not None:
            return self.constant
        found = [self._one(row.get(column, "")) for column in self.columns]
        if self.template is not None:
            return self.template.format(*found) if all(found) else self.default
        text = self.join.join(dict.fromkeys(filter(None, found)))
        if self.values:
            return next((put for name, put in self.values.items() if matches(text, name)), self.default)
        return text or self.default

    def _one(self, cell: str) -> str:
        text = markup.plain(cell) if self.html else cell.strip()
        if self.pattern is not None:
            match = self.pattern.search(text)
            text = (match.group(1) if match.re.groups else match.group()).strip() if match else ""
        return "" if text in self.ignore else text


@dataclass(frozen=True)
class PriceRule:
    """When ``contains`` stands in the price's text or details, the kind is known; ``read`` is whether to read it."""

    contains: str
    kind: str
    read: bool


@dataclass(frozen=True)
class PriceMapping:
    text: Value = Value()
    amount: Value = Value()
    unit: Value = Value()
    currency: Value = Value()
    details: Value = Value()
    words: price.Words = field(default_factory=price.Words)
    rules: tuple[PriceRule, ...] = ()


@dataclass(frozen=True)
class Classification:
    """What becomes of a row by the class its source gives it; the strictest of its columns counts."""

    columns: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    otherwise: str = "accept"

    def of(self, name: str) -> str:
        """The strictest list that holds the class, or what becomes of classes in no list."""
        lists = (("quarantine", self.quarantine), ("queue", self.queue), ("accept", self.accept))
        return next((kind for kind, names in lists if any(matches(name, n) for n in names)), self.otherwise)


@dataclass(frozen=True)
class DateMapping:
    value: Value = Value()
    formats: tuple[str, ...] = ("iso",)
    zone: str = "+08:00"


@dataclass(frozen=True)
class SourceMapping:
    """A whole mapping, checked."""

    name: str
    title: Mapping[str, str]
    file: FileShape
    key: Value
    address: Value
    texts: Mapping[tuple[str, str], Value]
    tags: tuple[Value, ...]
    tag_split: re.Pattern[str]
    kind: Value
    scene: Value
    origin: Value
    price: PriceMapping
    classification: Classification
    updated_at: DateMapping
    optional: frozenset[str]

    def columns(self) -> set[str]:
        """Every column that the mapping reads."""
        p = self.price
        values = [self.key, self.address, *self.texts.values(), *self.tags, self.kind, self.scene, self.origin]
        values += [p.text, p.amount, p.unit, p.currency, p.details, self.updated_at.value]
        return {column for value in values for column in value.columns} | set(self.classification.columns)


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
        raise SourceUnknown(f"There is no source mapping “{source}”.", field="source", hint=hint)
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> SourceMapping:
    """A mapping from YAML. Raises MappingInvalid naming the first word that is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingInvalid(f"This is not YAML: {error}") from None
    return _Reader().mapping(document)


_TOP = {
    "version", "source", "file", "language", "key", "address", "kind", "scene", "origin", "tags", "price",
    "classification", "updated_at", "optional_columns", *TEXTS,
}  # fmt: skip
_VALUE = {"columns", "column", "join", "pattern", "template", "constant", "ignore", "values", "default", "html"}


class _Reader:
    """Checks and reads a document; ``language`` is the one of texts that name none."""

    def mapping(self, document: Any) -> SourceMapping:
        top = _mapping(document, "the mapping", _TOP)
        if top.get("version") != 1:
            raise _wrong("version", "write version: 1")
        source = _mapping(top.get("source"), "source", {"name", "title"})
        language = _choice(top.get("language", "zh"), "language", LANGUAGES)
        texts = self._texts(top, language)
        if not any(("title", spoken) in texts for spoken in LANGUAGES):
            raise _wrong("title", "every source needs a title")
        tags, split = self._tags(top.get("tags"))
        return SourceMapping(
            name=_source_name(source.get("name")), title=_title(source.get("title")), file=_file(top.get("file")),
            key=_required(top, "key"), address=_value(top.get("address"), "address"), texts=texts, tags=tags,
            tag_split=split, kind=_mapped(top.get("kind"), "kind", KINDS, "dataset"),
            scene=_value(top.get("scene"), "scene"), origin=_mapped(top.get("origin"), "origin", ORIGINS, ""),
            price=_price(top.get("price")), classification=_classification(top.get("classification")),
            updated_at=_date(top.get("updated_at")),
            optional=frozenset(_words(top.get("optional_columns"), "optional_columns")),
        )  # fmt: skip

    def _texts(self, top: Mapping[str, Any], language: str) -> dict[tuple[str, str], Value]:
        found: dict[tuple[str, str], Value] = {}
        for name in TEXTS:
            given = top.get(name)
            if isinstance(given, Mapping) and set(given) <= set(LANGUAGES):
                found.update({(name, spoken): _value(value, f"{name}.{spoken}") for spoken, value in given.items()})
            elif given is not None:
                found[name, language] = _value(given, name)
        return found

    def _tags(self, given: Any) -> tuple[tuple[Value, ...], re.Pattern[str]]:
        split = r"[,，;；、\s]+"
        if isinstance(given, Mapping):
            split = given.get("split", split)
            given = {key: value for key, value in given.items() if key != "split"}
        if isinstance(given, list):
            values = tuple(_value(item, f"tags.{place}") for place, item in enumerate(given))
        else:
            values = (_value(given, "tags"),) if given is not None else ()
        return values, _regex(split, "tags.split")


def _wrong(where: str, reason: str) -> MappingInvalid:
    return MappingInvalid(f"{where}: {reason}.", field=where)


def _mapping(given: Any, where: str, allowed: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(where, "write it as names with values")
    allowed = set(allowed)
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, n=1)
            meant = f"did you mean “{near[0]}”" if near else f"known are {', '.join(sorted(allowed))}"
            raise _wrong(f"{where}.{name}", f"this word is unknown; {meant}")
    return given


def _choice(given: Any, where: str, allowed: Sequence[str]) -> str:
    if given not in allowed:
        raise _wrong(where, f"“{given}” is not one of {', '.join(filter(None, allowed))}")
    return str(given)


def _words(given: Any, where: str) -> tuple[str, ...]:
    items = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(item, str | int | float) for item in items):
        raise _wrong(where, "write a word, or a list of words")
    return tuple(str(item) for item in items)


def _text(given: Any, where: str, default: str) -> str:
    if given is None:
        return default
    if not isinstance(given, str):
        raise _wrong(where, "write a text")
    return given


def _regex(given: Any, where: str) -> re.Pattern[str]:
    try:
        return re.compile(_text(given, where, ""))
    except re.error as error:
        raise _wrong(where, f"this is not a regular expression: {error}") from None


def _value(given: Any, where: str) -> Value:
    if given is None:
        return Value()
    if isinstance(given, str | list):
        return Value(columns=_words(given, where))
    parts = _mapping(given, where, _VALUE)
    columns = _words(parts.get("columns", parts.get("column")), f"{where}.columns")
    if not columns and "constant" not in parts:
        raise _wrong(where, "name its columns, or give a constant")
    return Value(
        columns=columns,
        join=_text(parts.get("join"), f"{where}.join", "\n"),
        pattern=_regex(parts["pattern"], f"{where}.pattern") if "pattern" in parts else None,
        template=_template(parts.get("template"), f"{where}.template", len(columns)),
        constant=_text(parts["constant"], f"{where}.constant", "") if "constant" in parts else None,
        ignore=frozenset(_words(parts.get("ignore"), f"{where}.ignore")),
        values=_table(parts.get("values"), f"{where}.values"),
        default=_text(parts.get("default"), f"{where}.default", ""),
        html=_flag(parts.get("html", False), f"{where}.html"),
    )


def _template(given: Any, where: str, count: int) -> str | None:
    if given is None:
        return None
    text = _text(given, where, "")
    try:
        text.format(*("x" for _ in range(count)))
    except (IndexError, KeyError, ValueError, AttributeError):
        raise _wrong(where, "write {0} for the first column, {1} for the second") from None
    if not re.fullmatch(r"(?:[^{}]|\{\d*\})*", text):
        raise _wrong(where, "write {0} for the first column, {1} for the second")
    return text


def _table(given: Any, where: str) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _wrong(where, "write one line for each value")
    return {str(key): str(value) for key, value in given.items()}


def _required(top: Mapping[str, Any], name: str) -> Value:
    value = _value(top.get(name), name)
    if not value.columns:
        raise _wrong(name, "name the column, or columns, that tell rows apart")
    return value


def _mapped(given: Any, where: str, allowed: Sequence[str], default: str) -> Value:
    """A value whose results are a closed set."""
    if isinstance(given, str) and given in allowed:
        return Value(constant=given)
    value = _value(given, where)
    for result in (*value.values.values(), *filter(None, [value.default, value.constant])):
        _choice(result, f"{where}.values", allowed)
    if value.columns and not value.values:
        raise _wrong(f"{where}.values", "say which of its values mean what")
    return value if value.columns or value.constant else Value(constant=default)


def _source_name(given: Any) -> str:
    if not isinstance(given, str) or not _NAME.match(given):
        raise _wrong("source.name", "write 2 to 40 small letters, digits and dashes")
    return given


def _title(given: Any) -> dict[str, str]:
    title = _table(given if isinstance(given, Mapping) else {"zh": given} if given else None, "source.title")
    _mapping(title, "source.title", LANGUAGES)
    return title


def _file(given: Any) -> FileShape:
    known = {"format", "encodings", "delimiter", "header", "skip_lines", "records", "ragged"}
    parts = _mapping(given or {}, "file", known)
    written = _choice(parts.get("format", "csv"), "file.format", ("csv", "tsv", "jsonl", "json"))
    delimiter = _text(parts.get("delimiter"), "file.delimiter", "\t" if written == "tsv" else ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise _wrong("file.delimiter", "write one character")
    skipped = parts.get("skip_lines", 0)
    if not isinstance(skipped, int) or isinstance(skipped, bool) or skipped < 0:
        raise _wrong("file.skip_lines", "write a whole number")
    return FileShape(
        format="csv" if written == "tsv" else written,
        encodings=_encodings(parts.get("encodings")),
        delimiter=delimiter,
        header=_words(parts.get("header"), "file.header") or None,
        skip_lines=skipped,
        records=_text(parts.get("records"), "file.records", ""),
        ragged=_flag(parts.get("ragged", False), "file.ragged"),
    )


def _encodings(given: Any) -> tuple[str, ...]:
    found = _words(given, "file.encodings") or ("utf-8", "gb18030")
    for encoding in found:
        try:
            "数".encode(encoding)
        except LookupError:
            raise _wrong("file.encodings", f"“{encoding}” is not an encoding") from None
        except UnicodeEncodeError:
            pass
    return found


def _price(given: Any) -> PriceMapping:
    if given is None or isinstance(given, str):
        return PriceMapping(text=_value(given, "price"))
    known = {
        "text", "amount", "unit", "currency", "details", "words", "rules", "float_debris", "zero_is_free", "scale",
    }  # fmt: skip
    parts = _mapping(given, "price", known)
    currency, default = parts.get("currency"), None
    if isinstance(currency, str) and currency in money.EXPONENTS:
        currency, default = None, currency
    values = {name: _value(parts.get(name), f"price.{name}") for name in ("text", "amount", "unit", "details")}
    rules = tuple(_price_rule(rule, f"price.rules.{place}") for place, rule in enumerate(parts.get("rules") or []))
    return PriceMapping(
        **values, currency=_value(currency, "price.currency"), words=_price_words(parts, default), rules=rules
    )


def _price_words(parts: Mapping[str, Any], currency: str | None) -> price.Words:
    known = {"free", "negotiated", "units", "currencies"}
    words = _mapping(parts.get("words") or {}, "price.words", known)
    units = _table(words.get("units"), "price.words.units")
    for kind in units.values():
        _choice(kind.partition(":")[0], "price.words.units", sorted(price.KINDS))
    currencies = _table(words.get("currencies"), "price.words.currencies")
    for code in currencies.values():
        _choice(code, "price.words.currencies", tuple(money.EXPONENTS))
    return price.Words(
        currency=currency,
        currencies=currencies,
        units=units,
        free=_words(words.get("free"), "price.words.free"),
        negotiated=_words(words.get("negotiated"), "price.words.negotiated"),
        float_debris=_tolerance(parts.get("float_debris")),
        scale=_scale(parts.get("scale", 1)),
        zero_is_free=_flag(parts.get("zero_is_free", False), "price.zero_is_free"),
    )


def _price_rule(given: Any, where: str) -> PriceRule:
    parts = _mapping(given, where, {"contains", "kind", "read"})
    contains = _text(parts.get("contains"), f"{where}.contains", "")
    if not contains:
        raise _wrong(f"{where}.contains", "write the words that make the rule hold")
    kind = _choice(parts.get("kind"), f"{where}.kind", sorted(price.KINDS))
    return PriceRule(contains, kind, _flag(parts.get("read", True), f"{where}.read"))


def _flag(given: Any, where: str) -> bool:
    if not isinstance(given, bool):
        raise _wrong(where, "write true or false")
    return given


def _tolerance(given: Any) -> Decimal | None:
    if given is None:
        return None
    try:
        tolerance = Decimal(str(given))
    except InvalidOperation:
        tolerance = Decimal(-1)
    if not 0 < tolerance <= Decimal("0.001"):
        raise _wrong("price.float_debris", "write a small number such as 0.000001")
    return tolerance


def _scale(given: Any) -> Decimal:
    """What a written number is multiplied with: 10000 for amounts in 万, 0.01 for amounts in minor units."""
    if str(given) not in ("1", "0.01", "0.1", "10", "100", "1000", "10000", "1000000", "100000000"):
        raise _wrong("price.scale", "write a power of ten such as 10000 or 0.01")
    return Decimal(str(given))


def _classification(given: Any) -> Classification:
    if given is None:
        return Classification()
    known = {"columns", "column", "quarantine", "queue", "accept", "otherwise"}
    parts = _mapping(given, "classification", known)
    columns = _words(parts.get("columns", parts.get("column")), "classification.columns")
    if not columns:
        raise _wrong("classification.columns", "name the columns that hold the class")
    lists = {name: _words(parts.get(name), f"classification.{name}") for name in _LISTS}
    otherwise = parts.get("otherwise", "queue" if lists["accept"] else "accept")
    return Classification(columns, **lists, otherwise=_choice(otherwise, "classification.otherwise", _LISTS))


_LISTS = ("quarantine", "queue", "accept")


def _date(given: Any) -> DateMapping:
    if given is None:
        return DateMapping()
    if not isinstance(given, Mapping):
        return DateMapping(_value(given, "updated_at"))
    rest = {key: value for key, value in given.items() if key not in ("formats", "zone")}
    zone = _text(given.get("zone"), "updated_at.zone", "+08:00")
    if not re.fullmatch(r"[+-]\d\d:\d\d", zone):
        raise _wrong("updated_at.zone", "write it as +08:00")
    formats = _words(given.get("formats"), "updated_at.formats") or ("iso",)
    return DateMapping(_value(rest, "updated_at"), formats, zone)
