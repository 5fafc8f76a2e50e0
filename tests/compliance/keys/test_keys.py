"""API keys through the HTTP API: made, shown once, rotated without an outage, revoked; and who may not."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from compliance.identity import service as identity_service
from compliance.identity import standing
from compliance.keys import queries
from compliance.keys.events import KeyChanged
from compliance.keys.rules import KEY_PATTERN, MOST_KEYS
from compliance.keys.types import CompiledKey
from core.db import Uow
from core.house import House
from core.ids import new_id
from tests import build
from tests.client import Answer, ApiClient

DAY = timedelta(days=1)


@pytest.fixture
def owner(house: House) -> build.Built:
    return build.organisation(house)


@pytest.fixture
def developer(client: ApiClient, owner: build.Built) -> ApiClient:
    return ApiClient(client.app, owner.token)


def _member(client: ApiClient, owner: build.Built, role: str) -> ApiClient:
    return ApiClient(client.app, build.member(client.app.extensions["house"], owner, role).token)


def _made(developer: ApiClient, **fields: Any) -> Any:
    return developer.post("/keys", {"name": "nightly"} | fields).expect(201).json


def _compiled(house: House, key_id: str) -> CompiledKey:
    (found,) = house.db.read(lambda uow: queries.compiled(uow, [key_id]))
    return found


def _log(house: House) -> str:
    """Everything that the audit log, the outbox and stored answers hold, as one text."""
    with house.db.engine.connect() as connection:
        rows = [
            row
            for table in ("audit_entry", "outbox", "idempotency", "api_key")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    return " ".join(bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for row in rows for v in row)


def _actions(house: House) -> list[str]:
    with house.db.engine.connect() as connection:
        statement = "SELECT action FROM audit_entry WHERE action LIKE %s ORDER BY id"
        kind = statement % "'key:%'" if house.db.sqlite else statement % "'key:%%'"
        return list(connection.exec_driver_sql(kind).scalars())


def test_a_key_is_shown_once_and_only_its_hash_is_kept(developer: ApiClient, house: House) -> None:
    answer = developer.post("/keys", {"name": "nightly"}, key="k1").expect(201)
    key, made = answer.json["key"], answer.json["made"]
    parts = KEY_PATTERN.match(key)
    assert parts
    assert made["prefix"] == f"ph_live_{parts[2]}"
    assert (made["mode"], made["listing_ids"], made["expires_at"], made["state"]) == ("live", None, None, "active")
    assert "key" not in made
    assert answer.headers["Cache-Control"] == "private, no-store"
    listed = developer.get("/keys").expect(200)
    assert [each["id"] for each in listed.json["items"]] == [made["id"]]
    shown = developer.get(f"/keys/{made['id']}").expect(200)
    assert key not in listed.body.decode() + shown.body.decode() + _log(house)
    compiled = _compiled(house, made["id"])
    assert compiled.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert (compiled.prefix, compiled.state, compiled.mode) == (parts[2], "active", "live")
    assert _actions(house) == ["key:create"]


def test_a_repeated_request_with_an_idempotency_key_keeps_no_key_in_clear(developer: ApiClient, house: House) -> None:
    first, second = (developer.post("/keys", {"name": "nightly"}, key="same").expect(201).json for _ in range(2))
    assert first["key"] != second["key"]
    assert first["key"] not in _log(house)


def test_a_key_for_some_listings_in_test_mode_with_an_expiry(
    developer: ApiClient, house: House, owner: build.Built
) -> None:
    listings = [new_id("lst"), new_id("lst")]
    expires = (house.clock.now() + DAY).isoformat()
    made = _made(developer, mode="test", listing_ids=[*listings, listings[0]], expires_at=expires)["made"]
    compiled = _compiled(house, made["id"])
    assert (compiled.mode, compiled.listing_ids) == ("test", tuple(listings))
    assert compiled.expires_at == house.clock.now().fromisoformat(expires)
    house.clock.advance(DAY)
    developer = ApiClient(developer.app).sign_in(owner.email, build.PASSWORD)
    assert developer.get(f"/keys/{made['id']}").json["state"] == "expired"
    assert house.db.read(queries.compiled) == []
    assert _compiled(house, made["id"]).state == "active"  # that it has expired is for the gateway to see


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"name": ""}, "invalid", "name"),
        ({"name": "a\x00b"}, "invalid", "name"),
        ({"name": "n", "mode": "prod"}, "invalid", "mode"),
        ({"name": "n", "listing_ids": []}, "invalid", "listing_ids"),
        ({"name": "n", "listing_ids": ["lst_1"]}, "invalid", "listing_ids.0"),
        ({"name": "n", "listing_ids": "all"}, "invalid", "listing_ids"),
        ({"name": "n", "expires_at": "2001-01-01T00:00:00Z"}, "expiry_invalid", "expires_at"),
        ({"name": "n", "expires_at": "2126-01-01T00:00:00Z"}, "expiry_invalid", "expires_at"),
        ({"name": "n", "expires_at": "2126-01-01T00:00:00"}, "invalid", "expires_at"),
        ({"name": "n", "key": "ph_live_mine"}, "invalid", "key"),
    ],
)
def test_a_key_that_cannot_be_is_told_why_and_nothing_is_made(
    developer: ApiClient, house: House, body: Any, code: str, field: str
) -> None:
    answer = developer.post("/keys", body).expect(422)
    assert (answer.code, answer.json["field"]) == (code, field)
    assert house.db.read(queries.compiled) == []
    assert _actions(house) == []


def test_rotation_leaves_no_gap(developer: ApiClient, house: House, owner: build.Built) -> None:
    listings = [new_id("lst")]
    expires = house.clock.now() + 30 * DAY
    old = _made(developer, mode="test", listing_ids=listings, expires_at=expires.isoformat())
    house.clock.advance(10 * DAY)
    developer = ApiClient(developer.app).sign_in(owner.email, build.PASSWORD)
    path = f"/keys/{old['made']['id']}"
    successor = developer.post(f"{path}/rotate", {"overlap_hours": 48}).expect(201).json
    assert successor["key"] != old["key"]
    assert (successor["made"]["mode"], successor["made"]["listing_ids"]) == ("test", listings)
    both = {each.id: each for each in house.db.read(queries.compiled)}
    assert set(both) == {old["made"]["id"], successor["made"]["id"]}
    left = both[old["made"]["id"]].expires_at - house.clock.now()  # type: ignore[operator]
    assert timedelta(hours=47) < left <= timedelta(hours=48)
    lives = both[successor["made"]["id"]].expires_at - house.clock.now()  # type: ignore[operator]
    assert 29 * DAY < lives <= 30 * DAY
    assert developer.get(path).json["successor_id"] == successor["made"]["id"]
    assert developer.post(f"{path}/rotate").expect(409).code == "key_has_successor"
    house.clock.advance(timedelta(hours=49))
    assert [each.id for each in house.db.read(queries.compiled)] == [successor["made"]["id"]]
    assert _actions(house) == ["key:create", "key:rotate", "key:create"]


def test_the_overlap_never_lengthens_a_life(developer: ApiClient, house: House) -> None:
    expires = house.clock.now() + timedelta(hours=3)
    old = _made(developer, expires_at=expires.isoformat())["made"]
    developer.post(f"/keys/{old['id']}/rotate", {"overlap_hours": 48}).expect(201)
    assert _compiled(house, old["id"]).expires_at == expires
    house.clock.advance(timedelta(hours=4))
    assert developer.post(f"/keys/{old['id']}/rotate").expect(409).code == "key_ended"


@pytest.mark.parametrize("hours", [-1, 721, "24", 1.5, None])
def test_an_overlap_that_cannot_be_is_refused(developer: ApiClient, house: House, hours: Any) -> None:
    made = _made(developer)["made"]
    assert developer.post(f"/keys/{made['id']}/rotate", {"overlap_hours": hours}).expect(422).code == "invalid"
    assert len(house.db.read(queries.compiled)) == 1


def test_a_revoked_key_is_gone_for_good(developer: ApiClient, house: House) -> None:
    made = _made(developer)["made"]
    path = f"/keys/{made['id']}"
    first, again = (developer.post(f"{path}/revoke").expect(200).json for _ in range(2))
    assert first == again
    assert first["state"] == "revoked"
    assert house.db.read(queries.compiled) == []
    assert _compiled(house, made["id"]).state == "revoked"
    assert developer.post(f"{path}/rotate").expect(409).code == "key_ended"
    assert _actions(house) == ["key:create", "key:revoke"]


def test_fifty_keys_are_enough(developer: ApiClient, house: House) -> None:
    made = [_made(developer)["made"] for _ in range(MOST_KEYS)]
    assert developer.post("/keys", {"name": "one more"}).expect(409).code == "too_many_keys"
    assert len(house.db.read(queries.compiled)) == MOST_KEYS
    developer.post(f"/keys/{made[0]['id']}/rotate").expect(201)  # no outage because of a full list
    developer.post(f"/keys/{made[0]['id']}/revoke").expect(200)
    developer.post(f"/keys/{made[1]['id']}/revoke").expect(200)
    _made(developer)


@pytest.mark.parametrize("role", ["supplier", "buyer", "finance"])
def test_only_developers_and_owners(client: ApiClient, house: House, owner: build.Built, role: str) -> None:
    made = _made(ApiClient(client.app, owner.token))["made"]
    member = _member(client, owner, role)
    answers = [
        member.get("/keys"), member.get(f"/keys/{made['id']}"), member.post("/keys", {"name": "n"}),
        member.post(f"/keys/{made['id']}/rotate"), member.post(f"/keys/{made['id']}/revoke"),
    ]  # fmt: skip
    assert {answer.expect(403).code for answer in answers} == {"developer_role_needed"}
    assert [each.id for each in house.db.read(queries.compiled)] == [made["id"]]
    _made(_member(client, owner, "developer"))


def test_people_of_the_platform_have_no_keys(client: ApiClient, house: House) -> None:
    officer = ApiClient(client.app, build.platform_person(house, "officer", "operator").token)
    officer.get("/keys").expect(403)
    officer.post("/keys", {"name": "n"}).expect(403)
    assert house.db.read(queries.compiled) == []


def test_a_suspended_organisation_makes_none_and_may_revoke(
    developer: ApiClient, house: House, owner: build.Built
) -> None:
    made = _made(developer)["made"]
    organisation_id = str(owner.organisation_id)
    house.db.write(lambda uow: identity_service.set_qualification(uow, organisation_id, state="suspended"))
    assert developer.post("/keys", {"name": "n"}).expect(403).code == "organisation_suspended"
    assert developer.post(f"/keys/{made['id']}/rotate").expect(403).code == "organisation_suspended"
    assert len(house.db.read(queries.compiled)) == 1
    developer.post(f"/keys/{made['id']}/revoke").expect(200)


def test_the_keys_of_a_disabled_account_stop_and_nobody_elses(
    client: ApiClient, house: House, owner: build.Built, told: list[str]
) -> None:
    kept = _made(ApiClient(client.app, owner.token))["made"]["id"]
    leaver = _member(client, owner, "developer")
    gone = _made(leaver)["made"]["id"]
    (email,) = (
        m["email"]
        for m in ApiClient(client.app, owner.token).get("/members").json["items"]
        if "developer" in m["roles"]
    )
    told.clear()
    house.db.write(lambda uow: standing.disable_account(uow, email=email))
    assert told == [gone]
    assert (_compiled(house, gone).state, _compiled(house, kept).state) == ("revoked", "active")
    leaver.get("/keys").expect(401)


@pytest.fixture
def told(house: House) -> list[str]:
    """The ids of keys of which gateways would be told."""
    heard: list[str] = []
    house.registry.inline(KeyChanged, lambda _uow, event: heard.append(event.key_id))
    return heard


def test_every_change_is_told_in_its_own_unit(developer: ApiClient, house: House, told: list[str]) -> None:
    old = _made(developer)["made"]["id"]
    new = developer.post(f"/keys/{old}/rotate").expect(201).json["made"]["id"]
    developer.post(f"/keys/{new}/revoke").expect(200)
    assert told == [old, old, new, new]


def test_a_change_that_cannot_be_told_is_not_made(developer: ApiClient, house: House) -> None:
    def veto(_uow: Uow, _event: KeyChanged) -> None:
        raise RuntimeError("the change table cannot be written")

    house.registry.inline(KeyChanged, veto)
    developer.app.testing = False
    assert developer.post("/keys", {"name": "n"}).status == 500
    assert (house.db.read(queries.compiled), _actions(house)) == ([], [])


def test_the_exchanges_own_api_takes_no_key(client: ApiClient, developer: ApiClient) -> None:
    key = _made(developer)["key"]
    answers: list[Answer] = [
        ApiClient(client.app, key).get("/me"),
        ApiClient(client.app, key).get("/listings"),
        client.get("/me", X_Api_Key=key),
        ApiClient(client.app, "eyJhbGciOiJub25lIn0.e30.").get("/me"),
    ]
    for answer in answers:
        assert answer.expect(401).code == "gateway_credential"
        assert "sessions" in answer.json["hint"]
    assert json.dumps(key) not in "".join(answer.body.decode() for answer in answers)


def test_pages_of_keys_follow_each_other(developer: ApiClient) -> None:
    made = [_made(developer)["made"]["id"] for _ in range(3)]
    first = developer.get("/keys?limit=2").expect(200).json
    rest = developer.get(f"/keys?limit=2&cursor={first['next_cursor']}").expect(200).json
    assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None


def test_uses_are_noted_and_never_set_back(developer: ApiClient, house: House) -> None:
    from compliance.keys import service

    made = _made(developer)["made"]["id"]
    now = house.clock.now()
    for at in (now, now - DAY):
        house.db.write(lambda uow, at=at: service.note_uses(uow, {made: at, "cli_other": at}))  # type: ignore[misc]
    assert developer.get(f"/keys/{made}").json["last_used_at"] == now.isoformat().replace("+00:00", "Z")
