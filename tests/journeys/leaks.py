"""The leak campaign: what every actor sees through the HTTP API, against an oracle written from the tier table alone.

The oracle knows levels, states and owners; it shares no code with policy, catalog or search. Checked for
each actor: the list, single reads, revisions, samples, search hits, facet counts and suggestions; then the
same in the moment after listings were withdrawn or their tier was raised, while the index has not caught up.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import flask

from catalog.listings import service as listings
from core.house import House
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient

WORD = "quagmire"
_LEAST_LEVEL = {0: 0, 1: 0, 2: 1, 3: 2, 4: 2}
_LEVELS = (1, 2, 3)


@dataclass
class Thing:
    """A listing as the oracle knows it."""

    id: str
    owner: str
    tier: int
    state: str
    title: str


@dataclass
class Somebody:
    client: ApiClient
    level: int
    organisation: str | None
    examiner: str = ""

    def may_see(self, thing: Thing) -> bool:
        if thing.owner == self.organisation or self.examiner == "officer":
            return True
        if self.examiner == "reviewer" and thing.state != "withdrawn":
            return True
        return thing.state == "listed" and self.level >= _LEAST_LEVEL.get(thing.tier, 99)


@dataclass
class Report:
    """How much was compared, and every difference."""

    checks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def compare(self, what: str, seen: object, expected: object, who: Somebody) -> None:
        self.checks[what] += 1
        if seen != expected:
            self.faults.append(f"{what} at level {who.level}: saw {seen!r}, expected {expected!r}"[:500])


def campaign(house: House, app: flask.Flask, *, listings_count: int, actors_count: int, seed: int) -> Report:
    """Build a random exchange, look at it as everybody, narrow some listings, look again at once."""
    chance = random.Random(seed)
    suppliers = [build.organisation(house, level=3) for _ in range(max(2, listings_count // 50))]
    reviewer = build.platform_person(house, "reviewer")
    things = [_thing(house, chance, suppliers, reviewer) for _ in range(listings_count)]
    attend_once(house)
    people = list(_people(house, app, suppliers, actors_count, chance))
    report = Report()
    for who in people:
        _look(report, who, things, chance)
    narrowed = _narrow(house, chance, suppliers, things)
    for who in people:
        _look(report, who, things, chance, narrowed)
    attend_once(house)
    for who in people[:50]:
        _look(report, who, things, chance)
    return report


def _thing(house: House, chance: random.Random, suppliers: list[build.Built], reviewer: build.Built) -> Thing:
    supplier = chance.choice(suppliers)
    number = chance.getrandbits(48)
    texts = {"en": f"{WORD} {number:x}", "zh": f"泥沼数据 {number:x}"}
    state = chance.choice(["draft", "in_review", "listed", "listed", "listed", "withdrawn"])
    if state in ("draft", "in_review"):
        made = build.draft(house, supplier, title=texts)
    else:
        made = build.listed(house, supplier, title=texts, reviewer=reviewer)
    tier = chance.choice([1, 1, 2, 2, 3, 4, 5])
    if tier > made.tier and state in ("listed", "withdrawn"):
        build.forced_tier(house, made.id, tier)
    elif tier > made.tier:
        house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, made.id, tier=tier))
    if state == "in_review":
        house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    if state == "withdrawn":
        house.db.write(lambda uow: listings.withdraw(uow, supplier.actor, made.id))
    assert supplier.organisation_id is not None
    return Thing(made.id, supplier.organisation_id, max(tier, made.tier), state, texts["en"])


def _people(
    house: House, app: flask.Flask, suppliers: list[build.Built], count: int, chance: random.Random
) -> Iterator[Somebody]:
    """A stranger, examiners, platform people without an examiner's role, suppliers, and buyers of each level."""
    yield Somebody(ApiClient(app), 0, None)
    for role in ("reviewer", "officer", "finance", "operator"):
        person = build.platform_person(house, role)
        yield Somebody(ApiClient(app, person.token), 1, None, role if role in ("reviewer", "officer") else "")
    for supplier in suppliers[:5]:
        yield Somebody(ApiClient(app, supplier.token), 3, supplier.organisation_id)
    for _ in range(count - 5 - len(suppliers[:5])):
        level = chance.choice(_LEVELS)
        buyer = build.organisation(house, level=level)
        yield Somebody(ApiClient(app, buyer.token), level, buyer.organisation_id)


