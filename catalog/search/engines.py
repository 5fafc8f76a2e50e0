"""Which engine searches here: Elasticsearch when its address is set, else the one in the process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from catalog.search.elastic.connection import Connection, Place
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.errors import IndexBusy
from catalog.search.tantivy_engine import TantivyEngine
from catalog.search.types import SearchEngine
from core.db import Database
from core.house import House
from core.locks import StillHeld, locked
from core.settings import Settings


def engine_for(house: House) -> SearchEngine:
    """The engine of this house's settings; nothing is connected to yet."""
    settings = house.settings
    if not settings.search_url:
        return TantivyEngine(settings.data / "search")
    return ElasticEngine(Connection(_place(settings)), settings.search_prefix, _alone(house.db))


def _place(settings: Settings) -> Place:
    return Place(
        settings.search_urls, api_key=settings.search_api_key, user=settings.search_user,
        password=settings.search_password, ca_file=settings.search_ca_file, asking_s=settings.search_timeout_s,
    )  # fmt: skip


def _alone(db: Database) -> Callable[[float], AbstractContextManager[StillHeld]]:
    """One writer among all hosts that share the database."""
    return lambda wait_s: locked(
        db, "search", wait_s, IndexBusy("Another process is writing the index.", hint="Try again in a moment.")
    )
