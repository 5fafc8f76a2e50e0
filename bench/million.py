"""A million listings of a thousand suppliers: pages and API at four connections, and publish to found.

    python -m bench.million [--listings 1000000] [--suppliers 1000] [--requests 400] [--publish 100] [--folder DIR]

The listings are made by services once and copied as rows, with texts of the corpus of ``bench.search``; the index is
built from the database, as an operator builds it. Then the exchange runs with its own processes. Publish to found:
a listing gets a new word and its review is approved in one process, while a buyer searches in another by that word; the
time is from the approval to the answer that has it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from sqlalchemy import insert, select

from bench.cast import open_house
from bench.client import PREFIX, Person, Reply, at_once, quantile
from bench.search import corpus
from catalog.listings import service
from catalog.search.service import rebuild
from core.db import Base, Uow
from core.house import House
from core.ids import new_id
from exchange.web.session import SESSION_COOKIE
from exchange.worker import attend_once
from tests import build
from tests.servers.exchange import Running

CONNECTIONS = 4
_PER_UNIT = 2_000
_REVIEWS = 2_000
Request = Callable[[Person, int], Reply]


@dataclass
class Place:
    """The exchange and who looks at it."""

    house: House
    supplier: build.Built
    buyer: build.Built
    reviewer: build.Built
    ids: list[str]


def fill(house: House, listings: int, suppliers: int) -> Place:
    """So many listings and suppliers, copies of one of each, and a queue of reviews."""
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    reviewer = build.platform_person(house, "reviewer")
    listing = build.listed(house, supplier)
    waiting = build.draft(house, supplier)
    house.db.write(lambda uow: service.submit(uow, supplier.actor, waiting.id))
    attend_once(house)
    owners = [str(supplier.organisation_id), *_organisations(house, str(supplier.organisation_id), suppliers - 1)]
    chance, ids = Random(3), []
    rows = house.db.read(lambda uow: _rows_of(uow, listing.id))
    for start in range(0, listings, _PER_UNIT):
        numbers = range(start, min(listings, start + _PER_UNIT))
        owner_of = {number: chance.choice(owners) for number in numbers}
        ids += house.db.write(lambda uow, n=owner_of: _listings(uow, rows, n))  # type: ignore[misc]
    house.db.write(lambda uow: _reviews(uow, waiting.id, owners, min(_REVIEWS, listings // 10)))
    return Place(house, supplier, buyer, reviewer, ids)


def _row(uow: Uow, table: str, column: str, value: str) -> dict[str, Any]:
    source = Base.metadata.tables[table]
    return dict(uow.session.execute(select(source).where(source.c[column] == value)).mappings().one())


def _rows_of(uow: Uow, listing_id: str) -> dict[str, dict[str, Any]]:
    listing = _row(uow, "listing", "id", listing_id)
    revision = _row(uow, "revision", "id", listing["revision_id"])
    return {
        "listing": listing,
        "revision": revision,
        "revision_file": _row(uow, "revision_file", "revision_id", revision["id"]),
        "offer": _row(uow, "offer", "id", listing["offer_id"]),
    }


def _organisations(house: House, like: str, count: int) -> list[str]:
    def work(uow: Uow) -> list[str]:
        row = _row(uow, "organisation", "id", like)
        made = [
            row | {"id": new_id("org"), "name": f"供方{n}", "name_en": f"Supplier {n}", "credit_code": None,
                   "country": "SG", "registration_number": f"R{n}"}
            for n in range(count)
        ]  # fmt: skip
        if made:
            uow.session.execute(insert(Base.metadata.tables["organisation"]), made)
        return [each["id"] for each in made]

    return house.db.write(work)


def _listings(uow: Uow, rows: dict[str, dict[str, Any]], owner_of: dict[int, str]) -> list[str]:
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in ("listing", "revision", "revision_file", "offer")}
    for number, owner in owner_of.items():
        listing_id, revision_id, offer_id = new_id("lst"), new_id("rev"), new_id("off")
        texts = corpus.listing(number)
        made["listing"].append(
            rows["listing"]
            | {
                "id": listing_id, "revision_id": revision_id, "offer_id": offer_id, "supplier_id": owner,
                "title": _json(texts.title), "tags": _json(texts.tags), "summary": _json(texts.summary),
                "description": _json(texts.description),
            }
        )  # fmt: skip
        made["revision"].append(rows["revision"] | {"id": revision_id, "listing_id": listing_id})
        made["revision_file"].append(rows["revision_file"] | {"revision_id": revision_id})
        made["offer"].append(rows["offer"] | {"id": offer_id, "listing_id": listing_id})
    for table, each in made.items():
        uow.session.execute(insert(Base.metadata.tables[table]), each)
    return [row["id"] for row in made["listing"]]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _reviews(uow: Uow, listing_id: str, owners: list[str], count: int) -> None:
    """Copies of an open review, each of another supplier's."""
    review = _row(uow, "review", "subject_id", listing_id)
    tables = Base.metadata.tables
    items = uow.session.execute(select(tables["review_item"]).where(tables["review_item"].c.review_id == review["id"]))
    kept = [dict(row) for row in items.mappings()]
    made, parts = [], []
    for number in range(count):
        new = {"id": new_id("rvw"), "subject_id": new_id("lst"), "owner_id": owners[number % len(owners)]}
        made.append(review | new)
        parts += [item | {"review_id": new["id"]} for item in kept]
    uow.session.execute(insert(tables["review"]), made)
    uow.session.execute(insert(tables["review_item"]), parts)


