"""Disputes, notices and webhooks on the pages, by people who only follow links and send forms."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from core import outbox
from core.house import House
from exchange.disputes import queries
from exchange.notices.types import TOPICS
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


def _trade(house: House) -> tuple[Built, Built, OrderSnapshot]:
    buyer, supplier = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    return buyer, supplier, build.paid(house, buyer, build.listed(house, supplier))


def _dispute_id(house: House, who: Built) -> str:
    return house.db.read(lambda uow: queries.disputes(uow, who.actor)).items[0].id


def test_a_dispute_from_opening_to_ruling(browser: Open, house: House) -> None:
    buyer, supplier, order = _trade(house)
    page = f"/orders/{order.id}/dispute"
    mine = browser().sign_in(buyer)
    assert page in mine.get(f"/orders/{order.id}")
    mine.get(page)
    wrong = mine.send(page, status=422, ground="quality", text="Half is missing.", amount="much").text
    assert 'id="field-amount-error"' in wrong
    assert "Half is missing." in wrong
    mine.send(page, ground="quality", text="Half is missing.", amount="300.00")
    dispute_id = _dispute_id(house, buyer)
    assert "it concerns stays on hold" in mine.get(f"{page}?done=dispute-opened")
    theirs = browser("zh").sign_in(supplier)
    assert page in theirs.get("/desk")
    theirs.get(page)
    evidence = (io.BytesIO(b"day,station\n"), "log.csv", "text/csv")
    theirs.send(f"/disputes/{dispute_id}/state", text="All was there.", file=evidence)
    shown = mine.get(page)
    assert "All was there." in shown
    assert "log.csv" in shown
    assert mine.client.get(f"/disputes/{dispute_id}/evidence/2").data == b"day,station\n"
    officer = browser().sign_in(build.platform_person(house, "officer"))
    assert page in officer.get("/desk")
    officer.get(page)
    officer.send(f"/disputes/{dispute_id}/rule", status=422, outcome="part", amount="9999.00", reason="as shown")
    officer.send(f"/disputes/{dispute_id}/rule", outcome="part", amount="106.00", reason="One file is short.")
    ended = mine.get(page)
    assert "One file is short." in ended
    assert "A refund in part" in ended
    assert "/invoices/crn_" in ended
    stranger = browser().sign_in(build.organisation(house))
    stranger.get(page, status=404)
    stranger.get(f"/disputes/{dispute_id}/evidence/2", status=404)


def test_a_notice_is_opened_and_read(browser: Open, house: House) -> None:
    _, supplier, order = _trade(house)
    while outbox.relay(house):
        pass
    person = browser().sign_in(supplier)
    listed = person.get("/notices")
    assert "The order is paid" in listed
    first = re.search(r"/notices/(ntc_\w+)/open", listed)
    assert first is not None
    answer = person.send(first[0])
    assert answer.headers["Location"] == f"/orders/{order.id}"
    person.get("/notices")
    person.send("/notices/read")
    assert "Mark all as read" not in person.get("/notices")
    assert "Nothing yet" in person.get("/notices?unread=1")


def test_letters_are_turned_off_and_topics_chosen(browser: Open, house: House) -> None:
    person = browser("zh").sign_in(build.organisation(house))
    assert person.get("/settings/notifications").count(" checked") == len(TOPICS) + 1
    person.send("/settings/notifications", told=["orders", "money"])
    assert person.get("/settings/notifications").count(" checked") == 2


def test_an_endpoint_is_made_its_secret_shown_once_and_its_log_read(browser: Open, house: House) -> None:
    person = browser().sign_in(build.organisation(house))
    person.get("/webhooks")
    wrong = person.send("/webhooks", status=422, url="http://hooks.example.com/in").text
    assert 'id="field-url-error"' in wrong
    made = person.send("/webhooks", status=201, url="https://hooks.example.com/in", description="books").text
    secret = re.search(r"whsec_[\w+/=]+", made)
    assert secret is not None
    listed = person.get("/webhooks")
    assert secret[0] not in listed
    address = re.search(r"/webhooks/whk_\w+", listed)
    assert address is not None
    person.get(address[0])
    person.send(f"{address[0]}/test")
    shown = person.get(address[0])
    assert "webhook.test" in shown
    assert secret[0] not in shown
    rotated = person.send(f"{address[0]}/rotate", status=201).text
    assert "whsec_" in rotated
    person.send(address[0], url="https://hooks.example.com/other", types=["order.paid"])
    assert "off" in person.get(address[0])
    browser().sign_in(build.organisation(house)).get(address[0], status=404)
    person.send(f"{address[0]}/remove")
    assert "No endpoints yet" in person.get("/webhooks")
