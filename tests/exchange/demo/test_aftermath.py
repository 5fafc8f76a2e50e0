"""A byte changed behind the exchange's back is found by the operator's check of the log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.house import House
from core.settings import Settings
from exchange.demo import aftermath
from exchange.worker import attend_once
from tests import build


def _bring_database(house: House, data: Path) -> None:
    """Tests keep their database beside the data folder; an exchange keeps it inside."""
    with sqlite3.connect(str(house.db.engine.url.database)) as source, sqlite3.connect(data / "exchange.db") as target:
        source.backup(target)


def test_the_log_of_a_copy_verifies_until_a_byte_is_changed(settings: Settings, house: House, tmp_path: Path) -> None:
    if not house.db.sqlite:
        pytest.skip("the demonstration changes a SQLite database")
    for _ in range(4):
        build.listed(house, build.organisation(house))
    attend_once(house)
    _bring_database(house, settings.data)
    copied = aftermath.copy(settings.data, tmp_path)
    assert aftermath.verify_log(tmp_path) == (0, "the log verifies")
    aftermath.change_one_byte(copied)
    assert aftermath.verify_log(tmp_path) == (1, "entry 20 does not have the bytes that were logged")
