"""The access matrix over HTTP: thousands of cells against a table that was written by hand.

    python -m bench.matrix [--cells 0] [--seed 1] [--database-url …]

Roles × tiers × actions × qualification × country × relation × purpose × state of the contract, each asked of a
running exchange. Then every rule's permit is asked for with all that it needs, and once more for each attribute that is
missing. Without ``--cells`` all are asked. Answers 1 when a cell is answered otherwise than the table says, or a
missing attribute opened something.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import update

from bench.cast import open_house
from bench.matrix_table import HOME, NOT_BUILT, Asked, Who, expected
from catalog.listings.types import ListingSnapshot
from compliance.policy import relations
from compliance.policy.document import Policy, Rule, current
from core.db import Base
from core.house import House
from exchange.app import create_app_of
from exchange.trading import regrading
from tests import build
from tests.build import Built
from tests.journeys.live import served
from tests.servers.upstream import Upstream, answering

ROLES = ("owner", "buyer", "supplier", "developer", "finance")
TIERS = range(6)
ABROAD = "SG"
Ask = Callable[[str | None, str, str, Mapping[str, Any] | None], tuple[int, Any]]
"""Token, method, path below the API's prefix and body to status and parsed answer."""


@dataclass
class Stage:
    """Everybody and everything of the matrix."""

    house: House
    people: dict[Who, Built | None] = field(default_factory=dict)
    listings: dict[tuple[str, int], ListingSnapshot] = field(default_factory=dict)
    orders: dict[tuple[str, int, str], tuple[str, str]] = field(default_factory=dict)
    """By organisation, tier and state of the contract: an order and its file."""
    officer: Built | None = None
    roles: tuple[str, ...] = ROLES


def assemble(house: House, upstream: Upstream | None = None, *, small: bool = False) -> Stage:
    """Organisations of every level from home and abroad, with and without relations; listings of each tier."""
    stage = Stage(house, roles=("owner", "developer") if small else ROLES)
    supplier = build.organisation(house, level=4)
    _members(stage, supplier, "own", Who("own", level=4, country=HOME))
    stage.people[Who("stranger")] = None
    for role in ("reviewer", "officer", "finance", "operator"):
        stage.people[Who("platform", role, level=1)] = build.platform_person(house, role)
    stage.officer = stage.people[Who("platform", "officer", level=1)]
    _put_on_sale(stage, supplier, upstream)
    for level in (1, 3) if small else (1, 2, 3, 4):
        for country in (HOME,) if small else (HOME, ABROAD):
            _members(stage, _organisation(stage, level, country), "member", Who("member", "", level, country))
    if not small:
        _members(stage, _organisation(stage, 4, ""), "member", Who("member", "", 4, ""))
    for level in (2,) if small else (1, 2, 4):
        for invited, agreed in ((True, False), (False, True), (True, True)):
            made = _organisation(stage, level, HOME)
            _relate(stage, made, invited=invited, agreed=agreed)
            stage.people[Who("member", "owner", level, HOME, invited, agreed)] = made
    _bought(stage, supplier)
    return stage


def _organisation(stage: Stage, level: int, country: str) -> Built:
    made = build.organisation(stage.house, level=level)
    table = Base.metadata.tables["organisation"]
    changed = update(table).where(table.c.id == made.organisation_id).values(country=country)
    stage.house.db.write(lambda uow: uow.session.execute(changed))
    return made


def _members(stage: Stage, owner: Built, place: str, as_owner: Who) -> None:
    for role in stage.roles:
        who = Who(place, role, as_owner.level, as_owner.country)
        stage.people[who] = owner if role == "owner" else build.member(stage.house, owner, role)


def _relate(stage: Stage, made: Built, *, invited: bool, agreed: bool) -> None:
    owner = str(made.organisation_id)
    for listing in stage.listings.values():
        for kind, held in (("invited", invited), ("nda", agreed)):
            if held:
                _grant(stage.house, kind, owner, listing.id)


def _grant(house: House, kind: str, organisation_id: str, object_id: str) -> None:
    house.db.write(lambda uow: relations.grant(uow, kind, organisation_id, object_id))


def _put_on_sale(stage: Stage, supplier: Built, upstream: Upstream | None) -> None:
    for tier in TIERS:
        file = build.file(stage.house, supplier, build.measured())
        stage.listings["dataset", tier] = build.listed(stage.house, supplier, files=[file.id])
        if upstream is not None:
            limits = {"quota": 1000, "quota_period": "month"}
            stage.listings["interface", tier] = build.interface_listed(stage.house, supplier, upstream, limits=limits)
    for (_, tier), listing in stage.listings.items():
        build.forced_tier(stage.house, listing.id, tier)


