"""Saved searches tell an organisation's buyers of what is new, once, and of nothing they may not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from catalog.listings import service as listings
from catalog.search.lexicon import NONE
from catalog.search.saved import service
from catalog.search.saved.errors import SavedAlready, SavedSearchInvalid, SavedSearchNotFound
from catalog.search.saved.matching import answers
from compliance.policy import PolicyRefused
from core import outbox
from core.house import House
from exchange.notices import queries as notices
from tests import build
from tests.build import Built
from tests.catalog.search.documents import document
from tests.catalog.search.test_searching import draft, put_on_sale, settle
from tests.client import ApiClient


def told(house: House, who: Built) -> list[str]:
    while outbox.relay(house):
        pass
    found = house.db.read(lambda uow: notices.notices(uow, who.actor, limit=50)).items
    return [each.note for each in reversed(list(found)) if each.code == "search:found"]


def save(house: House, who: Built, text: str = "", **more: Any) -> str:
    return house.db.write(lambda uow: service.save(uow, who.actor, text=text, **more)).id


def look(house: House) -> None:
    house.clock.advance(timedelta(minutes=11))
    settle(house)
    service.tend(house)


def test_each_find_is_told_once_and_what_was_there_is_not(house: House) -> None:
    owner, buyer = build.organisation(house), build.organisation(house)
    put_on_sale(house, draft(house, owner, "城市道路点云"))
    save(house, buyer, "道路点云")
    look(house)
    assert told(house, buyer) == []
    put_on_sale(house, draft(house, owner, "高速道路点云"))
    put_on_sale(house, draft(house, owner, "道路噪声"))
    look(house)
    look(house)
    assert told(house, buyer) == ["高速道路点云"]


def test_a_search_is_kept_once(house: House) -> None:
    buyer, other = build.organisation(house), build.organisation(house)
    kept = save(house, buyer, "道路", filters={"kind": ["interface", "dataset"]})
    with pytest.raises(SavedAlready):
        save(
            house, buyer, " 道路 ", filters={"kind": ["dataset", "interface", "dataset"], "tier": []}, name="once more"
        )
    save(house, buyer, "道路", filters={"kind": ["dataset"]})
    save(house, other, "道路", filters={"kind": ["interface", "dataset"]})
    house.db.write(lambda uow: service.drop(uow, buyer.actor, kept))
    save(house, buyer, "道路", filters={"kind": ["interface", "dataset"]})
    with pytest.raises(SavedSearchInvalid):
        save(house, buyer, filters={"origin": [str(number) for number in range(service.MOST_VALUES + 1)]})


def test_nothing_is_told_that_may_not_be_seen(house: House) -> None:
    owner, buyer, registered = build.organisation(house), build.organisation(house), build.organisation(house, level=1)
    for who in (buyer, registered):
        save(house, who, "点云")
    hidden, secret = draft(house, owner, "港口点云"), draft(house, owner, "机场点云")
    put_on_sale(house, secret, tier=3)
    look(house)
    assert (told(house, buyer), told(house, registered)) == (["机场点云"], [])
    put_on_sale(house, hidden)
    settle(house)
    house.db.write(lambda uow: listings.withdraw(uow, owner.actor, hidden))
    look(house)
    assert told(house, buyer) == ["机场点云"]


def test_one_organisation_sees_nothing_of_anothers(house: House, client: ApiClient) -> None:
    buyer, other = build.organisation(house), build.organisation(house)
    kept = save(house, buyer, filters={"scene": ["driving"]})
    with pytest.raises(SavedSearchNotFound):
        house.db.read(lambda uow: service.get(uow, other.actor, kept))
    with pytest.raises(SavedSearchNotFound):
        house.db.write(lambda uow: service.drop(uow, other.actor, kept))
    with pytest.raises(PolicyRefused):
        save(house, build.member(house, other, "supplier"), "点云")
    theirs = ApiClient(client.app, other.token)
    made = (
        theirs.post("/saved-searches", {"text": "点云", "filters": {"scene": ["speech"]}}, key="one").expect(201).json
    )
    assert theirs.get("/saved-searches").expect(200).json["items"] == [made]
    theirs.post(f"/saved-searches/{kept}/drop", {}).expect(404)
    theirs.post(f"/saved-searches/{made['id']}/drop", {}).expect(204)
    assert len(house.db.read(lambda uow: service.own(uow, buyer.actor))) == 1


@pytest.mark.parametrize(
    "given",
    [{}, {"text": " "}, {"text": "x" * 301}, {"text": "13812345678"}, {"text": "a", "filters": {"owner": ["x"]}}],
)
def test_what_is_no_search(house: House, given: dict[str, Any]) -> None:
    with pytest.raises(SavedSearchInvalid):
        save(house, build.organisation(house), **given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 61, "at most 60 characters"), ("，" * 301, "at most 60 characters"), ("订单 123456", "at most 5 digits"),
        ("😀", "no words"), ("张三 13812345678", "names no person"), ("a\x00", "NUL"),
    ],
)  # fmt: skip
def test_why_a_search_is_not_kept(house: House, text: str, said: str) -> None:
    with pytest.raises(SavedSearchInvalid) as refused:
        save(house, build.organisation(house), text)
    assert said in str(refused.value.detail)


def test_a_search_with_years_is_kept(house: House) -> None:
    buyer = build.organisation(house)
    assert save(house, buyer, "2020-2025年 能源数据")


@pytest.mark.parametrize(
    ("text", "title", "worth"),
    [
        ("道路点云", "城市道路点云", True), ("道路点云", "道路噪声", False), ("weather", "气象观测", True),
        ("weather radar", "气象观测", False), ("企业工商信息", "企业工商登记信息", True), ("气象", "Weather", True),
        ("weather station", "Weather stations", True),
    ],
)  # fmt: skip
def test_an_alert_wants_nearly_all_of_what_was_asked(text: str, title: str, worth: bool) -> None:
    assert answers(document("a", zh=title), text, NONE) is worth
