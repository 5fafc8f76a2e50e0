"""A million listings of a thousand suppliers: pages and API at four connections, and publish to found.

    python -m bench.million [--listings 1000000] [--suppliers 1000] [--requests 400] [--publish 100] [--data DIR]

The listings are made by services once and copied as rows, with what the corpus of ``bench.search`` says of each; the
index is built from the database, as an operator builds it. ``--data`` keeps all that below a folder, and takes what
is there already. Then the exchange runs with its own processes. Publish to found: a listing gets a new word and its
review is approved in one process, while a buyer searches in another by that word; the time is from the approval to the
answer that has it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, insert, select

from bench.cast import open_house
from bench.client import PREFIX, Person, Reply, at_once, quantile
from bench.search import corpus
from bench.web import cpu_seconds
from catalog.listings import service
from catalog.listings.types import Scene
from catalog.search.service import rebuild
from catalog.search.types import SearchDocument
from compliance.identity.service import authenticate
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
_SAMPLE = 10_000
_TOKEN_HOURS = 24 * 365
Request = Callable[[Person, int], Reply]


@dataclass
class Place:
    """The exchange and who looks at it; ``ids`` are some of the listings that anybody may see."""

    house: House
    supplier: build.Built
    buyer: build.Built
    reviewer: build.Built
    ids: list[str]


def opened(folder: Path, listings: int, suppliers: int) -> Place:
    """What is kept in this folder, made there as far as it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    house, kept = open_house(folder / "data", session_hours=_TOKEN_HOURS), folder / "place.json"
    if not kept.exists():
        kept.write_text(json.dumps(begun(house, suppliers)))
    known = json.loads(kept.read_text())
    present = fill(house, known["like"], known["owners"], listings)
    if known["indexed"] != present:
        index(house)
        kept.write_text(json.dumps(known | {"indexed": present}))
    people = {name: _again(house, *parts) for name, parts in known["people"].items()}
    return Place(house, ids=house.db.read(_open_to_all), **people)


def begun(house: House, suppliers: int) -> dict[str, Any]:
    """The people, so many suppliers, a listing to be copied, and a queue of reviews."""
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    people = {"supplier": supplier, "buyer": buyer, "reviewer": build.platform_person(house, "reviewer")}
    listing, waiting = build.listed(house, supplier), build.draft(house, supplier)
    house.db.write(lambda uow: service.submit(uow, supplier.actor, waiting.id))
    attend_once(house)
    owners = [str(supplier.organisation_id), *_organisations(house, str(supplier.organisation_id), suppliers - 1)]
    house.db.write(lambda uow: _reviews(uow, waiting.id, owners, _REVIEWS))
    kept = {name: [who.email, who.token, who.organisation_id] for name, who in people.items()}
    return {"people": kept, "owners": owners, "like": listing.id, "indexed": 0}


def _again(house: House, email: str, token: str, organisation_id: str | None) -> build.Built:
    actor = authenticate(house, token)
    assert actor is not None, f"the token of {email} has ended"
    return build.Built(actor, email, token, organisation_id)


def fill(house: House, like: str, owners: list[str], listings: int) -> int:
    """Copies of a listing until there are so many; answers how many there are."""
    began, rows = time.perf_counter(), house.db.read(lambda uow: _rows_of(uow, like))
    present = first = house.db.read(_count)
    for start in range(first, listings, _PER_UNIT):
        numbers = range(start, min(listings, start + _PER_UNIT))
        house.db.write(lambda uow, numbers=numbers: _listings(uow, rows, owners, numbers))  # type: ignore[misc]
        present = numbers.stop
    print(f"{present:,} listings of {len(owners):,} suppliers, made {present - first:,} of them", end=" ")
    print(f"in {time.perf_counter() - began:.0f} s", flush=True)
    return present


def _count(uow: Uow) -> int:
    return uow.session.execute(select(func.count()).select_from(Base.metadata.tables["listing"])).scalar_one()


def _open_to_all(uow: Uow) -> list[str]:
    """Some of the listings that anybody may see."""
    listing = Base.metadata.tables["listing"]
    chosen = select(listing.c.id).where(listing.c.state == "listed", listing.c.tier <= 1)
    found = list(uow.session.execute(chosen).scalars())
    return Random(3).sample(found, min(_SAMPLE, len(found)))


def index(house: House) -> None:
    began, spent = time.perf_counter(), time.process_time()
    count = rebuild(house)
    took, used = time.perf_counter() - began, (time.process_time() - spent) / count
    print(f"index of {count:,} from the database in {took:.0f} s, {used * 1e6:.0f} µs of CPU each", flush=True)


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


