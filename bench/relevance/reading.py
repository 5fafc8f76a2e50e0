"""Documents, queries and judgements out of files of many layouts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.relevance.files import Unreadable, columns, parsed, records, text_of

_IDS = ("id", "_id", "docid", "doc_id", "docno", "dataset_id", "identifier", "pid", "corpus-id", "corpus_id")
_QUERY_IDS = ("id", "_id", "qid", "query_id", "query-id", "queryid", "num", "topic")
_TITLES = ("title", "name", "headline")
_TEXTS = ("text", "body", "contents", "content", "abstract", "description", "summary", "passage", "notes")
_TAGS = ("tags", "keywords", "subjects", "categories", "topics", "tag", "keyword")
_QUERY_TEXTS = ("text", "query", "title", "question", "keywords", "description")
_JUDGED_QUERY = ("qid", "query_id", "query-id", "queryid", "query", "topic", "q")
_JUDGED_DOCUMENT = ("docid", "doc_id", "corpus-id", "corpus_id", "document", "dataset_id", "did", "doc", "pid", "id")
_GRADES = ("grade", "relevance", "rel", "score", "label")
_HAN = re.compile("[㐀-鿿]")
_LANGUAGES = {"zh": "zh", "cn": "zh", "zh-cn": "zh", "chinese": "zh", "en": "en", "english": "en"}
_NAMES = {
    "documents": ("documents", "corpus", "docs", "collection", "datasets"),
    "queries": ("queries", "topics", "query"),
    "judgements": ("judgements", "judgments", "qrels", "qrels.test", "test", "relevance"),
}
_KINDS = (".jsonl", ".json", ".tsv", ".csv", ".txt", ".qrels", ".trec", ".xml", "")

Judgements = dict[str, dict[str, int]]


@dataclass
class Document:
    """Texts by language, titles apart."""

    id: str
    title: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def found_in(folder: Path) -> dict[str, Path]:
    """The files of a collection by their usual names. Raises Unreadable when the folder is none."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is not a folder; name the files by --documents, --queries and --judgements")
    places = [folder, folder / "qrels"]
    found = {}
    for kind, names in _NAMES.items():
        ends = [f"{end}{packed}" for end in _KINDS for packed in ("", ".gz")]
        options = (place / f"{name}{end}" for name in names for end in ends for place in places)
        path = next((path for path in options if path.is_file()), None)
        if path is not None:
            found[kind] = path
    return found


def documents_of(path: Path, language: str | None = None, fields: Sequence[str] = ()) -> list[Document]:
    """Raises Unreadable when there is none, or no text in any of them."""
    found = [_document(number, each, language, fields) for number, each in enumerate(records(path), 1)]
    if not any(each.title or each.text for each in found):
        raise Unreadable(f"{path}: no document has a title or a text; known names are {', '.join((*_TITLES, *_TEXTS))}")
    return found


def queries_of(path: Path) -> dict[str, str]:
    """Texts by id. Raises Unreadable."""
    text = text_of(path)
    if "<top" in text[:2000].lower() or "<num" in text[:2000].lower():
        return _topics(path, text)
    found = {}
    for number, each in enumerate(records(path), 1):
        given = {key.lower(): value for key, value in each.items()}
        words = next((value for name in _QUERY_TEXTS if (value := _words(given.get(name)))), "")
        if words:
            found[_id(given, _QUERY_IDS, number)] = words
    if not found:
        raise Unreadable(f"{path}: no query has a text; known names are {', '.join(_QUERY_TEXTS)}")
    return found


def judgements_of(path: Path) -> Judgements:
    """Grades by query and document. Raises Unreadable naming the line that is none."""
    text = text_of(path)
    document = parsed(path, text)
    if document is not None:
        return _of_json(path, document)
    found: Judgements = {}
    for number, line in enumerate(text.split("\n"), 1):
        parts = columns(line) if line.strip() else []
        if not parts:
            continue
        try:
            query, judged, grade = _of_columns(parts)
        except ValueError:
            if number == 1:
                continue  # a header
            raise Unreadable(f"{path}, line {number}: write query, document and grade") from None
        found.setdefault(query, {})[judged] = grade
    if not found:
        raise Unreadable(f"{path}: holds no judgement")
    return found


