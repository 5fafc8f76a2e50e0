"""Keys, clients and usage on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from compliance.keys import queries as keys
from core.house import House
from exchange.web import charts
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


def _keys(house: House, who: build.Built) -> list[str]:
    return [key.state for key in house.db.read(lambda uow: keys.keys(uow, who.actor)).items]


def test_a_key_is_shown_once(browser: Open, house: House) -> None:
    who = build.organisation(house)
    person = browser().sign_in(who)
    person.get("/keys")
    made = person.send("/keys", status=201, kind="key", name="nightly", mode="test", days="90").text
    shown = re.findall(r"ph_test_[0-9a-z]{8}_[\w-]{43}", made)
    assert len(set(shown)) == 1
    assert f"X-Api-Key: {shown[0]}" in made.replace("&#39;", "'")
    again = person.get("/keys")
    assert shown[0] not in again
    assert shown[0][:16] in again


def test_a_key_is_rotated_and_revoked(browser: Open, house: House) -> None:
    who = build.organisation(house)
    person = browser("zh").sign_in(who)
    person.get("/keys")
    person.send("/keys", status=201, kind="key", name="nightly", mode="live")
    key_id = house.db.read(lambda uow: keys.keys(uow, who.actor)).items[0].id
    assert "ph_live_" in person.send(f"/keys/{key_id}/rotate", status=201, overlap_hours="2").text
    assert _keys(house, who) == ["active", "active"]
    person.send(f"/keys/{key_id}/revoke")
    assert _keys(house, who) == ["active", "revoked"]


def test_a_client_gets_its_secret_once(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    person.get("/keys")
    made = person.send("/keys", status=201, kind="client", name="batch", mode="live").text
    secret = re.search(r'class="secret">([^<]+)<', made)
    assert secret is not None
    assert "/oauth/token" in made
    assert secret[1] not in person.get("/keys")


def test_a_wrong_field_is_named_and_nothing_is_made(browser: Open, house: House) -> None:
    who = build.organisation(house)
    person = browser().sign_in(who)
    person.get("/keys")
    assert 'id="field-name-error"' in person.send("/keys", status=422, kind="key", name=" ", mode="live").text
    assert _keys(house, who) == []


def test_another_organisations_key_is_not_found(browser: Open, house: House) -> None:
    owner, other = build.organisation(house), build.organisation(house)
    first, second = browser().sign_in(owner), browser().sign_in(other)
    first.get("/keys")
    first.send("/keys", status=201, kind="key", name="nightly", mode="live")
    key_id = house.db.read(lambda uow: keys.keys(uow, owner.actor)).items[0].id
    second.get("/keys")
    for deed in ("rotate", "revoke"):
        second.send(f"/keys/{key_id}/{deed}", status=404)
    assert _keys(house, owner) == ["active"]


def test_usage_is_empty_before_the_first_call_and_asks_who_looks(browser: Open, house: House) -> None:
    assert browser().client.get("/usage").status_code == 303
    person = browser().sign_in(build.organisation(house))
    assert "No calls yet" in person.get("/usage?by=hour&until=not-a-time")
    person.get("/usage?entitlement=ent_01m8bw2vjne1sa1sa64sgwjp0x", status=404)


def test_bars_stand_upon_each_other_and_reach_the_axis() -> None:
    chart = charts.stacked([("a", {"hit": 3, "miss": 1}), ("b", {}), ("c", {"refused": 10})])
    hit, miss, refused = chart.bars
    assert hit.y + hit.height == 196
    assert abs(miss.y + miss.height - hit.y) < 0.2
    assert abs(hit.height / miss.height - 3) < 0.02
    assert refused.y >= 8
    assert [value for _, value in chart.lines] == [0, 2, 4, 6, 8, 10]
    assert charts.stacked([]).bars == ()
