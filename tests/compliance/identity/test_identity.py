"""Registration, sign-in and sessions, through the HTTP API."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from compliance.identity import service
from compliance.identity.errors import PasswordTooWeak, SignInFailed
from compliance.identity.rules import check_password, password_matches
from core.house import House
from core.problems import DomainError
from tests import build
from tests.client import ApiClient
from tests.credit_codes import credit_code

REGISTRATION = {
    "organisation": {
        "name": "平遥云图数据有限公司",
        "name_en": "Pingyao Cloud Atlas",
        "credit_code": credit_code(7001),
    },
    "person": {"name": "乔致", "email": "Qiao@Example.org", "password": "correct horse battery"},
}


def _with(part: str, **changes: str) -> dict[str, dict[str, str]]:
    return {**REGISTRATION, part: {**REGISTRATION[part], **changes}}


def test_a_stranger_registers_and_signs_in(client: ApiClient) -> None:
    made = client.post("/registrations", REGISTRATION).expect(201).json
    assert (made["state"], made["level"]) == ("registered", 1)
    me = client.sign_in("qiao@example.org", "correct horse battery").get("/me").expect(200).json
    assert me["organisation"]["id"] == made["id"]
    assert me["roles"] == ["owner"]


@pytest.mark.parametrize(
    ("asked", "header", "kept"),
    [("zh", "", "zh"), ("en", "zh", "en"), (None, "zh-CN,zh;q=0.9", "zh"), (None, "", "en")],
)
def test_a_person_has_the_language_that_was_chosen_or_spoken(
    client: ApiClient, asked: str | None, header: str, kept: str
) -> None:
    body = _with("person", language=asked) if asked else REGISTRATION
    client.send("POST", "/registrations", json=body, headers={"Accept-Language": header}).expect(201)
    assert client.sign_in("qiao@example.org", "correct horse battery").get("/me").json["language"] == kept


def test_a_language_that_nobody_speaks_here_is_refused(client: ApiClient) -> None:
    answer = client.post("/registrations", _with("person", language="eo")).expect(422)
    assert answer.json["field"] == "person.language"


@pytest.mark.parametrize(
    ("spoken", "said"), [("zh", "不能购买本机构的条目"), ("en", "its own listing"), ("", "own listing")]
)
def test_policy_speaks_the_language_of_the_request_whoever_asks(
    client: ApiClient, house: House, spoken: str, said: str
) -> None:
    supplier = build.organisation(house)
    listing = build.listed(house, supplier)
    assert supplier.actor.language == "zh"
    assert listing.offer is not None
    body = {"listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": True}
    asked = ApiClient(client.app, supplier.token)
    refused = asked.send("POST", "/orders", json=body, headers={"Accept-Language": spoken}).expect(403)
    assert said in refused.json["detail"]


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (_with("organisation", credit_code="91140728MA0K12345X"), "credit_code_invalid", "credit_code"),
        (_with("organisation", name=""), "invalid", "organisation.name"),
        (_with("organisation", origin="martian"), "invalid", "organisation.origin"),
        (_with("person", email="nobody"), "email_invalid", "email"),
        (_with("person", password="short"), "password_too_weak", "password"),
        (_with("person", password="aaaaaaaaaaaaaa"), "password_too_weak", "password"),
        (REGISTRATION | {"extra": 1}, "invalid", "extra"),
        ([], "invalid", ""),
    ],
)
def test_a_registration_that_cannot_be_is_told_why_and_leaves_nothing(
    client: ApiClient, body: object, code: str, field: str
) -> None:
    answer = client.post("/registrations", body).expect(422)
    assert answer.code == code
    assert answer.json.get("field", "") == field
    client.post("/registrations", REGISTRATION).expect(201)


def test_a_credit_code_and_an_address_register_once(client: ApiClient) -> None:
    client.post("/registrations", REGISTRATION).expect(201)
    assert client.post("/registrations", _with("person", email="x@example.org")).expect(409).code == "credit_code_taken"
    other = _with("organisation", credit_code=credit_code(7002))
    assert client.post("/registrations", other).expect(409).code == "email_taken"


def test_a_replayed_registration_is_one_registration(client: ApiClient) -> None:
    first = client.post("/registrations", REGISTRATION, key="k1").expect(201)
    again = client.post("/registrations", REGISTRATION, key="k1").expect(201)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.post("/registrations", _with("organisation", name="别的名字"), key="k1").expect(422)
    assert other.code == "idempotency_key_reused"


def test_failures_in_a_row_must_wait_also_with_the_right_password(client: ApiClient, house: House) -> None:
    person = build.organisation(house)
    for _ in range(5):
        wrong = client.post("/sessions", {"email": person.email, "password": "wrong"})
        assert wrong.expect(401).code == "sign_in_failed"
    blocked = client.post("/sessions", {"email": person.email, "password": build.PASSWORD}).expect(429)
    assert int(blocked.headers["Retry-After"]) >= 1
    house.clock.advance(timedelta(minutes=16))
    client.sign_in(person.email, build.PASSWORD)


def test_an_unknown_address_is_answered_like_a_wrong_password(client: ApiClient, house: House) -> None:
    person = build.organisation(house)
    wrong = client.post("/sessions", {"email": person.email, "password": "wrong"})
    unknown = client.post("/sessions", {"email": "unknown@example.org", "password": "wrong"})
    assert (wrong.status, wrong.json) == (unknown.status, unknown.json)


def test_sessions_are_seen_and_ended_by_their_owner_only(client: ApiClient, house: House) -> None:
    mine, other = build.organisation(house), build.organisation(house)
    first, second = (client.sign_in(mine.email, build.PASSWORD) for _ in range(2))
    listed = first.get("/sessions").expect(200).json["items"]
    assert len(listed) == 3, "the builder's own and these two"
    (current,) = (s["id"] for s in second.get("/sessions").json["items"] if s["current"])
    stranger = ApiClient(client.app, other.token)
    assert stranger.delete(f"/sessions/{current}").expect(404).code == "session_not_found"
    second.get("/me").expect(200)
    first.delete(f"/sessions/{current}").expect(204)
    assert second.get("/me").expect(401).code == "sign_in_required"


def test_a_session_ends_by_itself(client: ApiClient, house: House) -> None:
    person = build.organisation(house)
    mine = ApiClient(client.app, person.token)
    mine.get("/me").expect(200)
    house.clock.advance(timedelta(hours=house.settings.session_hours + 1))
    mine.get("/me").expect(401)


def test_nobody_makes_an_account_for_somebody_else(client: ApiClient, house: House) -> None:
    """Who chose the password, or the device, of a second person would be both people of a four-eyes step."""
    who = build.organisation(house)
    owner, member = ApiClient(client.app, who.token), build.member(house, who, "buyer")
    buyer = {"name": "采购", "email": "buyer@example.org", "password": "correct horse battery", "roles": ["buyer"]}
    owner.post("/members", buyer).expect(405)
    client.post("/sessions", {"email": buyer["email"], "password": buyer["password"]}).expect(401)
    (account,) = (m["id"] for m in owner.get("/members").json["items"] if m["roles"] == ["buyer"])
    for path in ("password", "second-factor", "reset", "sessions"):
        owner.post(f"/members/{account}/{path}", {"password": "another sentence", "otp": ""}).expect(404)
    assert client.sign_in(member.email, build.PASSWORD).get("/me").json["roles"] == ["buyer"]


def test_another_organisation_is_seen_without_its_particulars(client: ApiClient, house: House) -> None:
    mine, other = build.organisation(house), build.organisation(house)
    seen = ApiClient(client.app, mine.token).get(f"/organisations/{other.organisation_id}").expect(200).json
    assert set(seen) == {"id", "name", "name_en", "country", "origin", "level"}
    client.get(f"/organisations/{other.organisation_id}").expect(401)


def test_particulars_are_mended_only_at_the_version_read(client: ApiClient, house: House) -> None:
    mine = ApiClient(client.app, build.organisation(house, level=1).token)
    path = f"/organisations/{mine.get('/me').json['organisation']['id']}"
    read = mine.get(path).expect(200)
    body = {"name": "新名称", "name_en": "", "credit_code": read.json["credit_code"]}
    assert mine.patch(path, body).expect(428).code == "if_match_required"
    mended = mine.patch(path, body, etag=read.etag).expect(200)
    assert mended.json["name"] == "新名称"
    assert mine.patch(path, body, etag=read.etag).expect(412).code == "stale_version"


@pytest.mark.parametrize("password", ["", "short", "a" * 201, "ababababab", "person@example.org"])
def test_weak_passwords(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_password(password, "person@example.org")


def test_a_password_that_was_changed_while_it_was_verified_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = build.person()
    house.db.write(lambda uow: service.create_platform_person(uow, who, ["operator"]))

    def slowly(stored: str | None, password: str) -> bool:
        house.db.write(lambda uow: service.set_password(uow, email=who.email, password_hash="$argon2id$other"))
        return password_matches(stored, password)

    monkeypatch.setattr(service, "password_matches", slowly)
    with pytest.raises(SignInFailed):
        service.sign_in(house, email=who.email, password=build.PASSWORD)


def test_guesses_at_once_are_no_more_than_guesses_one_after_the_other(house: House) -> None:
    """The right password among the last of them is not told from the wrong ones."""
    who, other = build.organisation(house), build.organisation(house)

    def guess(password: str) -> str:
        try:
            service.sign_in(house, email=who.email, password=password, peer="192.0.2.7")
        except DomainError as refused:
            return refused.code
        return "right"

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(guess, [f"wrong horse {number}" for number in range(8)]))
    assert answers == {"sign_in_failed": 5, "too_many_attempts": 3}
    assert guess(build.PASSWORD) == "too_many_attempts"
    service.sign_in(house, email=other.email, password=build.PASSWORD, peer="192.0.2.7")
