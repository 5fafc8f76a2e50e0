"""What happened is told once to those who hold a role, read marks are each account's own, letters come daily."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import flask
import pytest

from core import outbox
from core.db import Uow
from core.house import House
from exchange.app import create_app_of
from exchange.disputes import service as disputes
from exchange.notices import digests, handlers, queries, reminders, service
from exchange.notices.types import Audience, Notice
from exchange.notices.words import said, words
from exchange.trading import service as trading
from exchange.trading.events import OrderChanged
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient


def _relay(house: House) -> None:
    while outbox.relay(house):
        pass


def _told(house: House, who: Built) -> list[Notice]:
    return list(house.db.read(lambda uow: queries.notices(uow, who.actor, limit=100)).items)


def _codes(house: House, who: Built) -> list[str]:
    return [each.code for each in reversed(_told(house, who))]


@pytest.fixture
def parties(house: House) -> tuple[Built, Built, OrderSnapshot]:
    buyer, supplier = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    _relay(house)
    return buyer, supplier, order


def test_the_other_side_is_told_of_each_step(house: House, parties: tuple[Built, Built, OrderSnapshot]) -> None:
    buyer, supplier, order = parties
    told = _codes(house, supplier)
    assert told[-2:] == ["order:place", "order:pay"]
    assert [code for code in _codes(house, buyer) if code.startswith("order:")] == []
    house.clock.advance(timedelta(days=house.settings.acceptance_days, minutes=1))
    trading.tick(house)
    _relay(house)
    assert "order:accept_overdue" in _codes(house, buyer)
    assert {"order:accept_overdue", "money:released"} <= set(_codes(house, supplier))
    assert _told(house, buyer)[0].address == f"/orders/{order.id}"


def test_told_twice_is_told_once(house: House, parties: tuple[Built, Built, OrderSnapshot]) -> None:
    _, supplier, order = parties
    before = _codes(house, supplier)
    handlers.order_changed(house, OrderChanged(order.id, order.state, "pay", order.version))
    assert _codes(house, supplier) == before


def test_nobody_is_told_what_concerns_others(
    app: flask.Flask, house: House, parties: tuple[Built, Built, OrderSnapshot]
) -> None:
    _, supplier, _ = parties
    outsider = build.organisation(house)
    _relay(house)
    assert not any(code.startswith(("order", "money")) for code in _codes(house, outsider))
    theirs = _told(house, supplier)[0].id
    client = ApiClient(app, outsider.token)
    assert client.post(f"/notices/{theirs}/read").expect(404).code == "notice_not_found"
    assert house.db.read(lambda uow: queries.unread(uow, supplier.actor)) == len(_told(house, supplier))


def test_read_marks_are_each_accounts_own(
    app: flask.Flask, house: House, parties: tuple[Built, Built, OrderSnapshot]
) -> None:
    _, supplier, _ = parties
    client = ApiClient(app, supplier.token)
    first = client.get("/notices").expect(200).json
    assert first["unread"] == len(first["items"]) > 1
    client.post(f"/notices/{first['items'][0]['id']}/read").expect(204)
    client.post(f"/notices/{first['items'][0]['id']}/read").expect(204)
    left = client.get("/notices?unread=true").expect(200).json
    assert (left["unread"], len(left["items"])) == (first["unread"] - 1,) * 2
    assert client.post("/notices/read").expect(200).json == {"read": first["unread"] - 1}
    assert client.get("/notices").json["unread"] == 0


def test_a_dispute_is_told_to_both_sides_and_to_officers(
    house: House, parties: tuple[Built, Built, OrderSnapshot]
) -> None:
    buyer, supplier, order = parties
    officer = build.platform_person(house, "officer")
    made = house.db.write(
        lambda uow: disputes.open_dispute(uow, buyer.actor, order.id, ground="quality", text="rows are missing")
    )
    tasks = house.db.read(lambda uow: queries.tasks(uow, supplier.actor))
    assert [(task.code, task.due_at) for task in tasks] == [("dispute:answer", made.answer_by)]
    assert house.db.read(lambda uow: queries.tasks(uow, buyer.actor)) == [], "nothing is to be accepted meanwhile"
    house.db.write(lambda uow: disputes.state(uow, supplier.actor, made.id, text="none is missing"))
    assert [task.code for task in house.db.read(lambda uow: queries.tasks(uow, officer.actor))] == ["dispute:rule"]
    house.db.write(
        lambda uow: disputes.rule(uow, officer.actor, made.id, outcome="part", amount="10.00", reason="two are")
    )
    _relay(house)
    for who in (buyer, supplier, officer):
        told = [code for code in _codes(house, who) if code.startswith("dispute")]
        assert told == ["dispute:open", "dispute:state", "dispute:rule_part"]
        assert house.db.read(lambda uow, who=who: [t.code for t in queries.tasks(uow, who.actor)]) == []  # type: ignore[misc]


@pytest.mark.parametrize(
    ("left", "expected"), [(40, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, None), (-3, None)]
)
def test_a_reminder_comes_at_each_step(left: int, expected: int | None) -> None:
    assert reminders.step_of(timedelta(days=left), (30, 7, 1)) == expected


def test_what_ends_is_told_before_and_not_twice(house: House, parties: tuple[Built, Built, OrderSnapshot]) -> None:
    buyer, _, order = parties
    assert order.entitlement is not None
    assert order.entitlement.ends_at is not None

    def reminded() -> list[str]:
        return sorted(code for code in _codes(house, buyer) if code in ("remind:accept", "remind:right"))

    house.clock.advance(timedelta(days=house.settings.acceptance_days - 1))
    assert reminders.remind(house) == 1
    assert reminders.remind(house) == 0
    assert reminded() == ["remind:accept"]
    trading_until = order.entitlement.ends_at - house.clock.now()
    house.clock.advance(trading_until - timedelta(days=6))
    trading.tick(house)
    reminders.remind(house)
    assert reminded() == ["remind:accept", "remind:right"]
    house.clock.advance(timedelta(days=5, hours=12))
    reminders.remind(house)
    assert reminded() == ["remind:accept", "remind:right", "remind:right"]


def _letters(house: House) -> list[tuple[str, str]]:
    folder = Path(house.settings.data / "mail")
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]
    return [(str(each["To"]), each.get_content()) for each in found]


def test_a_letter_a_day_tells_what_was_not_read(
    app: flask.Flask, house: House, parties: tuple[Built, Built, OrderSnapshot]
) -> None:
    buyer, supplier, order = parties
    ApiClient(app, buyer.token).put("/my/notifications", {"digest": "off", "muted": []}).expect(200)
    ApiClient(app, supplier.token).put("/my/notifications", {"digest": "daily", "muted": ["money"]}).expect(200)
    digests.send_due(house)
    assert digests.send_due(house) == 0
    _relay(house)
    mine = [body for to, body in _letters(house) if to == supplier.email]
    assert len(mine) == 1
    assert said("order:pay", "zh") in mine[0]
    assert f"/orders/{order.id}" in mine[0]
    assert not any(to == buyer.email for to, _ in _letters(house))
    house.clock.advance(timedelta(days=1, minutes=1))
    assert digests.send_due(house) == 0, "nothing new"
    house.clock.advance(timedelta(days=house.settings.acceptance_days))
    trading.tick(house)
    _relay(house)
    digests.send_due(house)
    _relay(house)
    mine = [body for to, body in _letters(house) if to == supplier.email]
    assert len(mine) == 2
    assert said("order:accept_overdue", "zh") in mine[1]
    assert said("money:released", "zh") not in mine[1]


def test_every_text_is_in_both_languages() -> None:
    for code, texts in words().items():
        assert set(texts) == {"zh", "en"}, code
        assert all(texts.values()), code
    assert said("order:unheard_of", "en") == "The order took a step"


def test_a_letter_loses_nothing_however_much_there_is(house: House) -> None:
    owner = build.organisation(house)
    to = Audience(owner.organisation_id, ())

    def tell(uow: Uow) -> None:
        for number in range(120):
            service.tell(
                uow, key=f"test:{number}", code="order:paid", topic="money" if number < 60 else "orders", to=[to],
                subject_id="ord_1", subject={"en": f"Thing {number:03d}"}, address=f"/orders/{number}",
            )  # fmt: skip

    house.db.write(tell)
    ApiClient(create_app_of(house), owner.token).put("/my/notifications", {"digest": "daily", "muted": ["money"]})
    house.clock.advance(timedelta(days=3))
    digests.send_due(house)
    _relay(house)
    (body,) = [body for to_, body in _letters(house) if to_ == owner.email]
    assert sum(f"Thing {number:03d}" in body for number in range(60, 120)) == 50
    assert not any(f"Thing {number:03d}" in body for number in range(60)), "what is muted is in no letter"
    assert said("letter_more", "zh").format(count=10) in body
    assert "/notices?unread=1" in body
    assert len(_told(house, owner)) == 100, "the list tells of all of them, a page at a time"


def test_what_was_told_while_nobody_wrote_letters_is_in_the_first_one(house: House) -> None:
    owner = build.organisation(house)
    house.db.write(
        lambda uow: service.tell(
            uow, key="test:late", code="order:paid", topic="orders", to=[Audience(owner.organisation_id, ())],
            subject_id="ord_1", subject={"en": "Long ago"}, address="/orders/1",
        )
    )  # fmt: skip
    house.clock.advance(timedelta(days=4))
    assert digests.send_due(house) == 1
