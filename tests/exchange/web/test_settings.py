"""The pages of one's account and organisation: members, invitations, second factor, a forgotten password."""

from __future__ import annotations

import re
from collections.abc import Callable

from compliance.identity import factors
from core.house import House
from core.outbox import relay
from tests import build
from tests.exchange.web.browser import Browser
from tests.letters import letters

Open = Callable[..., Browser]


def _link(house: House) -> str:
    relay(house)
    found = re.search(r"https?://[^/]+(/\S+token=[\w-]+)", letters(house)[-1].body)
    assert found
    return found[1]


def test_somebody_is_invited_and_joins(browser: Open, house: House) -> None:
    owner = browser().sign_in(build.organisation(house))
    owner.get("/settings/members")
    assert "Choose at least one role" in owner.send("/settings/invitations", status=422, email="ada@example.org").text
    owner.send("/settings/invitations", email="ada@example.org", roles=["buyer"])
    assert "ada@example.org" in owner.get("/settings/members")
    link, guest = _link(house), browser()
    assert "invites ada@example.org" in guest.get(link)
    token = link.partition("token=")[2]
    guest.send("/invitation", status=422, token=token, name="Ada", password="short")
    guest.send("/invitation", token=token, name="Ada", password="a sentence is good")
    guest.get("/sign-in")
    guest.send("/sign-in", email="ada@example.org", password="a sentence is good")
    assert "Invite" not in guest.get("/settings/members")
    browser().get(link, status=404)
    page = owner.get("/settings/members")
    (path,) = set(re.findall(r"/settings/members/acc_\w+/roles", page))
    owner.send(path, roles=["finance"])
    owner.send(path.replace("/roles", "/remove"))
    assert "Ada" not in owner.get("/settings/members")


def test_a_second_factor_is_set_up_and_asked_for(browser: Open, house: House) -> None:
    who = build.organisation(house)
    person = browser().sign_in(who)
    person.get("/settings/security")
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', person.send("/settings/security/factor", status=200).text)
    assert secret
    device = build.Device(secret[1])
    assert 'name="otp"' in person.send("/settings/security/factor/confirm", status=403, otp="000000").text
    shown = person.send("/settings/security/factor/confirm", status=200, otp=device.next_code(house)).text
    assert len(re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", shown)) == 10
    person.send("/settings/security/keys/renew", otp=device.next_code(house))
    again = browser()
    again.get("/sign-in")
    again.send("/sign-in", status=403, email=who.email, password=build.PASSWORD)
    again.send("/sign-in", email=who.email, password=build.PASSWORD, otp=device.next_code(house))


def test_who_holds_a_role_of_the_platform_is_led_to_the_second_factor(browser: Open, house: House) -> None:
    officer = build.platform_person(house, "officer")
    house.db.write(lambda uow: factors.forget(uow, str(officer.actor.account_id)))
    person = browser()
    person.get("/sign-in")
    answer = person.send("/sign-in", email=officer.email, password=build.PASSWORD)
    assert answer.headers["Location"] == "/settings/security"
    assert "not set up" in person.get("/settings/security")


def test_a_forgotten_password_is_chosen_anew(browser: Open, house: House) -> None:
    who, person = build.organisation(house), browser()
    person.get("/reset")
    person.send("/reset", email=who.email)
    link = _link(house)
    person.get(link)
    person.send("/reset/confirm", token=link.partition("token=")[2], password="another sentence", otp="")
    person.get("/sign-in")
    person.send("/sign-in", status=401, email=who.email, password=build.PASSWORD)
    person.send("/sign-in", email=who.email, password="another sentence")


def test_an_organisation_is_handed_over_and_another_one_closed(browser: Open, house: House) -> None:
    owner = build.organisation(house, level=3)
    heir = build.member(house, owner, "finance")
    build.otp(house, heir)
    code = build.otp(house, owner)
    old, new = browser(), browser()
    for person, who in ((old, owner), (new, heir)):
        person.get("/sign-in")
        person.send("/sign-in", email=who.email, password=build.PASSWORD, otp=build.otp(house, who))
    old.get("/settings/organisation")
    old.send("/settings/ownership", account_id=str(heir.actor.account_id), otp=code, status=403)
    old.send("/settings/ownership", account_id=str(heir.actor.account_id), otp=build.otp(house, owner))
    path = re.search(r"/settings/ownership/otr_\w+/accept", new.get("/settings/organisation"))
    assert path
    new.send(path[0], otp=build.otp(house, heir))
    assert "Close the organisation" in new.get("/settings/organisation")
    assert "Close the organisation" not in old.get("/settings/organisation")
    new.send("/settings/organisation/close", otp=build.otp(house, heir))
    assert new.client.get("/desk").headers["Location"].startswith("/sign-in")


def test_a_person_is_forgotten_on_its_own_page(browser: Open, house: House) -> None:
    owner = build.organisation(house)
    person = browser().sign_in(build.member(house, owner, "buyer"))
    person.get("/settings/security")
    person.send("/settings/security/forget", otp="")
    assert person.client.get("/desk").headers["Location"].startswith("/sign-in")
    alone = browser().sign_in(owner)
    alone.get("/settings/security")
    assert "Nobody else owns the organisation" in alone.send("/settings/security/forget", status=409, otp="").text
