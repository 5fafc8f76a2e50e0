"""The judged queries on real listings, which are not part of this repository (PIAOHAO_TEST_DATA)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.relevance import judged as relevance
from catalog.references.service import import_file
from catalog.references.types import ImportReport
from catalog.search import service
from core.actor import SYSTEM
from core.house import House

WANTED = {"beijing": (714, 714, 0, 0, 0), "guiyang": (669, 669, 0, 0, 0), "zhejiang": (838, 728, 89, 21, 0)}
"""Of each file the rows, and how many are imported, queued, quarantined and reported."""


@pytest.fixture
def listings() -> Path:
    folder = Path(os.environ.get("PIAOHAO_TEST_DATA", "")) / "data" / "listings"
    if "PIAOHAO_TEST_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("not run: PIAOHAO_TEST_DATA does not name a folder with data/listings")
    return folder


def _import(house: House, folder: Path, source: str) -> ImportReport:
    return import_file(house, SYSTEM, path=folder / f"{source}.csv", source=source)


def test_real_files_are_accounted_for_and_found(house: House, listings: Path) -> None:
    for source, numbers in WANTED.items():
        report = _import(house, listings, source)
        kept = report.rows, report.imported, report.queued, report.quarantined, report.reported
        assert (kept, report.created) == (numbers, report.rows)
        again = _import(house, listings, source)
        assert (again.unchanged, again.created, again.changed, again.vanished) == (again.rows, 0, 0, 0)
    service.catch_up(house)
    assert service.check(house).sound
    answered = relevance.measure(house)
    assert min(answered["zh"], answered["en"]) >= relevance.WANTED