def looks(place: Place) -> dict[str, tuple[str, Request]]:
    """Name → whose token, and the request; pages go with the session's cookie."""
    words = [*(zh for zh, _en in corpus.TOPICS), *(en for _zh, en in corpus.TOPICS)]
    ids, step = place.ids, 7919

    def page(token: str, path: Callable[[int], str]) -> Request:
        cookie = f"{SESSION_COOKIE}={token}" if token else ""
        return lambda p, n: p.send("GET", path(n), **({"Cookie": cookie} if cookie else {}))

    return {
        "search, API": (place.buyer.token, lambda p, n: p.send("GET", f"{PREFIX}/search?q={quote(_of(words, n))}")),
        "search, page": ("", page(place.buyer.token, lambda n: f"/search?q={quote(_of(words, n))}")),
        "listing, API": (place.buyer.token, lambda p, n: p.send("GET", f"{PREFIX}/listings/{_of(ids, n * step)}")),
        "listing, page": ("", page("", lambda n: f"/listings/{_of(ids, n * step)}")),
        "list, API": (place.buyer.token, lambda p, n: p.send("GET", f"{PREFIX}/listings?limit=25")),
        "supplier's desk": ("", page(place.supplier.token, lambda n: "/desk")),
        "review queue": ("", page(place.reviewer.token, lambda n: "/review")),
        "review queue, API": (place.reviewer.token, lambda p, n: p.send("GET", f"{PREFIX}/reviews")),
        "home": ("", page("", lambda n: "/")),
    }


def _of(values: list[str], number: int) -> str:
    return values[number % len(values)]


def measure(name: str, request: Request, port: int, token: str, requests: int) -> bool:
    """Print the times; answers whether the 95th percentile is within 100 ms."""
    people, took = [Person(port, token) for _ in range(CONNECTIONS)], list[float]()
    share = requests // CONNECTIONS

    def lane(person: Person, numbers: range, keep: bool) -> None:
        for number in numbers:
            reply = request(person, number)
            assert reply.status < 400, (name, reply.status, str(reply.body)[:500])
            if keep:
                took.append(reply.seconds)

    first = [(p, range(i * 10, i * 10 + 10)) for i, p in enumerate(people)]
    at_once([lambda p=p, r=r: lane(p, r, False) for p, r in first])  # type: ignore[misc]
    lanes = [(p, range(1000 + i * share, 1000 + (i + 1) * share)) for i, p in enumerate(people)]
    at_once([lambda p=p, r=r: lane(p, r, True) for p, r in lanes])  # type: ignore[misc]
    p50, p95, p99 = (1000 * quantile(took, part) for part in (0.5, 0.95, 0.99))
    print(f"  {name:20} p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms ({len(took)})", flush=True)
    return p95 <= 100


def publish_to_found(place: Place, port: int, times: int) -> None:
    """Listings of one supplier get a word that nothing else has; each is looked for until it is found."""
    supplier, seeker, took = Person(port, place.supplier.token), Person(port, place.buyer.token), list[float]()
    own = place.house.db.read(lambda uow: _own(uow, str(place.supplier.organisation_id), times))
    for number, listing_id in enumerate(own):
        word = f"q{number}x{Random(number).getrandbits(40):x}"
        etag = supplier.send("GET", f"{PREFIX}/listings/{listing_id}").headers["ETag"]
        changed = supplier.send("PATCH", f"{PREFIX}/listings/{listing_id}", {"tags": [word]}, If_Match=etag)
        assert changed.status == 200, changed.body
        build.approved(place.house, place.supplier, listing_id, reviewer=place.reviewer)
        began = time.perf_counter()
        while not seeker.send("GET", f"{PREFIX}/search?q={word}").body["items"]:
            if time.perf_counter() - began > 60:
                raise AssertionError(f"{listing_id} was not found in a minute")
        took.append(time.perf_counter() - began)
    p50, p99 = (1000 * quantile(took, part) for part in (0.5, 0.99))
    print(f"  publish to found     p50 {p50:7.1f}  p99 {p99:7.1f} ms ({len(took)})", flush=True)


def _own(uow: Uow, supplier_id: str, count: int) -> list[str]:
    listing = Base.metadata.tables["listing"]
    chosen = select(listing.c.id).where(listing.c.supplier_id == supplier_id, listing.c.state == "listed")
    return list(uow.session.execute(chosen.limit(count)).scalars())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--suppliers", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--publish", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-million-", dir=given.folder) as folder:
        return run(Path(folder) / "data", given.listings, given.suppliers, given.requests, given.publish)


def run(data: Path, listings: int, suppliers: int, requests: int, publish: int) -> int:
    house = open_house(data)
    began = time.perf_counter()
    place = fill(house, listings, suppliers)
    print(f"{listings:,} listings of {suppliers:,} suppliers in {time.perf_counter() - began:.0f} s", flush=True)
    began, spent = time.perf_counter(), time.process_time()
    count = rebuild(house)
    took, used = time.perf_counter() - began, time.process_time() - spent
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    print(f"index of {count:,} from the database in {took:.0f} s, {used / count * 1e6:.0f} µs of CPU each")
    print(f"the data folder has {size / 1e6:,.0f} MB")
    house.db.engine.dispose()
    running = Running(data, profile="test", web_workers=2, web_threads=8)
    slow = 0
    try:
        running.wait()
        for name, (token, request) in looks(place).items():
            slow += not measure(name, request, running.port, token, requests)
        publish_to_found(place, running.port, publish)
        running.stop()
    finally:
        running.kill()
    print(f"{slow} of them above 100 ms")
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
