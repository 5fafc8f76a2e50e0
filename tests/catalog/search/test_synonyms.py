"""Operators keep synonyms; they count at once, without an index built anew."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catalog.search import queries
from catalog.search.synonyms import service
from catalog.search.synonyms.errors import SynonymsInvalid, SynonymsNotFound
from catalog.search.types import SearchParams
from compliance.policy import PolicyRefused
from core.actor import ANONYMOUS
from core.house import House
from tests import build
from tests.catalog.search.test_searching import draft, put_on_sale, settle
from tests.client import ApiClient


def found(house: House, text: str) -> int:
    return queries.search(house, ANONYMOUS, SearchParams(text=text)).total


def test_they_count_at_once_both_ways_and_no_longer(house: House) -> None:
    operator = build.platform_person(house, "operator")
    put_on_sale(house, draft(house, build.organisation(house), "激光雷达采集"))
    settle(house)
    assert found(house, "光探") == found(house, "LiDAR scans") == 0
    made = house.db.write(lambda uow: service.add(uow, operator.actor, words=["激光雷达", "光探", "lidar scan"]))
    assert found(house, "光探") == found(house, "LiDAR scans") == 1
    (hit,) = queries.search(house, ANONYMOUS, SearchParams(text="光探")).hits
    assert [piece.text for piece in hit.marked_title["zh"] if piece.hit] == ["激光雷达"]
    house.db.write(lambda uow: service.change(uow, operator.actor, made.id, words=["激光雷达", "雷扫"]))
    assert (found(house, "光探"), found(house, "雷扫")) == (0, 1)
    house.db.write(lambda uow: service.remove(uow, operator.actor, made.id))
    assert found(house, "雷扫") == 0


def test_words_of_both_scripts_count_both_ways(house: House) -> None:
    operator, supplier = build.platform_person(house, "operator"), build.organisation(house)
    for title in ("沪深行情", "北斗轨迹"):
        put_on_sale(house, draft(house, supplier, title))
    settle(house)
    for words in (["A股", "沪深"], ["GPS定位", "北斗"]):
        house.db.write(lambda uow, words=words: service.add(uow, operator.actor, words=words))  # type: ignore[misc]
    assert [found(house, text) for text in ("A股", "a 股", "Ａ股走势", "今日A股")] == [1, 1, 1, 1]
    assert [found(house, text) for text in ("GPS定位", "车辆GPS定位数据", "gps, 定位")] == [1, 1, 1]
    assert [found(house, text) for text in ("AB股", "A", "股")] == [0, 0, 0]
    (hit,) = queries.search(house, ANONYMOUS, SearchParams(text="A股")).hits
    assert [piece.text for piece in hit.marked_title["zh"] if piece.hit] == ["沪深"]


@pytest.mark.parametrize(
    "words",
    [[], ["one"], ["one", "one"], ["one", "，"], ["x" * 41, "y"], [str(n) for n in range(21)],
     ["one", "ONE"], ["社会保险", "社會保險"], ["dataset", "datasets"], ["a b c d e f", "g"], ["天" * 13, "g"]],
)  # fmt: skip
def test_what_is_no_line_of_synonyms(house: House, words: Sequence[str]) -> None:
    operator = build.platform_person(house, "operator")
    with pytest.raises(SynonymsInvalid):
        house.db.write(lambda uow: service.add(uow, operator.actor, words=words))
    assert house.db.read(lambda uow: service.lines(uow, operator.actor)) == []


def test_operators_only(house: House, client: ApiClient) -> None:
    operator, officer = build.platform_person(house, "operator"), build.platform_person(house, "officer")
    owner = build.organisation(house)
    for who in (owner, officer):
        with pytest.raises(PolicyRefused):
            house.db.write(lambda uow, who=who: service.add(uow, who.actor, words=["a", "b"]))  # type: ignore[misc]
        with pytest.raises(PolicyRefused):
            house.db.read(lambda uow, who=who: service.lines(uow, who.actor))  # type: ignore[misc]
    with pytest.raises(SynonymsNotFound):
        house.db.write(lambda uow: service.remove(uow, operator.actor, "syn_unknown"))
    theirs = ApiClient(client.app, operator.token)
    made = theirs.post("/synonyms", {"words": ["社保", "社会保险"]}, key="one").expect(201).json
    assert theirs.get("/synonyms").expect(200).json["items"] == [made]
    theirs.put(f"/synonyms/{made['id']}", {"words": ["社保"]}).expect(422)
    theirs.post(f"/synonyms/{made['id']}/remove", {}).expect(204)
    ApiClient(client.app, owner.token).get("/synonyms").expect(403)
