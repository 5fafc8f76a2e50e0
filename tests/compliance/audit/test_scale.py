"""A small sample of the campaigns of ``python -m bench.audit``."""

from __future__ import annotations

from pathlib import Path

from bench.audit import kills, long


def test_nothing_is_lost_whoever_is_killed(database_url: str, tmp_path: Path) -> None:
    plan = kills.Plan(writers=2, entries=15, kills=4, seed=1)
    assert kills.run(tmp_path / "killed", database_url, plan) == []


def test_a_log_is_proven_in_its_database_and_from_what_is_published(database_url: str, tmp_path: Path) -> None:
    assert long.run(tmp_path / "long", database_url, 1000, 5) == []
