"""Engines on Elasticsearch for tests: those made by one call share an index, as the processes of an exchange do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from catalog.search.elastic.connection import Connection, Place
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.errors import IndexBusy
from catalog.search.types import SearchEngine
from core.ids import new_id
from core.locks import StillHeld, locked_at

PATIENCE_S = 120.0


def engines(url: str, folder: Path, asking_s: float = PATIENCE_S) -> Callable[[], ElasticEngine]:
    """Makes one more of them at each call."""
    prefix = new_id("t").replace("_", "-")

    def turns(wait_s: float) -> AbstractContextManager[StillHeld]:
        return locked_at(folder / "turn", wait_s, IndexBusy("Another process is writing the index."))

    return lambda: ElasticEngine(Connection(Place((url,), asking_s=asking_s)), prefix, turns)


def outdate(engine: SearchEngine) -> None:
    """Make its index one of another format: what it was asked by is called otherwise."""
    assert isinstance(engine, ElasticEngine)
    alias, other = engine._indices.alias, engine._indices.alias.rpartition("-")[0] + "-0"
    actions = [
        {"add": {"index": f"{alias}-*", "alias": other}}, {"remove": {"index": f"{alias}-*", "alias": alias}},
    ]  # fmt: skip
    engine._connection.call(lambda client: client.indices.update_aliases(actions=actions))
