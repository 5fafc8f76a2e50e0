"""An organisation changes hands, or closes."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest

from compliance.identity.events import OwnerChanged
from core.house import House
from core.outbox import relay
from tests import build
from tests.client import ApiClient
from tests.letters import letters


@pytest.fixture
def owner(house: House) -> build.Built:
    return build.organisation(house, level=3)


def _heir(client: ApiClient, owner: build.Built) -> tuple[str, ApiClient]:
    who = dataclasses.replace(build.person("Heir"), email="heir@example.org")
    made = build.joins(client.app.extensions["house"], owner, who, "finance")
    return made, client.sign_in("heir@example.org", build.PASSWORD)


def _enrolled(house: House, person: ApiClient) -> build.Device:
    device = build.Device(person.post("/second-factor").expect(201).json["secret"])
    person.post("/second-factor/confirm", {"otp": device.next_code(house)}).expect(200)
    return device


def test_both_confirm_and_what_was_proven_is_asked_again(client: ApiClient, house: House, owner: build.Built) -> None:
    heard: list[str] = []
    house.registry.inline(OwnerChanged, lambda _uow, event: heard.append(event.owner))
    old, (heir_id, heir) = ApiClient(client.app, owner.token), _heir(client, owner)
    body = {"account_id": heir_id, "otp": "000000"}
    assert old.post("/ownership", body).expect(403).code == "second_factor_needed"
    offered = old.post("/ownership", body | {"otp": build.otp(house, owner)}).expect(201).json
    path = f"/ownership/{offered['id']}/accept"
    device = _enrolled(house, heir)
    assert heir.post(path, {"otp": "000000"}).expect(403).code == "second_factor_wrong"
    assert old.post(path, {"otp": build.otp(house, owner)}).expect(404).code == "transfer_not_found"
    assert old.get("/me").json["roles"] == ["owner"]
    heir.post(path, {"otp": device.next_code(house)}).expect(204)
    assert (heir.get("/me").json["roles"], old.get("/me").json["roles"]) == (["finance", "owner"], ["buyer"])
    assert heir.get("/me").json["organisation"]["state"] == "registered"
    assert heir.get("/me").json["qualification"] == 1
    assert heard == [heir_id]
    heir.post(path, {"otp": device.next_code(house)}).expect(404)


def test_an_offer_ends_when_it_is_declined_or_old(client: ApiClient, house: House, owner: build.Built) -> None:
    old, (heir_id, heir) = ApiClient(client.app, owner.token), _heir(client, owner)
    device = _enrolled(house, heir)

    def offered() -> str:
        body = {"account_id": heir_id, "otp": build.otp(house, owner)}
        return str(old.post("/ownership", body).expect(201).json["id"])

    replaced, declined = offered(), offered()
    (waiting,) = heir.get("/ownership").json["items"]
    assert waiting["id"] == declined
    heir.delete(f"/ownership/{declined}").expect(204)
    late = offered()
    house.clock.advance(timedelta(days=7))
    credentials = {"email": "heir@example.org", "password": build.PASSWORD, "otp": device.next_code(house)}
    heir = ApiClient(client.app, client.post("/sessions", credentials).expect(201).json["token"])
    for each in (replaced, declined, late):
        heir.post(f"/ownership/{each}/accept", {"otp": device.next_code(house)}).expect(404)


def test_nobody_else_offers_accepts_or_declines(client: ApiClient, house: House, owner: build.Built) -> None:
    old, (heir_id, heir) = ApiClient(client.app, owner.token), _heir(client, owner)
    stranger = build.organisation(house)
    code = build.otp(house, stranger)
    foreign = ApiClient(client.app, stranger.token)
    assert foreign.post("/ownership", {"account_id": heir_id, "otp": code}).expect(404).code == "account_not_found"
    body = {"account_id": heir_id, "otp": build.otp(house, owner)}
    made = old.post("/ownership", body).expect(201).json["id"]
    foreign.post(f"/ownership/{made}/accept", {"otp": build.otp(house, stranger)}).expect(404)
    foreign.delete(f"/ownership/{made}").expect(404)
    heir.post("/ownership", body).expect(403)
    assert [each["id"] for each in heir.get("/ownership").json["items"]] == [made]


def test_a_closed_organisation_acts_no_more(client: ApiClient, house: House, owner: build.Built) -> None:
    mine, (_, member) = ApiClient(client.app, owner.token), _heir(client, owner)
    member.post("/organisation/close", {"otp": "000000"}).expect(403)
    mine.post("/organisation/close", {"otp": build.otp(house, owner)}).expect(204)
    for person in (mine, member):
        person.get("/me").expect(401)
    client.post("/sessions", {"email": "heir@example.org", "password": build.PASSWORD}).expect(401)


def test_open_orders_and_money_keep_it_open(client: ApiClient, house: House, owner: build.Built) -> None:
    listing = build.listed(house, build.organisation(house, level=3))
    order = build.placed(house, owner, listing)
    mine = ApiClient(client.app, owner.token)
    refused = mine.post("/organisation/close", {"otp": build.otp(house, owner)})
    assert (refused.status, refused.code, refused.json["order_id"]) == (409, "orders_open", order.id)
    mine.post(f"/orders/{order.id}/cancel", {"reason": "not needed"}).expect(200)
    build.funded(house, owner, "1.00")
    refused = mine.post("/organisation/close", {"otp": build.otp(house, owner)})
    assert (refused.status, refused.code, refused.json["accounts"]) == (409, "money_left", ["buyer_prepaid"])
    assert mine.get("/me").json["organisation"]["state"] == "approved"


def _officer(client: ApiClient, house: House) -> ApiClient:
    return ApiClient(client.app, build.platform_person(house, "officer").token)


def test_a_suspended_organisation_neither_closes_nor_keeps_its_level_under_another_owner(
    client: ApiClient, house: House, owner: build.Built
) -> None:
    old, (heir_id, heir), officer = ApiClient(client.app, owner.token), _heir(client, owner), _officer(client, house)
    device = _enrolled(house, heir)
    path = f"/qualifications/{owner.organisation_id}"
    officer.post(f"{path}/suspend", {"reason": "an inquiry"}).expect(200)
    assert old.post("/organisation/close", {"otp": build.otp(house, owner)}).expect(409).code == "organisation_stopped"
    made = old.post("/ownership", {"account_id": heir_id, "otp": build.otp(house, owner)}).expect(201).json["id"]
    heir.post(f"/ownership/{made}/accept", {"otp": device.next_code(house)}).expect(204)
    shown = officer.get(f"/organisations/{owner.organisation_id}").json
    assert (shown["state"], shown["reason"], shown["level"]) == ("suspended", "an inquiry", 1)
    (standing,) = officer.get("/freezes").json["items"]
    assert standing["object_id"] == owner.organisation_id
    assert officer.post(f"{path}/reinstate", {"reason": "settled"}).expect(200).json["level"] == 1


def test_what_a_legal_hold_stands_on_is_not_closed(client: ApiClient, house: House, owner: build.Built) -> None:
    _officer(client, house).post("/holds", {"object_id": owner.organisation_id, "reason": "a court's order"}).expect(
        201
    )
    refused = ApiClient(client.app, owner.token).post("/organisation/close", {"otp": build.otp(house, owner)})
    assert refused.expect(409).code == "organisation_stopped"


def test_nobody_joins_what_has_closed(client: ApiClient, house: House, owner: build.Built) -> None:
    mine = ApiClient(client.app, owner.token)
    mine.post("/invitations", {"email": "late@example.org", "roles": ["buyer"]}).expect(201)
    relay(house)
    found = re.search(r"token=([\w-]+)", letters(house)[-1].body)
    assert found
    mine.post("/organisation/close", {"otp": build.otp(house, owner)}).expect(204)
    body = {"token": found[1], "name": "Late", "password": "a sentence is good"}
    assert client.post("/invitations/accept", body).expect(404).code == "invitation_not_found"
    client.post("/invitations/look-up", {"token": found[1]}).expect(404)
