"""Rules in force that this program cannot read: it starts, permits nothing but to change them, and says so."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from catalog.listings.types import ListingState
from compliance.policy import versions
from compliance.policy.document import current, shipped
from compliance.policy.emergency import emergency
from core.db import Base
from core.house import House
from exchange import checkup
from tests import build
from tests.client import ApiClient
from tests.compliance.rulebook.test_rulebook import changed, officers, propose

__all__ = ["officers"]


@pytest.fixture
def broken(officers: tuple[ApiClient, ApiClient], house: House) -> tuple[ApiClient, ApiClient]:
    """An operator that the rules in force ask by is not known any more."""
    first, second = officers
    made = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    second.post(f"/policy/versions/{made['id']}/activate", {"hash": made["hash"]}).expect(200)
    _store(house, json.dumps(changed() | {"conditions": {"listed": {"is": "of_old"}}}))
    return first, second


def _store(house: House, document: str) -> None:
    table = Base.metadata.tables["policy_version"]
    kept = update(table).where(table.c.state == "active").values(document=document)
    house.db.write(lambda uow: uow.session.execute(kept))
    house.db.read(versions.refresh)


def test_nothing_is_permitted_but_what_the_rules_that_ship_say_of_the_rules() -> None:
    for action in shipped().actions:
        known = {rule.id for rule in shipped().of(action)} if action.startswith("policy:") else set[str]()
        expected = {"nothing-is-seen"} if action == "listing:see" else known
        assert {rule.id for rule in emergency().of(action)} == expected
    (nothing,) = emergency().of("listing:see")
    assert nothing.conditions[0].value not in {str(state) for state in ListingState}


@pytest.mark.parametrize("document", ["", "{", "[]", "[" * 100_000, '{"version": 2}'])
def test_whatever_stands_there_the_exchange_answers(
    broken: tuple[ApiClient, ApiClient], house: House, document: str
) -> None:
    _store(house, document)
    stranger, first = ApiClient(broken[0].app), broken[0]
    assert current() is emergency()
    assert stranger.get("/listings").expect(200).json["items"] == []
    assert stranger.get("/healthz").expect(200).json["rules"] == "unreadable"
    assert first.get("/policy/versions").expect(200).json["items"][0]["version"] in (0, 2)


def test_officers_replace_what_cannot_be_read(broken: tuple[ApiClient, ApiClient], house: House) -> None:
    first, second = broken
    supplier = build.organisation(house)
    mine = ApiClient(first.app, supplier.token)
    mine.post("/listings", {"title": {"en": "x"}}).expect(403)
    bad = [each for each in checkup.examine(house.settings) if not each.well]
    assert any("until officers replace them" in each.line for each in bad)
    stored = first.get("/policy/versions").json["items"][0]
    first.get(f"/policy/versions/{stored['id']}").expect(422, "policy_invalid")
    made = propose(first, json.loads(shipped().canonical) | {"version": 9}).expect(201).json
    shown = first.get(f"/policy/versions/{made['id']}").expect(200).json
    assert shown["changes"]["opened"] > 0
    second.post(f"/policy/versions/{made['id']}/activate", {"hash": made["hash"]}).expect(200)
    first.get("/policy").expect(200)
    assert current().hash == made["hash"]
    assert ApiClient(first.app).get("/healthz").json["rules"] == "in_force"
    assert build.listed(house, supplier).state == "listed"


def test_a_proposal_that_cannot_be_read_any_more_is_not_activated(
    officers: tuple[ApiClient, ApiClient], house: House
) -> None:
    first, second = officers
    made = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    table = Base.metadata.tables["policy_version"]
    house.db.write(lambda uow: uow.session.execute(update(table).values(document="{}")))
    path = f"/policy/versions/{made['id']}"
    second.post(f"{path}/activate", {"hash": made["hash"]}).expect(422, "policy_invalid")
    second.post(f"{path}/reject", {"reason": "it is of old"}).expect(200)
    assert current() is shipped()
