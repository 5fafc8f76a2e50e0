"""A collection out of records with tags: ``python -m bench.relevance.tagged RECORDS.jsonl FOLDER [--language zh]``.

Each tag that between 2 and 50 records carry is a query, the records that carry it are relevant. Tags are left out of
the documents. Records have ``name`` and ``description`` (and lists of ``data_content``), by language.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

_HAN = re.compile("[㐀-鿿]")
_FEWEST, _MOST = 2, 50


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.relevance.tagged", description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    options = parser.parse_args(given)
    lines = options.records.read_text(encoding="utf-8").splitlines()
    write([json.loads(line) for line in lines if line.strip()], options.folder, options.language)
    return 0


def write(records: list[dict[str, Any]], folder: Path, language: str) -> None:
    """corpus.jsonl, queries.jsonl and qrels.txt in one language."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as corpus:
        for record in records:
            corpus.write(json.dumps(_document(record), ensure_ascii=False) + "\n")
    carried: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for tag in record.get("tags", ()):
            if bool(_HAN.search(tag)) == (language == "zh"):
                carried[tag.strip()].add(str(record["id"]))
    kept = {tag: ids for tag, ids in sorted(carried.items()) if _FEWEST <= len(ids) <= _MOST}
    queries = [{"id": f"q{number}", "text": tag.replace("-", " ")} for number, tag in enumerate(kept)]
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as written:
        written.writelines(json.dumps(query, ensure_ascii=False) + "\n" for query in queries)
    with (folder / "qrels.txt").open("w", encoding="utf-8") as judged:
        for number, ids in enumerate(kept.values()):
            judged.writelines(f"q{number} 0 {each} 1\n" for each in sorted(ids))
    print(f"{len(records)} records, {len(queries)} tags in {folder}")


def _document(record: dict[str, Any]) -> dict[str, Any]:
    content = record.get("data_content")
    texts = content if isinstance(content, dict) else {}
    return {
        "id": str(record["id"]), "title": record.get("name"), "description": record.get("description"),
        "content": {language: "\n".join(parts or ()) for language, parts in texts.items()},
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
