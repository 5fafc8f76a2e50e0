"""How well the judged queries are answered: ``python -m bench.relevance judged FOLDER``.

FOLDER holds beijing.csv, guiyang.csv and zhejiang.csv. They are imported, twice, into an exchange in
a temporary folder; then every query of ``tests/catalog/search/judgements.yaml`` is asked as somebody
who has not signed in, and counts as answered when one of its first three hits is relevant.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

import migrations
from catalog.references import mapping
from catalog.references.service import import_file
from catalog.search import queries, service
from catalog.search.types import SearchParams
from core import outbox
from core.actor import ANONYMOUS, SYSTEM
from core.house import House
from core.settings import Settings
from exchange.app import build_house

JUDGEMENTS = Path(__file__).parents[2] / "tests" / "catalog" / "search" / "judgements.yaml"
FIRST = 3
WANTED = 8


def main(folder: Path) -> int:
    """Print the figures; answers 0 when at least eight of ten queries of each language are answered."""
    with tempfile.TemporaryDirectory() as data:
        house = build_house(Settings(data=Path(data), profile="test"))
        migrations.upgrade(house.db.engine)
        for turn in ("first", "again"):
            import_all(house, folder, turn)
        report = service.check(house)
        print(f"index: {report.documents} documents, {'sound' if report.sound else 'NOT SOUND'}")
        answered = measure(house)
    print(f"answered in the first {FIRST}: {dict(answered)}")
    return int(min(answered["zh"], answered["en"]) < WANTED)


def import_all(house: House, folder: Path, turn: str) -> None:
    """Import every file that a shipped mapping is for, and bring the index in line."""
    for source in mapping.names():
        report = import_file(house, SYSTEM, path=folder / f"{source}.csv", source=source)
        print(
            f"{turn} {source}: {report.rows} rows, {report.imported} imported, {report.queued} queued,"
            f" {report.quarantined} quarantined, {report.reported} reported; {report.created} new,"
            f" {report.changed} changed, {report.unchanged} unchanged, {report.vanished} vanished;"
            f" {report.seconds:.2f} s"
        )
    start = time.perf_counter()
    while outbox.relay(house):
        pass
    print(f"{turn} index: {time.perf_counter() - start:.2f} s")


def measure(house: House) -> Counter[str]:
    """Ask every judged query; answers how many of each language were answered."""
    answered: Counter[str] = Counter({"zh": 0, "en": 0})
    for judged in yaml.safe_load(JUDGEMENTS.read_text(encoding="utf-8")):
        start = time.perf_counter()
        result = queries.search(house, ANONYMOUS, SearchParams(text=judged["query"], limit=FIRST))
        elapsed = (time.perf_counter() - start) * 1000
        titles = [hit.title.get("zh") or hit.title["en"] for hit in result.hits]
        place = next((at for at, title in enumerate(titles, 1) if re.search(judged["relevant"], title)), None)
        answered[judged["language"]] += place is not None
        found = f"hit {place}" if place else "no hit"
        print(f"{found}  {judged['query']}  ({result.total} found, {elapsed:.1f} ms)  {' | '.join(titles)}")
    return answered


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
