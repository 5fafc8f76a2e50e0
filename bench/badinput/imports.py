"""Files of other exchanges that are damaged, or in an encoding that nobody named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench.badinput.stage import Stage

_MAPPING = """version: 1
source: {{name: {name}, title: {{en: Bazaar}}}}
file: {{format: csv, encodings: {encodings}}}
key: {{column: id}}
title: title
description: detail
price: {{text: price, currency: CNY}}
"""
_HEADER = "id,title,detail,price\n"
_ROW = "{0},企业工商信息{0},登记信息查询,0.09元/次\n"
_CHANGED = ("import_run", "import_row", "reference", "audit_entry", "import-{}.lock")


def play(stage: Stage) -> None:
    whole = _HEADER + "".join(map(_ROW.format, range(1, 4)))
    broken = _HEADER + _ROW.format(1) + '2,"没有结束的引号,登记,0.09元/次\n' + _ROW.format(3)
    million = _HEADER + _ROW.format(1) + f"2,长,{'数' * 1_000_000},面议\n" + _ROW.format(3)
    _import(stage, "an import in GBK", "gbk", whole.encode("gbk"), rows=3)
    _import(stage, "an import with a broken quote", "quote", broken.encode(), rows=2)
    _import(stage, "an import with a million-character cell", "cell", million.encode(), rows=2)
    _refused(stage, "an import in GBK where the mapping says UTF-8", whole.encode("gbk"))
    _refused(stage, "an import of bytes that are no text", bytes(range(256)) * 40)
    _refused(stage, "an import of an empty file", b"")


def _mapping(stage: Stage, name: str, encodings: str) -> Path:
    path = stage.folder / f"{name}.yaml"
    path.write_text(_MAPPING.format(name=name, encodings=encodings), encoding="utf-8")
    return path


def _import(stage: Stage, what: str, name: str, raw: bytes, *, rows: int) -> None:
    """Sound rows come in, damaged ones are named with line and reason."""
    path = stage.folder / f"{name}.csv"
    path.write_bytes(raw)
    mapping = _mapping(stage, name, "[utf-8, gb18030]")
    with stage.sheet.case(what, may_change=[each.format(name) for each in _CHANGED]) as case:
        done = stage.running.run("import", "listings", str(path), "--source", str(mapping))
        case.say(f"exit {done.returncode}: {'; '.join(done.stdout.strip().splitlines())}")
        case.check(done.returncode == 0, done.stderr[-500:])
        case.check(_references(stage, name) == rows, f"{rows} references should be there")


def _refused(stage: Stage, what: str, raw: bytes) -> None:
    path = stage.folder / "refused.csv"
    path.write_bytes(raw)
    mapping = _mapping(stage, "refused", "[utf-8]")
    with stage.sheet.case(what, may_change=["import-refused.lock"]) as case:
        done = stage.running.run("import", "listings", str(path), "--source", str(mapping))
        case.say(f"exit {done.returncode}: {done.stderr.strip()}")
        case.check(done.returncode == 1 and "Traceback" not in done.stderr, "a sentence and exit 1 were expected")


def _references(stage: Stage, source: str) -> int:
    connection = sqlite3.connect(f"file:{stage.running.data / 'exchange.db'}?mode=ro", uri=True)
    try:
        found = connection.execute("SELECT count(*) FROM reference WHERE source = ?", (source,)).fetchone()
    finally:
        connection.close()
    return int(found[0])