def _bought(stage: Stage, supplier: Built) -> None:
    """For each organisation that has members of every role and each tier two orders, of which one has its contract.

    They are bought at L1, then the tier is raised under them.
    """
    house = stage.house
    owners = [who for who in stage.people if who.place == "member" and who.role == "owner" and not _related(who)]
    for who in owners:
        buyer = stage.people[who]
        assert buyer is not None
        build.funded(house, buyer, "10.00")
    for tier in TIERS:
        file = build.file(house, supplier, build.measured())
        listing = build.listed(house, supplier, files=[file.id], amount="0.01")
        for who in owners:
            buyer = stage.people[who]
            assert buyer is not None
            for contract in ("none", "signed"):
                order = build.paid(house, buyer, listing)
                _grant(house, "nda", str(buyer.organisation_id), listing.id)
                stage.orders[str(buyer.organisation_id), tier, contract] = (order.id, file.id)
        build.forced_tier(house, listing.id, tier)
        house.db.write(lambda uow, listing=listing: regrading.follow_tier(uow, listing.id))  # type: ignore[misc]
    for (organisation_id, _, contract), (order_id, _) in stage.orders.items():
        if contract == "signed":
            _grant(house, "contract", organisation_id, order_id)


def _related(who: Who) -> bool:
    return who.invited or who.agreed


def cells(stage: Stage) -> Iterator[Asked]:
    """Every cell; those that change something last."""
    for who in stage.people:
        for kind, tier in stage.listings:
            for action in ("see", "names", "sample", "inquire"):
                yield Asked(who, action, tier, kind)
            for purpose in ("offered", "another", "missing"):
                yield Asked(who, "order", tier, kind, purpose)
        if who.place == "member" and not _related(who):
            for tier in TIERS:
                for contract in ("none", "signed"):
                    yield Asked(who, "download", tier, contract=contract)


def answer(stage: Stage, ask: Ask, asked: Asked) -> tuple[str, str]:
    """What the exchange says to a cell, as the table says it, and the problem's code."""
    person = stage.people[asked.who]
    token = person.token if person is not None else None
    if asked.action == "download":
        assert person is not None
        order_id, file_id = stage.orders[str(person.organisation_id), asked.tier, asked.contract]
        return _said(*ask(token, "GET", f"/orders/{order_id}/files/{file_id}", None))
    listing = stage.listings[asked.kind, asked.tier]
    path = f"/listings/{listing.id}"
    if asked.action in ("see", "names"):
        status, body = ask(token, "GET", path, None)
        if asked.action == "names" and status == 200:
            return ("yes" if _names(body, asked.kind) else "no"), ""
        return _said(status, body)
    if asked.action == "sample":
        return _said(*ask(token, "GET", f"{path}/sample", None))
    assert listing.offer is not None
    if asked.action == "inquire":
        purpose = listing.offer.purposes[0]
        question = {"listing_id": listing.id, "purpose": purpose, "text": "May we have it by the month?"}
        return _said(*ask(token, "POST", "/orders/inquiries", question))
    order = {"listing_id": listing.id, "offer_id": listing.offer.id, "accept_terms": True}
    purposes = {"offered": {"purpose": listing.offer.purposes[0]}, "another": {"purpose": "risk_control"}}
    return _said(*ask(token, "POST", "/orders", order | purposes.get(asked.purpose, {})))


def _names(body: Any, kind: str) -> bool:
    """Whether names of fields are shown, and not masks."""
    revision = body["revision"]
    if kind == "interface":
        fields = [field for each in revision["interface"]["operations"] for field in each["parameters"]]
        return any(not field["name"].startswith("field_") for field in fields)
    return any(column["name"] == "station" for column in revision["files"][0]["columns"])


def _said(status: int, body: Any) -> tuple[str, str]:
    code = str(body.get("code", "")) if status >= 400 and isinstance(body, dict) else ""
    if status in (200, 201, 206) or code == "copy_not_ready":  # one may, and the marked copy is being made
        return "yes", code
    return ("absent" if status == 404 else "no" if status in (401, 403, 409, 422) else f"status {status}"), code


@dataclass
class Report:
    """What came of it."""

    asked: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    missing: int = 0


