"""The leak campaign: what every actor sees of six tiers, against an oracle written from the tier table alone.

The oracle knows levels, states, owners, invitations and agreements of confidentiality; it shares no code with policy,
catalog or search. Checked for each actor: the list, single reads, revisions, samples, search hits, facet counts and
suggestions by the API, the listing's page and the page of results, and what a call at the gateway tells; then the same
in the moment after listings were withdrawn or their tier was raised, while the index has not caught up. Each dataset
has a column of a name of its own and cells with a word of its own: whoever may not know them must meet them nowhere.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import flask
from flask.testing import FlaskClient

from catalog.listings import service as listings
from compliance.keys import service as keys
from compliance.policy import relations
from core.db import Uow
from core.house import House
from exchange.gateway.allowance import Allowance
from exchange.gateway.decision import decide
from exchange.gateway.refusals import Refusal
from exchange.gateway.snapshot import Snapshot
from exchange.sidecar import compiling
from exchange.web.session import SESSION_COOKIE
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient
from tests.servers.upstream import Upstream

WORD = "quagmire"
_LEAST_LEVEL = {0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 2}
_LEVELS = (1, 2, 3, 4)
# Every word that names one listing, its column or its cells, found by one search through a text of any length.
_A_WORD_OF_OURS = re.compile(r"(?<![0-9a-z])(?:col|cell)?[0-9a-f]{12}(?![0-9a-z])")
_NOWHERE = "lst_01jc9x2m5t7rqk8v4e6b0wz3np"


@dataclass
class Thing:
    """A listing as the oracle knows it."""

    id: str
    owner: str
    tier: int
    state: str
    title: str
    column: str
    cell: str

    @property
    def number(self) -> str:
        """What both of its titles end with, however a page marks their words."""
        return self.title.split()[-1]


@dataclass
class Somebody:
    """Who looks; ``invited`` and ``agreed`` are listings to which the organisation stands so."""

    client: ApiClient
    pages: FlaskClient
    level: int
    organisation: str | None
    examiner: str = ""
    key: str = ""
    invited: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()

    def knows_all(self, thing: Thing) -> bool:
        if thing.owner == self.organisation or self.examiner == "officer":
            return True
        return self.examiner == "reviewer" and thing.state != "withdrawn"

    def may_see(self, thing: Thing) -> bool:
        if self.knows_all(thing):
            return True
        named = thing.tier < 5 or thing.id in self.invited
        return thing.state == "listed" and self.level >= _LEAST_LEVEL[thing.tier] and named

    def may_know_columns(self, thing: Thing) -> bool:
        open_names = thing.tier < 4 or thing.id in self.agreed
        return self.knows_all(thing) or (self.may_see(thing) and open_names)

    def may_know_cells(self, thing: Thing) -> bool:
        return self.knows_all(thing) or (self.may_see(thing) and thing.tier < 3)


@dataclass
class Report:
    """How much was compared, and every difference."""

    checks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def compare(self, what: str, seen: object, expected: object, who: Somebody) -> None:
        self.checks[what] += 1
        if seen != expected:
            self.faults.append(f"{what} at level {who.level}: saw {seen!r}, expected {expected!r}"[:500])


def campaign(
    house: House,
    app: flask.Flask,
    *,
    listings_count: int,
    actors_count: int,
    seed: int,
    upstream: Upstream | None = None,
) -> Report:
    """Build a random exchange, look at it as everybody, narrow some listings, look again at once.

    With an ``upstream``, which the house must allow, there is an interface of each tier to be called too.
    """
    chance = random.Random(seed)
    suppliers = [build.organisation(house, level=3) for _ in range(max(2, listings_count // 50))]
    reviewer = build.platform_person(house, "reviewer")
    things = [_thing(house, chance, suppliers, reviewer) for _ in range(listings_count)]
    attend_once(house)
    people = list(_people(house, app, suppliers, actors_count, chance, things))
    report = Report()
    if upstream is not None:
        _call(report, house, people, suppliers[0], upstream)
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
    texts = {"en": f"{WORD} {number:012x}", "zh": f"泥沼数据 {number:012x}"}
    column, cell = f"col{chance.getrandbits(48):012x}", f"cell{chance.getrandbits(48):012x}"
    rows = "".join(f"{row},{row * 7 % 40 / 10},{cell}\n" for row in range(30))
    given: dict[str, Any] = {"title": texts, "files": [build.file(house, supplier, f"day,reading,{column}\n{rows}").id]}
    state = chance.choice(["draft", "in_review", "listed", "listed", "listed", "withdrawn"])
    if state in ("draft", "in_review"):
        made = build.draft(house, supplier, **given)
    else:
        made = build.listed(house, supplier, reviewer=reviewer, **given)
    tier = chance.choice([0, 1, 1, 2, 2, 3, 4, 4, 5, 5])
    if tier != made.tier and state in ("listed", "withdrawn"):
        build.forced_tier(house, made.id, tier)
    elif tier > made.tier:
        house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, made.id, tier=tier))
    if state == "in_review":
        house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    if state == "withdrawn":
        house.db.write(lambda uow: listings.withdraw(uow, supplier.actor, made.id))
    assert supplier.organisation_id is not None
    reached = tier if state in ("listed", "withdrawn") else max(tier, made.tier)
    return Thing(made.id, supplier.organisation_id, reached, state, texts["en"], column, cell)


def _people(
    house: House, app: flask.Flask, suppliers: list[build.Built], count: int, chance: random.Random, things: list[Thing]
) -> Iterator[Somebody]:
    """A stranger, examiners, platform people without an examiner's role, suppliers, and buyers of each level."""
    yield Somebody(ApiClient(app), _pages(app, None), 0, None)
    for role in ("reviewer", "officer", "finance", "operator"):
        person = build.platform_person(house, role)
        examiner = role if role in ("reviewer", "officer") else ""
        yield Somebody(ApiClient(app, person.token), _pages(app, person), 1, None, examiner)
    for supplier in suppliers[:5]:
        yield Somebody(ApiClient(app, supplier.token), _pages(app, supplier), 3, supplier.organisation_id)
    for _ in range(count - 5 - len(suppliers[:5])):
        level = chance.choice(_LEVELS)
        buyer = build.organisation(house, level=level)
        made = house.db.write(lambda uow, b=buyer: keys.create(uow, b.actor, name="leaks", mode="live"))  # type: ignore[misc]
        yield Somebody(
            ApiClient(app, buyer.token), _pages(app, buyer), level, buyer.organisation_id, key=made.key,
            invited=_related(house, chance, "invited", buyer, [thing for thing in things if thing.tier == 5]),
            agreed=_related(house, chance, "nda", buyer, [thing for thing in things if thing.tier >= 4]),
        )  # fmt: skip


