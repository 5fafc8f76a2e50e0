"""Two officers change the rules through the API; every later decision is made, and explained, by the new ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from compliance.policy import versions
from compliance.policy.document import current, shipped
from core.house import House
from tests import build
from tests.client import ApiClient


@pytest.fixture
def officers(client: ApiClient, house: House) -> tuple[ApiClient, ApiClient]:
    first, second = (ApiClient(client.app, build.platform_person(house, "officer").token) for _ in range(2))
    return first, second


def changed(**rules: list[str]) -> dict[str, Any]:
    """The rules in force with other conditions for some of them."""
    document: dict[str, Any] = json.loads(current().canonical)
    document["version"] += 1
    for rule in document["rules"]:
        rule["when"] = rules.get(rule["id"].replace("-", "_"), rule["when"])
    return document


def propose(officer: ApiClient, document: dict[str, Any]) -> Any:
    return officer.post("/policy/versions", {"document": document, "reason": "a test of two people"})


def test_two_officers_change_what_everybody_may_do(officers: tuple[ApiClient, ApiClient], house: House) -> None:
    first, second = officers
    listing = build.listed(house, build.organisation(house))
    stranger = ApiClient(first.app)
    stranger.get(f"/listings/{listing.id}").expect(200)
    made = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    shown = first.get(f"/policy/versions/{made['id']}").expect(200).json["changes"]
    assert (shown["opened"], shown["closed"] > 0) == (0, True)
    assert {(line["action"], line["who"]) for line in shown["summary"]} == {
        ("listing:see", "stranger"), ("listing:fields", "stranger")
    }  # fmt: skip
    path, seen = f"/policy/versions/{made['id']}/activate", {"hash": made["hash"]}
    assert first.post(path, seen).expect(403, "same_person")
    second.post(path, {"hash": "0" * 64}).expect(409, "policy_base_changed")
    stranger.get(f"/listings/{listing.id}").expect(200)
    assert second.post(path, seen).expect(200).json["state"] == "active"
    second.post(path, seen).expect(409, "policy_version_decided")
    assert second.get("/policy").expect(200).json["hash"] == made["hash"] == current().hash
    stranger.get(f"/listings/{listing.id}").expect(404)
    assert stranger.get("/listings").expect(200).json["items"] == []
    buyer = ApiClient(first.app, build.organisation(house).token)
    buyer.get(f"/listings/{listing.id}").expect(200)
    assert buyer.get(f"/listings/{listing.id}/abilities").json["listing:see"]["policy_hash"] == made["hash"]


def test_every_process_follows_and_goes_back(officers: tuple[ApiClient, ApiClient], house: House) -> None:
    first, second = officers
    one = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    second.post(f"/policy/versions/{one['id']}/activate", {"hash": one["hash"]}).expect(200)
    assert current() is shipped(), "the activating request was judged by the rules before it"
    house.db.read(versions.refresh)  # what machinery does each second
    assert current().hash == one["hash"]
    back = json.loads(shipped().canonical) | {"version": current().version + 1}
    two = propose(first, back).expect(201).json
    second.post(f"/policy/versions/{two['id']}/activate", {"hash": two["hash"]}).expect(200)
    states = {each["id"]: each["state"] for each in first.get("/policy/versions").expect(200).json["items"]}
    assert states == {one["id"]: "replaced", two["id"]: "active"}


def test_what_was_proposed_against_other_rules_is_proposed_again(officers: tuple[ApiClient, ApiClient]) -> None:
    first, second = officers
    one = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    two = propose(second, changed(listing_see_registered=["listed", "qualified"])).expect(201).json
    second.post(f"/policy/versions/{one['id']}/activate", {"hash": one["hash"]}).expect(200)
    first.post(f"/policy/versions/{two['id']}/activate", {"hash": two["hash"]}).expect(409, "policy_base_changed")
    assert first.post(f"/policy/versions/{two['id']}/reject", {"reason": "overtaken"}).json["state"] == "rejected"


def test_rules_that_cannot_be_used_are_refused_and_nothing_is_kept(officers: tuple[ApiClient, ApiClient]) -> None:
    first, _ = officers
    whole = changed()
    no_officer = changed(policy_change=["reviewer", "officer_instead", "own_review"])
    alone = whole | {"rules": [each for each in whole["rules"] if each["id"] != "policy-same-person"]}
    alone["conditions"] = {name: each for name, each in whole["conditions"].items() if name != "proposed"}
    broken = whole | {"rules": [{**whole["rules"][0], "obligations": ["dance"]}, *whole["rules"][1:]]}
    forbidding = {"id": "f", "effect": "forbid", "actions": ["listing:see"], "when": ["suspended"], "basis": "a test"}
    for document, status, code in (
        ({}, 422, "policy_invalid"),
        ({"version": 1}, 422, "policy_invalid"),
        (broken, 422, "policy_invalid"),
        (json.loads(current().canonical), 409, "policy_unchanged"),
        (changed(listing_see_open=["listed", "registered"]) | {"version": current().version}, 422, "policy_invalid"),
        (no_officer, 409, "policy_locks_out"),
        (alone, 409, "policy_locks_out"),
        (changed(listing_see_open=["listed", "of_files"]), 422, "policy_invalid"),
        (whole | {"rules": [*whole["rules"], forbidding]}, 422, "policy_invalid"),
    ):
        propose(first, document).expect(status, code)
    assert first.get("/policy/versions").json["items"] == []


def test_nobody_else_reads_or_changes_the_rules(officers: tuple[ApiClient, ApiClient], house: House) -> None:
    first, _ = officers
    made = propose(first, changed(listing_see_open=["listed", "registered"])).expect(201).json
    path = f"/policy/versions/{made['id']}"
    outsiders = [build.organisation(house).token, build.platform_person(house, "finance").token]
    for token in outsiders:
        other = ApiClient(first.app, token)
        for answer in (
            other.get("/policy"), other.get("/policy/versions"), other.get(path), propose(other, changed()),
            other.post(f"{path}/activate", {"hash": made["hash"]}), other.post(f"{path}/reject", {"reason": "no"}),
            other.post("/policy/simulate", {"action": "listing:see"}),
        ):  # fmt: skip
            answer.expect(403)
    reviewer = ApiClient(first.app, build.platform_person(house, "reviewer").token)
    reviewer.get(path).expect(200)
    reviewer.post(f"{path}/activate", {"hash": made["hash"]}).expect(403, "officer_role_needed")
    assert first.get("/policy/versions").json["items"][0]["state"] == "proposed"
    first.get("/policy/versions/pol_00000000000000000000000000").expect(404, "policy_version_not_found")


def test_simulation_answers_what_if_and_says_why(officers: tuple[ApiClient, ApiClient]) -> None:
    first, _ = officers
    who = {"signed_in": True, "roles": ["buyer"], "qualification": 2, "organisation": "org_b", "country": "CN"}
    thing = {"tier": 3, "state": "listed", "owner": "org_a", "kind": "dataset", "unclaimed": False, "not_built": ""}
    asked: dict[str, Any] = {
        "action": "listing:order", "actor": who, "resource": thing,
        "context": {"purpose": "training", "territory": "CN"},
    }  # fmt: skip
    refused = first.post("/policy/simulate", asked).expect(200).json
    assert [need["code"] for need in refused["needs"]] == ["qualification_needed"]
    assert (refused["needs"][0]["needed"], refused["needs"][0]["actual"]) == ("3", "2")
    allowed = first.post("/policy/simulate", asked | {"actor": who | {"qualification": 3}}).expect(200).json
    assert (allowed["effect"], "watermark" in allowed["obligations"]) == ("permit", True)
    made = propose(first, changed(order_qualified_in_full=["signed_in", "listed", "buyer_role"])).expect(201).json
    by_version = first.post("/policy/simulate", asked | {"version_id": made["id"]}).expect(200).json
    assert (by_version["effect"], by_version["policy_hash"]) == ("permit", made["hash"])
    for spoilt in (
        {"action": "listing:dance"}, {"actor": {"age": 3}}, {"actor": {"qualification": "3"}},
        {"actor": {"roles": "buyer"}}, {"actor": {"roles": [1]}}, {"resource": {"tier": True}},
    ):  # fmt: skip
        first.post("/policy/simulate", asked | spoilt).expect(422, "facts_invalid")


def test_a_decision_of_the_log_is_explained_to_whom_it_concerns(
    officers: tuple[ApiClient, ApiClient], house: House
) -> None:
    first, _ = officers
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    assert listing.offer is not None
    own = ApiClient(first.app, supplier.token)
    body = {"listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": True}
    own.post("/orders", body).expect(403, "own_listing")
    with house.db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT id FROM audit_entry WHERE action = 'refused:listing:order'")
        entry_id = found.scalar_one()
    shown = own.get(f"/decisions/{entry_id}").expect(200).json
    assert (shown["effect"], shown["rules"]) == ("forbid", ["order-own-listing"])
    assert shown["decision"]["needs"][0]["actual"] == "same"
    assert shown["texts"]["order-own-listing"]["basis"] == "the exchange's rule against sham trades"
    first.get(f"/decisions/{entry_id}").expect(200)
    ApiClient(first.app, buyer.token).get(f"/decisions/{entry_id}").expect(404, "decision_not_found")
    first.get("/decisions/aud_00000000000000000000000000").expect(404, "decision_not_found")
    assert replace(listing, state="listed") == listing
