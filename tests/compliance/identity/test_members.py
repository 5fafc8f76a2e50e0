"""Invitations, roles, leaving, service accounts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from compliance.identity import member_views
from compliance.identity.errors import EmailInvalid
from compliance.identity.rules import normal_email
from compliance.keys import queries as keys
from core.house import House
from core.outbox import relay
from tests import build
from tests.client import ApiClient
from tests.letters import letters

WELCOME = "a sentence is good"


@pytest.fixture
def owner(client: ApiClient, house: House) -> ApiClient:
    return ApiClient(client.app, build.organisation(house).token)


def _token(house: House) -> str:
    relay(house)
    found = re.search(r"token=([\w-]+)", letters(house)[-1].body)
    assert found
    return found[1]


def _invited(owner: ApiClient, house: House, email: str = "Ada@Example.org", *roles: str) -> str:
    owner.post("/invitations", {"email": email, "roles": list(roles) or ["buyer"]}).expect(201)
    return _token(house)


def _accept(client: ApiClient, token: str) -> None:
    body = {"token": token, "name": "Ada", "password": WELCOME, "language": "en"}
    client.post("/invitations/accept", body).expect(201)


def test_who_holds_the_link_becomes_a_member(client: ApiClient, owner: ApiClient, house: House) -> None:
    token = _invited(owner, house, "Ada@Example.org", "buyer", "finance")
    assert letters(house)[-1].to == "ada@example.org"
    (waiting,) = owner.get("/invitations").json["items"]
    seen = client.post("/invitations/look-up", {"token": token}).expect(200).json
    assert (seen["email"], seen["roles"]) == (waiting["email"], ["buyer", "finance"])
    _accept(client, token)
    assert client.sign_in("ada@example.org", WELCOME).get("/me").json["roles"] == ["buyer", "finance"]
    assert owner.get("/invitations").json["items"] == []
    body = {"token": token, "name": "Eve", "password": WELCOME}
    assert client.post("/invitations/accept", body).expect(404).code == "invitation_not_found"


def test_a_link_ends_when_it_is_taken_back_replaced_or_old(client: ApiClient, owner: ApiClient, house: House) -> None:
    first, second = _invited(owner, house), _invited(owner, house)
    body = {"token": first, "name": "Ada", "password": WELCOME}
    client.post("/invitations/accept", body).expect(404)
    (waiting,) = owner.get("/invitations").json["items"]
    owner.delete(f"/invitations/{waiting['id']}").expect(204)
    client.post("/invitations/accept", body | {"token": second}).expect(404)
    third = _invited(owner, house)
    house.clock.advance(timedelta(days=14))
    client.post("/invitations/accept", body | {"token": third}).expect(404)
    client.post("/sessions", {"email": "ada@example.org", "password": WELCOME}).expect(401)


def test_only_an_owner_invites_and_never_to_own(client: ApiClient, owner: ApiClient, house: House) -> None:
    body = {"email": "ada@example.org", "roles": ["owner"]}
    assert owner.post("/invitations", body).expect(409).code == "owner_is_transferred"
    _accept(client, _invited(owner, house))
    buyer = client.sign_in("ada@example.org", WELCOME)
    buyer.post("/invitations", {"email": "eve@example.org", "roles": ["buyer"]}).expect(403)
    buyer.get("/invitations").expect(403)
    (mine,) = (m["id"] for m in owner.get("/members").json["items"] if "owner" in m["roles"])
    buyer.put(f"/members/{mine}/roles", {"roles": ["buyer"]}).expect(403)
    buyer.delete(f"/members/{mine}").expect(403)
    stranger = ApiClient(client.app, build.organisation(house).token)
    waiting = owner.post("/invitations", {"email": "eve@example.org", "roles": ["buyer"]}).json["id"]
    stranger.delete(f"/invitations/{waiting}").expect(404)
    (theirs,) = (m["id"] for m in owner.get("/members").json["items"] if "buyer" in m["roles"])
    stranger.put(f"/members/{theirs}/roles", {"roles": ["finance"]}).expect(404)
    stranger.delete(f"/members/{theirs}").expect(404)
    assert len(owner.get("/invitations").json["items"]) == 1


def test_a_member_has_other_roles_and_leaves(client: ApiClient, owner: ApiClient, house: House) -> None:
    _accept(client, _invited(owner, house, "ada@example.org", "developer"))
    member = client.sign_in("ada@example.org", WELCOME)
    (hers,) = (m["id"] for m in owner.get("/members").json["items"] if "developer" in m["roles"])
    key = member.post("/keys", {"name": "hers"}).expect(201).json["made"]["id"]
    owner.put(f"/members/{hers}/roles", {"roles": ["finance", "developer"]}).expect(204)
    assert member.get("/me").json["roles"] == ["developer", "finance"]
    owner.delete(f"/members/{hers}").expect(204)
    member.get("/me").expect(401)
    client.post("/sessions", {"email": "ada@example.org", "password": WELCOME}).expect(401)
    assert house.db.read(keys.compiled)[0].id == key
    assert house.db.read(keys.compiled)[0].state == "revoked"
    assert len(owner.get("/members").json["items"]) == 1


def test_an_owner_is_neither_changed_nor_removed(owner: ApiClient) -> None:
    (mine,) = owner.get("/members").json["items"]
    for answer in (
        owner.put(f"/members/{mine['id']}/roles", {"roles": ["buyer"]}),
        owner.delete(f"/members/{mine['id']}"),
    ):
        assert answer.expect(409).code == "owner_is_transferred"


def test_a_service_account_has_keys_only_and_they_stop_with_it(owner: ApiClient, house: House) -> None:
    service = owner.post("/service-accounts", {"name": "nightly job"}).expect(201).json["id"]
    made = owner.post("/keys", {"name": "n", "service_account_id": service}).expect(201).json["made"]["id"]
    successor = owner.post(f"/keys/{made}/rotate").expect(201).json["made"]["id"]
    assert owner.put(f"/members/{service}/roles", {"roles": ["buyer"]}).status == 422
    own = owner.post("/keys", {"name": "mine"}).expect(201).json["made"]["id"]
    owner.delete(f"/members/{service}").expect(204)
    states = {key.id: key.state for key in house.db.read(keys.compiled)}
    assert states == {made: "revoked", successor: "revoked", own: "active"}
    gone = owner.post("/keys", {"name": "n", "service_account_id": service})
    assert (gone.status, gone.code) == (404, "account_not_found")


def test_nobody_is_written_to_without_end(owner: ApiClient, house: House) -> None:
    body = {"email": "ada@example.org", "roles": ["buyer"]}
    answers = [owner.post("/invitations", body).status for _ in range(7)]
    assert (answers[:5], answers[-1]) == ([201] * 5, 429)
    owner.post("/invitations", body | {"email": "eve@example.org"}).expect(201)


@pytest.mark.parametrize("address", ["x<ada@example.org>", "ada@example.org,", "eve,ada@example.org", "a;b@example.org",
    "ada@example.org(1)", "=?utf-8?q?ada?=@example.org", "g:ada@example.org"])  # fmt: skip
def test_an_address_is_one_address(address: str) -> None:
    with pytest.raises(EmailInvalid):
        normal_email(address)


def test_a_password_is_hashed_only_for_whoever_holds_a_link(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def hashing(_password: str) -> str:
        raise AssertionError("hashed for a stranger")

    monkeypatch.setattr(member_views, "hash_password", hashing)
    body = {"token": "x" * 43, "password": WELCOME}
    assert client.post("/password-resets/confirm", body).expect(422).code == "reset_invalid"
    assert client.post("/invitations/accept", body | {"name": "Eve"}).expect(404).code == "invitation_not_found"


def test_a_new_password_is_not_the_address(client: ApiClient, owner: ApiClient, house: House) -> None:
    token = _invited(owner, house, "ada.lovelace@example.org")
    body = {"token": token, "name": "Ada", "password": "Ada.Lovelace"}
    assert client.post("/invitations/accept", body).expect(422).code == "password_too_weak"
