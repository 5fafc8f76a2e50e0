"""Thousands of listings quickly: one made by services, its rows copied under new ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from catalog.search.service import rebuild
from core.db import Base, Uow
from core.house import House
from core.ids import new_id

_PER_UNIT = 200


def multiply(house: House, listing_id: str, words: Sequence[str], count: int) -> list[str]:
    """So many copies of a listing, each titled with one of the words; the index is built anew. Answers their ids."""
    ids: list[str] = []
    for start in range(0, count, _PER_UNIT):
        numbers = range(start, min(count, start + _PER_UNIT))
        ids += house.db.write(lambda uow, numbers=numbers: _copies(uow, listing_id, words, numbers))  # type: ignore[misc]
    rebuild(house)
    return ids


def _copies(uow: Uow, listing_id: str, words: Sequence[str], numbers: range) -> list[str]:
    listing = _row(uow, "listing", "id", listing_id)
    revision = _row(uow, "revision", "id", listing["revision_id"])
    offer = _row(uow, "offer", "id", listing["offer_id"])
    entry = _row(uow, "revision_file", "revision_id", revision["id"])
    made: dict[str, list[dict[str, Any]]] = {"listing": [], "revision": [], "revision_file": [], "offer": []}
    for number in numbers:
        new = {"listing_id": new_id("lst"), "revision_id": new_id("rev"), "offer_id": new_id("off")}
        word = words[number % len(words)]
        title = json.dumps({"zh": f"{word}数据集{number}", "en": f"{word} dataset {number}"}, ensure_ascii=False)
        references = {"revision_id": new["revision_id"], "offer_id": new["offer_id"]}
        made["listing"].append(listing | references | {"id": new["listing_id"], "title": title})
        made["revision"].append(revision | {"id": new["revision_id"], "listing_id": new["listing_id"]})
        made["revision_file"].append(entry | {"revision_id": new["revision_id"]})
        made["offer"].append(offer | {"id": new["offer_id"], "listing_id": new["listing_id"]})
    for table, rows in made.items():
        uow.session.execute(insert(Base.metadata.tables[table]), rows)
    return [row["id"] for row in made["listing"]]


def _row(uow: Uow, table: str, column: str, value: str) -> dict[str, Any]:
    source = Base.metadata.tables[table]
    return dict(uow.session.execute(select(source).where(source.c[column] == value)).mappings().one())
