"""The board of demands: who may do what on it, what both sides are told, and that bad input changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog.demands import queries, service
from catalog.demands.errors import (
    AnswerNotFound,
    DemandInvalid,
    DemandNotFound,
    DemandStateConflict,
    IdentifiersInText,
    ListingNotOnSale,
    ReportedAlready,
    TooManyAnswers,
)
from catalog.demands.types import AnswerSnapshot, DemandSnapshot
from catalog.listings.errors import ListingNotFound
from compliance.identity.events import OrganisationClosing
from compliance.policy import PolicyRefused
from core import outbox
from core.actor import ANONYMOUS
from core.db import Uow
from core.house import House
from core.money import AmountInvalid
from core.problems import DomainError, StaleVersion
from exchange.notices import queries as notices
from tests import build
from tests.build import Built
from tests.client import ApiClient


def given(house: House, **more: Any) -> dict[str, Any]:
    until = house.clock.now() + timedelta(days=10)
    return {"title": {"zh": "城市道路点云", "en": "Point clouds"}, "scene": "driving", "until": until} | more


def post(house: House, who: Built, **more: Any) -> DemandSnapshot:
    return house.db.write(lambda uow: service.post(uow, who.actor, fields=given(house, **more)))


def answer(house: House, who: Built, demand: DemandSnapshot, **more: Any) -> AnswerSnapshot:
    said = {"text": "we have it"} | more
    return house.db.write(lambda uow: service.answer(uow, who.actor, demand.id, **said))


def seen(house: House, who: Built, **asked: Any) -> list[str]:
    return [each.id for each in house.db.read(lambda uow: queries.board(uow, who.actor, **asked)).items]


def told(house: House, who: Built) -> list[str]:
    while outbox.relay(house):
        pass
    found = house.db.read(lambda uow: notices.notices(uow, who.actor, limit=50)).items
    return [each.code for each in reversed(list(found)) if each.topic == "demands"]


def refused(house: House, error: type[DomainError], work: Callable[[Uow], object]) -> None:
    with pytest.raises(error):
        house.db.write(work)


def test_from_posting_to_a_quote(house: House) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    demand = post(house, buyer, volume="两百万公里", lowest="1000.00", highest="5000.00", kind="dataset")
    assert (demand.state, demand.lowest, demand.highest) == ("open", 100_000, 500_000)
    first = answer(house, supplier, demand, listing_id=listing.id)
    second = answer(house, supplier, demand, text="另一种可以定制")
    assert told(house, buyer) == ["demand:answered", "demand:answered"]
    house.db.write(lambda uow: service.take_up(uow, buyer.actor, first.id))
    house.db.write(lambda uow: service.decline(uow, buyer.actor, second.id, reason="too late"))
    assert told(house, supplier) == ["demand:taken_up", "demand:declined"]
    house.db.write(lambda uow: service.close(uow, buyer.actor, demand.id))
    assert told(house, supplier)[-1] == "demand:closed"
    assert seen(house, supplier) == []
    kept = house.db.read(lambda uow: queries.answers(uow, supplier.actor, demand.id))
    assert [each.state for each in kept] == ["taken_up", "declined"]
    refused(house, DemandStateConflict, lambda uow: service.close(uow, buyer.actor, demand.id))
    again = house.db.write(lambda uow: service.reopen(uow, buyer.actor, demand.id, until=uow.now() + timedelta(days=1)))
    assert again.state == "open"


def test_who_sees_what(house: House) -> None:
    buyer, registered = build.organisation(house), build.organisation(house, level=1)
    one, other, stranger = build.organisation(house), build.organisation(house), build.organisation(house)
    reviewer = build.platform_person(house, "reviewer")
    demand = post(house, buyer)
    for who in (buyer, registered, one):
        assert seen(house, who) == [demand.id]
    refused(house, PolicyRefused, lambda uow: queries.board(uow, ANONYMOUS))
    mine = answer(house, one, demand)
    answer(house, other, demand)
    counts = {
        who: len(house.db.read(lambda uow, who=who: queries.answers(uow, who.actor, demand.id)))  # type: ignore[misc]
        for who in (buyer, reviewer, one, other, stranger, registered)
    }
    assert [counts[who] for who in (buyer, reviewer, one, other, stranger, registered)] == [2, 2, 1, 1, 0, 0]
    house.db.write(lambda uow: service.close(uow, buyer.actor, demand.id))
    for who in (stranger, registered):
        refused(house, DemandNotFound, lambda uow, who=who: queries.get(uow, who.actor, demand.id))  # type: ignore[misc]
    for who in (buyer, one, reviewer):
        assert house.db.read(lambda uow, who=who: queries.get(uow, who.actor, demand.id)).state == "closed"  # type: ignore[misc]
    for deed in (service.take_up, service.decline, service.withdraw_answer):
        refused(house, AnswerNotFound, lambda uow, deed=deed: deed(uow, stranger.actor, mine.id))  # type: ignore[misc]
    refused(house, PolicyRefused, lambda uow: service.take_up(uow, one.actor, mine.id))
    refused(house, PolicyRefused, lambda uow: service.withdraw_answer(uow, buyer.actor, mine.id))
    taken_back = house.db.write(lambda uow: service.withdraw_answer(uow, one.actor, mine.id))
    assert taken_back.state == "withdrawn"
    assert len(house.db.read(lambda uow: queries.answers(uow, buyer.actor, demand.id))) == 1


def test_who_may_post_and_answer(house: House) -> None:
    buyer, registered, supplier = (
        build.organisation(house), build.organisation(house, level=1), build.organisation(house),
    )  # fmt: skip
    demand = post(house, registered)
    refused(house, PolicyRefused, lambda uow: service.answer(uow, registered.actor, demand.id, text="myself"))
    refused(house, PolicyRefused, lambda uow: service.report(uow, registered.actor, demand.id, reason="myself"))
    refused(house, PolicyRefused, lambda uow: service.close(uow, buyer.actor, demand.id))
    only_supplies = build.member(house, buyer, "supplier")
    refused(house, PolicyRefused, lambda uow: service.post(uow, only_supplies.actor, fields=given(house)))
    only_buys = build.member(house, buyer, "buyer")
    refused(house, PolicyRefused, lambda uow: service.answer(uow, only_buys.actor, demand.id, text="we have it"))
    unproven = build.organisation(house, level=1)
    refused(house, PolicyRefused, lambda uow: service.answer(uow, unproven.actor, demand.id, text="we have it"))
    draft, foreign = build.draft(house, supplier), build.listed(house, buyer)
    refused(
        house,
        ListingNotOnSale,
        lambda uow: service.answer(uow, supplier.actor, demand.id, text="it", listing_id=draft.id),
    )
    refused(
        house,
        ListingNotFound,
        lambda uow: service.answer(uow, supplier.actor, demand.id, text="it", listing_id=foreign.id),
    )
    for _ in range(5):
        answer(house, supplier, demand)
    refused(house, TooManyAnswers, lambda uow: service.answer(uow, supplier.actor, demand.id, text="again"))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"title": {"zh": "请电 13812345678"}}, IdentifiersInText),
        ({"details": {"en": "write to buyer@example.org"}}, IdentifiersInText),
        ({"lowest": "2.00", "highest": "1.00"}, DemandInvalid),
        ({"lowest": "1e3"}, AmountInvalid),
        ({"highest": "-1.00"}, AmountInvalid),
        ({"until": -1}, DemandInvalid),
        ({"until": 400}, DemandInvalid),
    ],
)
def test_bad_input_changes_nothing(house: House, wrong: dict[str, Any], error: type[DomainError]) -> None:
    buyer = build.organisation(house)
    demand = post(house, buyer)
    if "until" in wrong:
        wrong = {"until": house.clock.now() + timedelta(days=wrong["until"])}
    refused(house, error, lambda uow: service.post(uow, buyer.actor, fields=given(house, **wrong)))
    refused(house, error, lambda uow: service.change(uow, buyer.actor, demand.id, 1, wrong))
    (only,) = house.db.read(lambda uow: queries.mine(uow, buyer.actor)).items
    assert only == demand
    refused(house, StaleVersion, lambda uow: service.change(uow, buyer.actor, demand.id, 9, {"volume": "x"}))


def test_searching_the_board_and_running_out(house: House) -> None:
    buyer, reader = build.organisation(house), build.organisation(house)
    clouds = post(house, buyer)
    speech = post(house, buyer, title={"zh": "方言语音"}, scene="speech", kind="interface", volume="100%_时")
    assert seen(house, reader) == [speech.id, clouds.id]
    for asked, found in (
        ({"q": "點雲"}, [clouds]), ({"q": "POINT clouds"}, [clouds]), ({"q": "点云 方言"}, []),
        ({"q": "%"}, [speech, clouds]),
        ({"scene": "speech"}, [speech]), ({"kind": "dataset"}, [clouds]), ({"kind": "interface"}, [speech, clouds]),
    ):  # fmt: skip
        assert seen(house, reader, **asked) == [each.id for each in found], asked
    house.clock.advance(timedelta(days=11))
    assert seen(house, reader) == []
    refused(house, DemandStateConflict, lambda uow: service.answer(uow, reader.actor, clouds.id, text="late"))
    assert service.tend(house) == 2
    assert service.tend(house) == 0
    assert told(house, buyer) == ["demand:expired", "demand:expired"]


def test_an_answer_after_the_last_day_is_told_so(house: House) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    demand = post(house, buyer)
    house.clock.advance(timedelta(days=11))
    with pytest.raises(DemandStateConflict) as late:
        answer(house, supplier, demand)
    assert late.value.detail == "The last day of the demand has passed."


def test_a_closed_organisation_asks_for_nothing(house: House) -> None:
    buyer, reader = build.organisation(house), build.organisation(house)
    post(house, buyer)
    closed = OrganisationClosing(organisation_id=buyer.organisation_id or "")
    house.db.write(lambda uow: uow.emit(closed))
    assert seen(house, reader) == []


def test_an_answer_to_a_removed_demand_is_not_taken_up(house: House) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    reviewer = build.platform_person(house, "reviewer")
    demand = post(house, buyer)
    made = answer(house, supplier, demand)
    house.db.write(lambda uow: service.remove(uow, reviewer.actor, demand.id, reason="may not be traded"))
    refused(house, DemandStateConflict, lambda uow: service.take_up(uow, buyer.actor, made.id))
    assert "demand:taken_up" not in told(house, supplier)
    house.db.write(lambda uow: service.decline(uow, buyer.actor, made.id))


def test_who_answered_a_removed_demand_reads_none_of_its_texts(house: House) -> None:
    buyer, one, other = (build.organisation(house) for _ in range(3))
    reviewer, officer = build.platform_person(house, "reviewer"), build.platform_person(house, "officer")
    demand = post(house, buyer, details={"zh": "张先生的轨迹"}, volume="两百万公里")
    answer(house, one, demand)
    back = answer(house, other, demand)
    house.db.write(lambda uow: service.withdraw_answer(uow, other.actor, back.id))
    for who in (buyer, reviewer, one, other):
        assert house.db.read(lambda uow, who=who: queries.get(uow, who.actor, demand.id)) == demand  # type: ignore[misc]
    gone = house.db.write(lambda uow: service.remove(uow, reviewer.actor, demand.id, reason="may not be traded"))
    for who in (buyer, reviewer, officer):
        assert house.db.read(lambda uow, who=who: queries.get(uow, who.actor, demand.id)) == gone  # type: ignore[misc]
    for who in (one, other):
        left = house.db.read(lambda uow, who=who: queries.get(uow, who.actor, demand.id))  # type: ignore[misc]
        assert (left.state, left.reason, left.details, left.volume) == ("removed", "may not be traded", {}, "")
        listed = house.db.read(lambda uow: queries.titles(uow, [demand.id]))[demand.id]
        assert left.title == listed.title == {"zh": "已被移除的需求", "en": "A demand that was removed"}
    assert told(house, one) == ["demand:removed"]
    for who, title in ((one, left.title), (buyer, gone.title)):
        newest = house.db.read(lambda uow, who=who: notices.notices(uow, who.actor, limit=1)).items[0]  # type: ignore[misc]
        assert (newest.code, newest.subject) == ("demand:removed", title)


def test_reports_are_looked_at_by_reviewers(house: House) -> None:
    buyer, reader = build.organisation(house), build.organisation(house)
    reviewer = build.platform_person(house, "reviewer")
    demand = post(house, buyer)
    house.db.write(lambda uow: service.report(uow, reader.actor, demand.id, reason="asks for persons"))
    refused(house, ReportedAlready, lambda uow: service.report(uow, reader.actor, demand.id, reason="again"))
    assert told(house, reviewer) == ["demand:reported"]
    for who in (buyer, reader):
        refused(house, PolicyRefused, lambda uow, who=who: queries.reports(uow, who.actor, demand.id))  # type: ignore[misc]
        refused(house, PolicyRefused, lambda uow, who=who: service.remove(uow, who.actor, demand.id, reason="no"))  # type: ignore[misc]
    (said,) = house.db.read(lambda uow: queries.reports(uow, reviewer.actor, demand.id))
    assert (said.organisation_id, said.reason) == (reader.organisation_id, "asks for persons")
    house.db.write(lambda uow: service.let_stand(uow, reviewer.actor, demand.id))
    assert not house.db.read(lambda uow: queries.reported(uow, reviewer.actor)).items
    house.db.write(lambda uow: service.remove(uow, reviewer.actor, demand.id, reason="may not be traded"))
    assert told(house, buyer) == ["demand:removed"]
    refused(house, DemandStateConflict, lambda uow: service.reopen(uow, buyer.actor, demand.id, until=uow.now()))
    refused(house, DemandNotFound, lambda uow: queries.get(uow, reader.actor, demand.id))


def test_the_api(house: House, client: ApiClient) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    until = (house.clock.now() + timedelta(days=10)).isoformat()
    body = {"title": {"zh": "城市道路点云"}, "scene": "driving", "until": until, "highest": "5000.00"}
    client.get("/demands").expect(401)
    made = ApiClient(client.app, buyer.token).post("/demands", body, key="one").expect(201)
    place = f"/demands/{made.json['id']}"
    theirs = ApiClient(client.app, supplier.token)
    assert [each["id"] for each in theirs.get("/demands?q=点云").expect(200).json["items"]] == [made.json["id"]]
    said = theirs.post(f"{place}/answers", {"text": "we have it"}, key="two").expect(201).json
    mine = ApiClient(client.app, buyer.token)
    assert mine.get(f"{place}/answers").expect(200).json["items"] == [said]
    assert mine.post(f"/demand-answers/{said['id']}/take-up", {}, key="three").expect(200).json["state"] == "taken_up"
    theirs.patch(place, {"volume": "x"}, etag=made.etag).expect(403)
    changed = mine.patch(place, {"volume": "x"}, etag=made.etag).expect(200)
    for emptied in ({}, {"zh": ""}):
        written = mine.patch(place, {"details": {"zh": "逐帧标注"}}, etag=changed.etag).expect(200)
        changed = mine.patch(place, {"details": emptied}, etag=written.etag).expect(200)
        assert (written.json["details"], changed.json["details"]) == ({"zh": "逐帧标注"}, {})
        mine.patch(place, {"title": emptied}, etag=changed.etag).expect(422)
    mine.patch(place, {"details": {"zh": 5}}, etag=changed.etag).expect(422)
    mine.post("/demands", body | {"until": "soon"}, key="four").expect(422)
    mine.post("/demands", body | {"scene": "space"}, key="five").expect(422)
    theirs.get("/reported-demands").expect(403)