def _pages(app: flask.Flask, who: build.Built | None) -> FlaskClient:
    client = app.test_client()
    if who is not None:
        client.set_cookie(SESSION_COOKIE, who.token)
    return client


def _related(house: House, chance: random.Random, kind: str, who: build.Built, things: list[Thing]) -> frozenset[str]:
    """A third of these things, to which the organisation stands in the relation from now on."""
    chosen = [thing for thing in things if chance.random() < 0.33]

    def work(uow: Uow) -> None:
        for thing in chosen:
            relations.grant(uow, kind, str(who.organisation_id), thing.id)

    house.db.write(work)
    return frozenset(thing.id for thing in chosen)


def _look(
    report: Report, who: Somebody, things: list[Thing], chance: random.Random, lagging: frozenset[str] = frozenset()
) -> None:
    """Compare all that ``who`` is shown. Until the index has caught up, search may hold back what was narrowed."""
    seen = {thing.id for thing in things if who.may_see(thing)}
    on_sale = {thing.id for thing in things if thing.id in seen and thing.state == "listed"}
    rows = list(_listed(who.client))
    report.compare("list", {row["id"] for row in rows if row["kind"] == "dataset"}, on_sale, who)
    _nothing_of(report, "list's words", who, things, json.dumps(rows, ensure_ascii=False))
    for thing in chance.sample(things, min(5, len(things))):
        _read(report, who, thing, thing.id in seen)
        _name_is_not_found(report, who, thing)
    _look_at_pages(report, who, things, chance)
    _search(report, who, [thing for thing in things if thing.id not in lagging], seen - lagging)
    hidden = [thing for thing in things if thing.id in lagging and thing.id not in seen]
    for thing in chance.sample(hidden, min(20, len(hidden))):
        _read(report, who, thing, False)


