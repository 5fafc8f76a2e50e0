"""Announcements: made by operators, read by everybody in their language, from a time until a time."""

from __future__ import annotations

from datetime import timedelta

from core.house import House
from tests import build
from tests.client import Answer, ApiClient
from tests.exchange.web.browser import Browser


def _made(client: ApiClient, house: House, **more: str) -> Answer:
    until = house.clock.now() + timedelta(days=2)
    said = {"text_zh": "今晚维护", "text_en": "Maintenance tonight", "shows_until": until.isoformat()}
    return client.post("/announcements", said | more)


def _shown(client: ApiClient) -> list[str]:
    return [each["id"] for each in client.get("/announcements").expect(200).json["items"]]


def test_everybody_reads_what_an_operator_announced_until_it_ends(client: ApiClient, house: House) -> None:
    operator = ApiClient(client.app, build.platform_person(house, "operator").token)
    assert _shown(client) == []
    made = _made(operator, house, weight="warning").expect(201).json
    assert made["shown"] is True
    planned = _made(operator, house, shows_from=(house.clock.now() + timedelta(days=1)).isoformat()).expect(201).json
    assert planned["shown"] is False
    assert _shown(client) == [made["id"]]
    assert "Maintenance tonight" in Browser(client.app).get("/figures")
    assert "今晚维护" in Browser(client.app, "zh").get("/figures")
    operator.post(f"/announcements/{made['id']}/end").expect(200)
    operator.post(f"/announcements/{made['id']}/end").expect(409, "announcement_ended")
    assert _shown(client) == []
    house.clock.advance(timedelta(days=1, minutes=1))
    assert _shown(client) == [planned["id"]]
    house.clock.advance(timedelta(days=1))
    assert _shown(client) == []


def test_who_is_no_operator_and_what_is_no_time_is_refused(client: ApiClient, house: House) -> None:
    operator = ApiClient(client.app, build.platform_person(house, "operator").token)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    owner = ApiClient(client.app, build.organisation(house).token)
    _made(client, house).expect(401)
    for other in (officer, owner):
        _made(other, house).expect(403)
        other.get("/announcements/all").expect(403)
    now = house.clock.now()
    for begins, until in ((0, -1), (2, 1), (0, 400)):
        times = {"shows_from": now + timedelta(days=begins), "shows_until": now + timedelta(days=until)}
        wrong = {name: value.isoformat() for name, value in times.items()}
        _made(operator, house, **wrong).expect(422, "announcement_time_invalid")
    _made(operator, house, text_zh="x").expect(422)
    operator.post("/announcements/ann_none/end").expect(404, "announcement_not_found")
    assert operator.get("/announcements/all").expect(200).json["items"] == []


def test_operators_announce_and_end_by_the_page(client: ApiClient, house: House) -> None:
    browser = Browser(client.app).sign_in(build.platform_person(house, "operator"))
    browser.get("/announcements")
    until = (house.clock.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    browser.send("/announcements", text_zh="周末升级", text_en="Upgrade at the weekend", shows_until=until)
    assert "Upgrade at the weekend" in browser.get("/announcements")
    browser.send("/announcements", 422, text_zh="周末升级", text_en="Upgrade", shows_until="2020-01-01T00:00")
    (shown,) = _shown(client)
    browser.get("/announcements")
    browser.send(f"/announcements/{shown}/end")
    assert _shown(client) == []
    Browser(client.app).sign_in(build.organisation(house)).get("/announcements", 403)