def _look(
    report: Report, who: Somebody, things: list[Thing], chance: random.Random, lagging: frozenset[str] = frozenset()
) -> None:
    """Compare all that ``who`` is shown. Until the index has caught up, search may hold back what was narrowed."""
    seen = {thing.id for thing in things if who.may_see(thing)}
    on_sale = {thing.id for thing in things if thing.id in seen and thing.state == "listed"}
    report.compare("list", {row["id"] for row in _pages(who.client)}, on_sale, who)
    for thing in chance.sample(things, min(5, len(things))):
        _read(report, who, thing, thing.id in seen)
    _search(report, who, [thing for thing in things if thing.id not in lagging], seen - lagging)
    for hidden in lagging:
        if hidden not in seen:
            _read(report, who, next(thing for thing in things if thing.id == hidden), False)


def _pages(client: ApiClient) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.get(f"/listings?limit=100{cursor}").expect(200).json
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def _read(report: Report, who: Somebody, thing: Thing, visible: bool) -> None:
    nothing = who.client.get("/listings/lst_01jc9x2m5t7rqk8v4e6b0wz3np")
    for what in ("", "/revisions", "/abilities", "/sample"):
        answer = who.client.get(f"/listings/{thing.id}{what}")
        if visible:
            report.compare(f"read{what}", answer.status in ((200, 403) if what == "/sample" else (200,)), True, who)
        else:
            report.compare(f"read{what}", (answer.status, answer.json), (404, nothing.json), who)


def _search(report: Report, who: Somebody, things: list[Thing], seen: set[str]) -> None:
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = who.client.get(f"/search?q={WORD}&limit=100&offset={offset}").expect(200).json
        found += [hit["id"] for hit in page["items"]]
        offset = page["next_offset"]
    report.compare("hits", sorted(found), sorted(seen), who)
    report.compare("total", page["total"], len(seen), who)
    tiers = Counter(str(thing.tier) for thing in things if thing.id in seen)
    counted = {each["value"]: each["count"] for each in page["facets"].get("tier", []) if each["count"]}
    report.compare("facet counts", counted, dict(tiers), who)
    titles = {thing.title for thing in things if thing.id in seen}
    suggested = who.client.get(f"/search/suggestions?q={WORD[:4]}&limit=20").expect(200).json["items"]
    stray = [each["text"] for each in suggested if each["text"] not in titles]
    report.compare("suggestions", stray, [], who)


def _narrow(house: House, chance: random.Random, suppliers: list[build.Built], things: list[Thing]) -> frozenset[str]:
    """Withdraw some listings and raise the tier of others; the index is not told yet."""
    owners = {supplier.organisation_id: supplier for supplier in suppliers}
    on_sale = [thing for thing in things if thing.state == "listed"]
    chosen = chance.sample(on_sale, max(1, len(on_sale) // 4))
    for thing in chosen:
        owner = owners[thing.owner]
        if chance.random() < 0.5 or thing.tier == 5:
            house.db.write(lambda uow, o=owner, t=thing: listings.withdraw(uow, o.actor, t.id))  # type: ignore[misc]
            thing.state = "withdrawn"
        else:
            thing.tier = chance.randint(thing.tier, 5)
            raised = house.db.write(
                lambda uow, o=owner, t=thing: listings.raise_tier(uow, o.actor, t.id, tier=t.tier)  # type: ignore[misc]
            )
            thing.state = raised.state
    return frozenset(thing.id for thing in chosen)