def _listed(client: ApiClient) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.get(f"/listings?limit=100{cursor}").expect(200).json
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def _read(report: Report, who: Somebody, thing: Thing, visible: bool) -> None:
    nothing = who.client.get(f"/listings/{_NOWHERE}")
    for what in ("", "/revisions", "/abilities", "/sample"):
        answer = who.client.get(f"/listings/{thing.id}{what}")
        if visible:
            report.compare(f"read{what}", answer.status in ((200, 403) if what == "/sample" else (200,)), True, who)
            text = answer.body.decode()
            _nothing_of(report, f"words of read{what}", who, [thing], text)
            if what == "":
                report.compare("columns told", thing.column in text, who.may_know_columns(thing), who)
            elif what == "/sample" and thing.tier < 3:
                report.compare("cells shown", thing.cell in text, True, who)
        else:
            report.compare(f"read{what}", (answer.status, answer.json), (404, nothing.json), who)


def _nothing_of(report: Report, what: str, who: Somebody, things: list[Thing], text: str) -> None:
    """No title of what must not be seen, no name of a column and no cell that must not be known."""
    told = set(_A_WORD_OF_OURS.findall(text))
    hidden = [
        word
        for thing in things
        for word, known in (
            (thing.number, who.may_see(thing)),
            (thing.column, who.may_know_columns(thing)),
            (thing.cell, who.may_know_cells(thing)),
        )
        if word in told and not known
    ]
    report.compare(what, hidden, [], who)


def _name_is_not_found(report: Report, who: Somebody, thing: Thing) -> None:
    for word, known in ((thing.column, who.may_know_columns(thing)), (thing.cell, who.may_know_cells(thing))):
        found = who.client.get(f"/search?q={word}").expect(200).json["items"]
        report.compare("found by name", [hit["id"] for hit in found if not known], [], who)


def _look_at_pages(report: Report, who: Somebody, things: list[Thing], chance: random.Random) -> None:
    """The page of a listing, and that of what was found."""
    for thing in chance.sample(things, min(2, len(things))):
        page = who.pages.get(f"/listings/{thing.id}")
        report.compare("page", page.status_code, 200 if who.may_see(thing) else 404, who)
        _nothing_of(report, "page's words", who, things, page.get_data(as_text=True))
    found = who.pages.get(f"/search?q={WORD}").get_data(as_text=True)
    _nothing_of(report, "words of the page of results", who, things, found)


def _call(report: Report, house: House, people: list[Somebody], supplier: build.Built, upstream: Upstream) -> None:
    """Who has no right calls an interface of each tier: the gateway tells of it only where everybody may know."""
    made = {tier: build.interface_listed(house, supplier, upstream) for tier in _LEAST_LEVEL}
    for tier, listing in made.items():
        build.forced_tier(house, listing.id, tier)
    snapshot = Snapshot(Allowance)
    for item in compiling.everything(house):
        snapshot.put(item)
    now = house.clock.now().timestamp()
    for who in people:
        for tier, listing in made.items():
            answer = decide(snapshot, who.key.encode() or None, b"GET", f"/{listing.id}/x".encode(), now)
            nowhere = decide(snapshot, who.key.encode() or None, b"GET", f"/{_NOWHERE}/x".encode(), now)
            assert isinstance(answer, Refusal)
            known = bool(who.key) and tier <= 2
            report.compare("gateway", answer == nowhere, not known, who)


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