def campaign(stage: Stage, ask: Ask, chosen: list[Asked]) -> Report:
    """Ask every one of these cells."""
    report = Report()
    for asked in chosen:
        wanted, (said, code) = expected(asked), answer(stage, ask, asked)
        if wanted == "absent" and (asked.who.place == "stranger" or asked.purpose == "missing") and said == "no":
            said = "absent"  # one is asked to sign in, and a command is read, before anything is looked at
        report.asked[asked.action] += 1
        named = NOT_BUILT.get(asked.tier) if said == "no" and asked.action in ("order", "inquire") else None
        if said != wanted or (named is not None and _buys(asked) and code != named):
            report.faults.append(f"{asked}: {said} ({code}) instead of {wanted}")
    return report


def _buys(asked: Asked) -> bool:
    return asked.who.place == "member" and asked.purpose == "offered"


def without_each(stage: Stage, ask: Ask) -> tuple[int, list[str]]:
    """Each rule's permit by simulation, then the same with each attribute missing in turn: how many, and faults."""
    assert stage.officer is not None
    policy, asked, faults = current(), 0, list[str]()
    for action in policy.actions:
        for rule in (each for each in policy.of(action) if each.effect == "permit"):
            facts = satisfying(policy, action, rule)
            if _simulated(stage, ask, action, facts) != "permit":
                faults.append(f"{action}: all that {rule.id} needs is there, and it is refused")
            for name in facts:
                asked += 1
                rest = {other: value for other, value in facts.items() if other != name}
                if _simulated(stage, ask, action, rest) != "forbid":
                    faults.append(f"{action}, {rule.id}: permitted without {name}")
    return asked, faults


def satisfying(policy: Policy, action: str, rule: Rule) -> dict[str, Any]:
    """Exactly what a rule asks for, and what no forbid of the action takes offence at."""
    facts: dict[str, Any] = {} if rule.tiers is None else {"resource.tier": rule.tiers[0]}
    for each in rule.conditions:
        if each.operator == "same_as":
            facts[each.attribute] = facts[each.value] = f"the {each.value}"
        elif each.operator == "among":
            facts[each.attribute], facts[each.value] = "lst_1", ["lst_1"]
        else:
            facts[each.attribute] = _satisfying(each.value, each.operator)
    for forbid in (other for other in policy.of(action) if other.effect == "forbid"):
        for each in forbid.conditions:
            if each.attribute not in facts:
                facts[each.attribute] = _inoffensive(each.value, each.operator)
            if each.operator == "same_as":
                facts.setdefault(each.value, f"the {each.value}")
    return facts


def _satisfying(value: Any, operator: str) -> Any:
    if operator == "stated":
        return HOME
    return {"one_of": value[0], "holds_any": value[:1]}[operator] if isinstance(value, list) else value


def _inoffensive(value: Any, operator: str) -> Any:
    if operator == "equals":
        return (not value) if isinstance(value, bool) else ""
    return "somebody else"


def _simulated(stage: Stage, ask: Ask, action: str, facts: Mapping[str, Any]) -> str:
    body: dict[str, Any] = {"action": action, "actor": {}, "resource": {}, "context": {}}
    for name, value in facts.items():
        subject, attribute = name.split(".")
        body[subject][attribute] = value
    assert stage.officer is not None
    status, said = ask(stage.officer.token, "POST", "/policy/simulate", body)
    return str(said["effect"]) if status == 200 else f"status {status}: {said}"


def over(address: str) -> Ask:
    """Asks a server by HTTP/1.1 over one connection."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)

    def ask(token: str | None, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        payload = None if body is None else json.dumps(body)
        if payload is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, f"/api/v1{path}", payload, headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if "json" in (response.headers["Content-Type"] or "") else None

    return ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default="")
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, answering() as upstream:
        house = open_house(Path(folder), options.database_url, upstream_allow=upstream.address)
        stage = assemble(house, upstream)
        chosen = list(cells(stage))
        if options.cells:
            chosen = Random(options.seed).sample(chosen, options.cells)
        with served(create_app_of(house), house) as address:
            report = campaign(stage, over(address), chosen)
            missing, opened = without_each(stage, over(address))
    for action, count in sorted(report.asked.items()):
        print(f"{action:<10}{count:>7} cells")
    print(f"{report.asked.total()} cells, {len(report.faults)} answered otherwise than the table says")
    print(f"{missing} times an attribute was missing, {len(opened)} faults; {time.monotonic() - began:.0f} s")
    print("\n".join((report.faults + opened)[:20]))
    return int(bool(report.faults or opened))


if __name__ == "__main__":
    sys.exit(main())