def _of_columns(parts: Sequence[str]) -> tuple[str, str, int]:
    if len(parts) == 2:
        return parts[0], parts[1], 1
    if len(parts) == 3:
        return parts[0], parts[1], _grade(parts[2])
    if len(parts) < 2:
        raise ValueError
    return parts[0], parts[2], _grade(parts[3])


def _of_json(path: Path, document: Any) -> Judgements:
    found: Judgements = {}
    if isinstance(document, Mapping) and all(isinstance(each, (Mapping, list)) for each in document.values()):
        for query, judged in document.items():
            given = judged if isinstance(judged, Mapping) else dict.fromkeys(map(str, judged), 1)
            found[str(query)] = {str(each): _grade(grade) for each, grade in given.items()}
        return found
    for number, each in enumerate(document if isinstance(document, list) else [document], 1):
        given = {key.lower(): value for key, value in each.items()} if isinstance(each, Mapping) else {}
        query = next((given[name] for name in _JUDGED_QUERY if name in given), None)
        judged = next((given[name] for name in _JUDGED_DOCUMENT if name in given), None)
        grade = next((given[name] for name in _GRADES if name in given), 1)
        if query is None or judged is None:
            raise Unreadable(f"{path}, record {number}: no query or no document in {sorted(given)}")
        found.setdefault(str(query), {})[str(judged)] = _grade(grade)
    return found


def _grade(given: Any) -> int:
    return round(float(given))


def _topics(path: Path, text: str) -> dict[str, str]:
    """TREC topics, in whichever of their dialects."""
    found = {}
    for topic in re.split(r"<top\b[^>]*>", text, flags=re.IGNORECASE)[1:]:
        number = re.search(r"<num(?:ber)?>\s*(?:Number:)?\s*([^<\n]+)", topic, re.IGNORECASE)
        title = re.search(r"<(?:title|query)>\s*(?:Topic:)?\s*([^<]+)", topic, re.IGNORECASE)
        if number and title:
            found[number.group(1).strip()] = " ".join(title.group(1).split())
    if not found:
        raise Unreadable(f"{path}: no topic with <num> and <title>")
    return found


def _document(number: int, record: Mapping[str, Any], language: str | None, fields: Sequence[str]) -> Document:
    given = {key.lower(): value for key, value in record.items()}
    metadata = given.get("metadata")
    given = (dict(metadata) if isinstance(metadata, Mapping) else {}) | given
    said = language or _LANGUAGES.get(str(given.get("lang") or given.get("language") or "").lower())
    made = Document(_id(given, _IDS, number), tags=_tags(given))
    _add(made.title, given, next(([name] for name in _TITLES if _has(given, name)), []), said)
    _add(made.text, given, [*_TEXTS, *map(str.lower, fields)], said)
    return made


def _has(given: Mapping[str, Any], name: str) -> bool:
    return any(given.get(key) for key in (name, *_spelled(name)))


def _spelled(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{sign}{language}" for language in ("zh", "en") for sign in ("_", ".", "-"))


def _add(to: dict[str, str], given: Mapping[str, Any], names: Iterable[str], language: str | None) -> None:
    for name in names:
        value = given.get(name)
        parts = dict(value) if isinstance(value, Mapping) else {}
        parts |= {key.rsplit(key[len(name)], 1)[1]: given[key] for key in _spelled(name) if key in given}
        if not parts and value:
            parts = {language or ("zh" if _HAN.search(_words(value)) else "en"): value}
        for spoken, words in parts.items():
            text, key = _words(words), _LANGUAGES.get(str(spoken).lower())
            if text and key and (language is None or key == language):
                to[key] = f"{to[key]}\n{text}" if key in to else text


def _id(given: Mapping[str, Any], names: Sequence[str], number: int) -> str:
    return next((str(given[name]).strip() for name in names if given.get(name) not in (None, "")), str(number))


def _tags(given: Mapping[str, Any]) -> tuple[str, ...]:
    value = next((given[name] for name in _TAGS if given.get(name)), ())
    if isinstance(value, Mapping):
        value = [word for words in value.values() for word in (words if isinstance(words, list) else [words])]
    if isinstance(value, str):
        value = re.split("[,，;；、|]+", value)
    found = (_words(next(iter(each.values()), "")) if isinstance(each, Mapping) else _words(each) for each in value)
    return tuple(dict.fromkeys(filter(None, found)))


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_words, value)))
    if isinstance(value, Mapping):
        return " ".join(filter(None, map(_words, value.values())))
    return "" if value is None or isinstance(value, bool) else str(value).strip()
