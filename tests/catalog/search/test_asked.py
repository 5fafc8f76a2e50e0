"""What was asked is counted of nobody in particular, told to suppliers and operators, and forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.search import queries
from catalog.search.asked import queries as asked
from catalog.search.asked import service
from catalog.search.asked.tally import Tally
from catalog.search.types import SearchParams
from compliance.policy import PolicyRefused
from core.actor import ANONYMOUS, Actor
from core.house import House
from tests import build
from tests.catalog.search.test_searching import draft, put_on_sale, settle
from tests.client import ApiClient


def ask(house: House, actor: Actor, text: str, times: int = 1, *, first: int = 1) -> None:
    """Each time from another address, beginning with that one."""
    for number in range(first, first + times):
        queries.search(house, actor, SearchParams(text=text), peer=f"192.0.2.{number}")


def test_suppliers_see_what_showed_their_listings_and_what_nobody_has(house: House) -> None:
    owner, other, operator = (
        build.organisation(house), build.organisation(house), build.platform_person(house, "operator"),
    )  # fmt: skip
    for title in ("城市道路点云", "港口点云"):
        put_on_sale(house, draft(house, owner, title))
    settle(house)
    ask(house, ANONYMOUS, "點雲", times=3)
    ask(house, ANONYMOUS, "港口点云", times=2)
    ask(house, ANONYMOUS, "火星车", times=4)
    ask(house, ANONYMOUS, "道路", times=2)
    ask(house, other.actor, "道路", times=5)
    service.flush(house)
    own = house.db.read(lambda uow: asked.showed_own(uow, owner.actor))
    assert [(each.words, each.times, each.listings) for each in own] == [("点云", 3, 2), ("道路", 3, 1)]
    assert house.db.read(lambda uow: asked.showed_own(uow, other.actor)) == []
    for who in (owner, operator):
        (nothing,) = house.db.read(lambda uow, who=who: asked.found_nothing(uow, who.actor))  # type: ignore[misc]
        assert (nothing.words, nothing.times, nothing.nothing) == ("火星车", 4, 4)
    assert len(house.db.read(lambda uow: asked.most(uow, operator.actor))) == 3
    for who in (owner, build.member(house, owner, "buyer")):
        with pytest.raises(PolicyRefused):
            house.db.read(lambda uow, who=who: asked.most(uow, who.actor))  # type: ignore[misc]
    house.clock.advance(timedelta(days=32))
    assert house.db.write(service.forget_old) == 9
    assert house.db.read(lambda uow: asked.most(uow, operator.actor)) == []


def test_sums_of_two_processes_add_up(house: House) -> None:
    operator = build.platform_person(house, "operator")
    for first in (1, 3):
        ask(house, ANONYMOUS, "火星车", times=2, first=first)
        service.flush(house)
    service.flush(house)
    (only,) = house.db.read(lambda uow: asked.most(uow, operator.actor))
    assert only.times == 4


def test_who_has_not_signed_in_counts_once_a_day(house: House) -> None:
    operator = build.platform_person(house, "operator")
    one, another = ("192.0.2.7", "::ffff:192.0.2.7"), ("2001:db8::1", "2001:db8::2")
    for peer in (*one, *one, *another, "", ""):
        queries.search(house, ANONYMOUS, SearchParams(text="火星车"), peer=peer)
    for _ in range(3):
        queries.search(house, ANONYMOUS, SearchParams(text="水星车"), peer="192.0.2.7")
    assert "192.0.2" not in repr(house.adapter(Tally))
    assert "2001:db8" not in repr(house.adapter(Tally))
    service.flush(house)
    (only,) = house.db.read(lambda uow: asked.found_nothing(uow, operator.actor))
    assert (only.words, only.times) == ("火星车", 3)
    house.clock.advance(timedelta(days=1))
    queries.search(house, ANONYMOUS, SearchParams(text="火星车"), peer="192.0.2.7")
    service.flush(house)
    assert [each.times for each in house.db.read(lambda uow: asked.most(uow, operator.actor))] == [4]


def test_the_api_tells_addresses_apart(house: House, client: ApiClient) -> None:
    operator = build.platform_person(house, "operator")
    for _ in range(3):
        client.get("/search?q=火星车")
    service.flush(house)
    assert house.db.read(lambda uow: asked.most(uow, operator.actor)) == []


@pytest.mark.parametrize(
    "text",
    [
        "13812345678", "write to me@example.org", "110101199003070038", "张三 13812345678", "，。", "x" * 61,
        "123456", "19901203", "010-8765 2011", "110101 1990 0307 0038", "6222 0200 1111 2222", "2024 123456", "😀",
    ],
)  # fmt: skip
def test_what_may_name_somebody_is_not_kept(text: str) -> None:
    assert service.fit_to_keep(text) == ""


@pytest.mark.parametrize(
    "text", ["气象 2023 2024", "2020-2025年 能源数据", "GB/T 36344-2018 数据质量", "1999, 2000, 2001"]
)
def test_years_are_nobodys_number(text: str) -> None:
    assert service.unfit(text) is None


def test_what_is_kept_is_spelled_as_it_is_compared() -> None:
    assert service.fit_to_keep(" 點雲，Point-Clouds 5g ") == "点云 point clouds 5g"