def _listings(uow: Uow, rows: dict[str, dict[str, Any]], owners: list[str], numbers: range) -> None:
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in ("listing", "revision", "revision_file", "offer")}
    for number in numbers:
        listing_id, revision_id, offer_id = new_id("lst"), new_id("rev"), new_id("off")
        said = _said(corpus.listing(number), owners)
        made["listing"].append(
            rows["listing"] | said | {"id": listing_id, "revision_id": revision_id, "offer_id": offer_id}
        )
        made["revision"].append(rows["revision"] | {"id": revision_id, "listing_id": listing_id})
        made["revision_file"].append(rows["revision_file"] | {"revision_id": revision_id})
        made["offer"].append(rows["offer"] | {"id": offer_id, "listing_id": listing_id})
    for table, each in made.items():
        uow.session.execute(insert(Base.metadata.tables[table]), each)


def _said(source: SearchDocument, owners: list[str]) -> dict[str, Any]:
    """What a listing says of itself; of the tiers those up to 2, as one approval is enough for them."""
    scenes = list(Scene)
    return {
        "supplier_id": owners[int(source.owner[-26:]) % len(owners)], "title": _json(source.title),
        "tags": _json(source.tags), "summary": _json(source.summary), "description": _json(source.description),
        "scene": scenes[int(source.id[-26:]) % len(scenes)], "origin": source.origin, "tier": min(source.tier, 2),
        "state": "draft" if source.state == "draft" else "listed", "updated_at": source.updated_at,
    }  # fmt: skip


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


def measure(name: str, request: Request, running: Running, token: str, requests: int) -> bool:
    """Print CPU of the web processes and times; answers whether the 95th percentile is within 100 ms."""
    people, took = [Person(running.port, token) for _ in range(CONNECTIONS)], list[float]()
    share = requests // CONNECTIONS

    def lane(person: Person, numbers: range, keep: bool) -> None:
        for number in numbers:
            reply = request(person, number)
            assert reply.status < 400, (name, reply.status, str(reply.body)[:500])
            if keep:
                took.append(reply.seconds)

    first = [(p, range(i * 10, i * 10 + 10)) for i, p in enumerate(people)]
    at_once([lambda p=p, r=r: lane(p, r, False) for p, r in first])  # type: ignore[misc]
    before = cpu_seconds(running.children()["web"])
    lanes = [(p, range(1000 + i * share, 1000 + (i + 1) * share)) for i, p in enumerate(people)]
    at_once([lambda p=p, r=r: lane(p, r, True) for p, r in lanes])  # type: ignore[misc]
    spent = 1000 * (cpu_seconds(running.children()["web"]) - before) / len(took)
    p50, p95, p99 = (1000 * quantile(took, part) for part in (0.5, 0.95, 0.99))
    print(f"  {name:20} CPU {spent:7.1f}  p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms ({len(took)})", flush=True)
    return p95 <= 100


def publish_to_found(place: Place, port: int, times: int) -> None:
    """Listings of one supplier get a word that nothing else has; each is looked for until it is found."""
    supplier, seeker, took = Person(port, place.supplier.token), Person(port, place.buyer.token), list[float]()
    own = place.house.db.read(lambda uow: _own(uow, str(place.supplier.organisation_id), times))
    for listing_id in own:
        word = f"q{secrets.token_hex(6)}"
        etag = supplier.send("GET", f"{PREFIX}/listings/{listing_id}").headers["ETag"]
        changed = supplier.send("PATCH", f"{PREFIX}/listings/{listing_id}", {"tags": [word]}, If_Match=etag)
        assert changed.status == 200, changed.body
        handed_in = supplier.send("POST", f"{PREFIX}/listings/{listing_id}/submit", {}, Idempotency_Key=word)
        assert handed_in.status == 200, handed_in.body
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
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-million-") as folder:
        place = opened(given.data or Path(folder), given.listings, given.suppliers)
        return run(place, given.requests, given.publish)


def run(place: Place, requests: int, publish: int) -> int:
    data = place.house.settings.data
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    print(f"the data folder has {size / 1e6:,.0f} MB")
    place.house.db.engine.dispose()
    running = Running(data, profile="test", web_workers=2, web_threads=8)
    slow = 0
    try:
        running.wait()
        for name, (token, request) in looks(place).items():
            slow += not measure(name, request, running, token, requests)
        publish_to_found(place, running.port, publish)
        running.stop()
    finally:
        running.kill()
    print(f"{slow} of them above 100 ms")
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
