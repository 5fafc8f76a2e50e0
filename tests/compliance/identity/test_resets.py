"""A forgotten password."""

from __future__ import annotations

import re
from datetime import timedelta

from core.house import House
from core.outbox import relay
from tests import build
from tests.client import ApiClient
from tests.letters import letters

NEW = "another sentence entirely"


def _asked(client: ApiClient, house: House, email: str) -> str:
    client.post("/password-resets", {"email": email}).expect(202)
    relay(house)
    found = re.search(r"token=([\w-]+)", letters(house)[-1].body)
    assert found
    return found[1]


def test_the_link_of_a_letter_gives_a_new_password_once(client: ApiClient, house: House) -> None:
    who = build.organisation(house)
    other = _asked(client, house, who.email)
    token = _asked(client, house, who.email.upper())
    weak = client.post("/password-resets/confirm", {"token": token, "password": "short"})
    assert weak.code == "password_too_weak"
    client.post("/password-resets/confirm", {"token": token, "password": NEW}).expect(204)
    client.post("/sessions", {"email": who.email, "password": build.PASSWORD}).expect(401)
    client.sign_in(who.email, NEW).get("/me").expect(200)
    ApiClient(client.app, who.token).get("/me").expect(401)
    for spent in (token, other, "nothing"):
        answer = client.post("/password-resets/confirm", {"token": spent, "password": NEW})
        assert answer.expect(422).code == "reset_invalid"
    relay(house)
    assert "token=" not in letters(house)[-1].body


def test_an_unknown_address_is_answered_the_same_and_gets_no_letter(client: ApiClient, house: House) -> None:
    known = client.post("/password-resets", {"email": build.organisation(house).email})
    unknown = client.post("/password-resets", {"email": "nobody@example.org"})
    assert (known.status, known.body) == (unknown.status, unknown.body) == (202, b"{}")
    relay(house)
    assert len(letters(house)) == 1


def test_who_asks_again_and_again_waits(client: ApiClient, house: House) -> None:
    who = build.organisation(house)
    answers = [client.post("/password-resets", {"email": who.email}).status for _ in range(6)]
    assert (answers[0], answers[-1]) == (202, 429)


def test_a_link_is_good_for_an_hour(client: ApiClient, house: House) -> None:
    token = _asked(client, house, build.organisation(house).email)
    house.clock.advance(timedelta(hours=1))
    assert client.post("/password-resets/confirm", {"token": token, "password": NEW}).code == "reset_invalid"


def test_a_second_factor_stands_behind_a_new_password_too(client: ApiClient, house: House) -> None:
    who = build.platform_person(house, "officer")
    token = _asked(client, house, who.email)
    body = {"token": token, "password": NEW}
    assert client.post("/password-resets/confirm", body).expect(403).code == "second_factor_needed"
    assert client.post("/password-resets/confirm", body | {"otp": "000000"}).code == "second_factor_wrong"
    client.sign_in(who.email, build.PASSWORD)
    client.post("/password-resets/confirm", body | {"otp": build.otp(house, who)}).expect(204)
    assert client.sign_in(who.email, NEW).get("/me").json["platform_roles"] == ["officer"]
