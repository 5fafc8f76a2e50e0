"""Demands on pages: posted, found, answered, taken up, reported and removed; and searches that are saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.search import service
from catalog.search.asked import service as asked
from core import outbox
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]
DEMAND: dict[str, Any] = {
    "title_zh": "城市道路点云", "title_en": "Point clouds", "details_en": "With labels", "scene": "driving",
    "kind": "", "volume": "2 TB", "lowest": "", "highest": "5000.00",
    "until": (datetime.now(UTC) + timedelta(days=20)).date().isoformat(),
}  # fmt: skip


def _settle(house: House) -> None:
    while outbox.relay(house):
        pass
    service.catch_up(house)


def test_from_the_board_to_a_quote(browser: Open, house: House) -> None:
    owner, who = build.organisation(house), build.organisation(house)
    listing = build.listed(house, owner)
    buyer, supplier = browser().sign_in(who), browser().sign_in(owner)
    assert "Nothing posted yet" in buyer.get("/demands?show=mine")
    buyer.get("/demands/new")
    place = buyer.send("/demands/new", **DEMAND).headers["Location"].split("?")[0]
    assert "Nobody has answered yet" in buyer.get(place)
    board = supplier.get("/demands?q=point+clouds&scene=driving&kind=dataset")
    assert place in board
    assert "up to ¥5,000.00" in board
    assert place not in supplier.get("/demands?q=radar")
    supplier.get(place)
    supplier.send(f"{place}/answers", text="We have it", listing_id=listing.id)
    assert "Your answers" in supplier.get(place)
    assert listing.id in supplier.get("/demands?show=answered")
    page = buyer.get(place)
    assert f'href="/listings/{listing.id}"' in page
    taken = next(line for line in page.split('"') if line.endswith("/take-up"))
    buyer.send(taken)
    assert "The buyer wants to go on" in supplier.get(place)
    buyer.get(place)
    sent = buyer.send("/orders/inquiries", listing_id=listing.id, purpose="training", text="How much for this?")
    assert "/orders/ord_" in sent.headers["Location"]
    buyer.get(place)
    buyer.send(f"{place}/close")
    assert "Post it again" in buyer.get(place)
    browser().sign_in(build.organisation(house)).get(place, 404)
    assert '<span class="state" data-s="off">Closed</span>' in supplier.get(place)
    assert '<span class="state" data-s="off">已关闭</span>' in browser("zh").sign_in(owner).get(place)


def test_wrong_forms_come_back_as_typed(browser: Open, house: House) -> None:
    buyer = browser().sign_in(build.organisation(house))
    for wrong, said in (
        ({"title_zh": "", "title_en": ""}, "in Chinese or in English"), ({"details_en": "13812345678"}, "phone"),
        ({"highest": "x"}, "amount"), ({"until": "2020-01-01"}, "within a year"), ({"scene": "space"}, "scene"),
    ):  # fmt: skip
        buyer.get("/demands/new")
        page = buyer.send("/demands/new", 422, **(DEMAND | wrong)).get_data(as_text=True)
        assert said in page
        assert "2 TB" in page
    assert "Nothing posted yet" in buyer.get("/demands?show=mine")


def test_reviewers_look_at_reports(browser: Open, house: House) -> None:
    buyer, reader = browser().sign_in(build.organisation(house)), browser().sign_in(build.organisation(house))
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    buyer.get("/demands/new")
    place = buyer.send("/demands/new", **DEMAND).headers["Location"].split("?")[0]
    reader.get(place)
    reader.send(f"{place}/report", reason="It asks for persons")
    assert place in reviewer.get("/demands?show=reported")
    assert "It asks for persons" in reviewer.get(place)
    reviewer.send(f"{place}/let-stand")
    assert place not in reviewer.get("/demands?show=reported")
    reviewer.get(place)
    reviewer.send(f"{place}/remove", reason="May not be traded")
    assert "May not be traded" in buyer.get(place)
    reader.get(place, 404)
    reader.get("/demands?show=reported", 403)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_searches_are_saved_listings_are_alike_and_words_are_mended(browser: Open, house: House, language: str) -> None:
    owner, who = build.organisation(house), build.organisation(house)
    first, second = build.listed(house, owner), build.listed(house, owner)
    _settle(house)
    buyer = browser(language).sign_in(who)
    title = first.title["en"].split()[0]
    page = buyer.get(f"/search?q={title}&scene={first.scene}")
    assert 'action="/searches"' in page
    buyer.send("/searches", q=title, scene=first.scene)
    page = buyer.get("/searches")
    assert title in page
    kept = next(part for part in page.split('"') if part.startswith("/searches/svs_") and not part.endswith("drop"))
    assert buyer.client.get(kept).headers["Location"] == f"/search?q={title}&scene={first.scene}&sort=newest"
    browser().sign_in(owner).get(kept, 404)
    buyer.send(f"{kept}/drop")
    assert kept not in buyer.get("/searches")
    assert f"/listings/{second.id}" in buyer.get(f"/listings/{first.id}")
    wrong = title[1] + title[0] + title[2:]
    assert f"/search?q={title.lower()}&amp;scene={first.scene}" in buyer.get(f"/search?q={wrong}&scene={first.scene}")
    beyond = buyer.get(f"/search?q={title}&scene={first.scene}&offset=500")
    assert {"en": "There are no more results here", "zh": "这里没有更多结果"}[language] in beyond
    assert f'href="/search?q={title}&amp;scene={first.scene}"' in beyond
    assert f"/demands/new?q={wrong}" in buyer.get(f"/search?q={wrong}")


def test_titles_complete_what_is_typed_for_who_may_see_them(browser: Open, house: House) -> None:
    owner = build.organisation(house)
    listed, drafted = build.listed(house, owner), build.draft(house, owner)
    _settle(house)
    typed = listed.title["en"][:4]
    found = json.loads(browser().get(f"/search/suggestions?q={typed}"))["items"]
    assert {"text": listed.title["en"], "address": f"/listings/{listed.id}"} in found
    assert not any(drafted.id in each["address"] for each in found)
    assert json.loads(browser().get("/search/suggestions"))["items"] == []
    assert "suggest.js" in browser().get("/")
    assert "suggest.js" in browser().get("/search")


def test_operators_keep_synonyms_and_suppliers_see_what_was_asked(browser: Open, house: House) -> None:
    operator = browser().sign_in(build.platform_person(house, "operator"))
    supplier, other = (browser().sign_in(build.organisation(house)) for _ in range(2))
    assert "No synonyms yet" in operator.get("/synonyms")
    operator.send("/synonyms", words="社保，社会保险, social insurance")
    page = operator.get("/synonyms")
    assert "社保, 社会保险, social insurance" in page
    line = next(part for part in page.split('"') if part.startswith("/synonyms/syn_"))
    operator.send("/synonyms", 422, words="alone")
    operator.get("/synonyms")
    operator.send(f"{line}/remove")
    assert line not in operator.get("/synonyms")
    supplier.get("/synonyms", 403)
    for who in (supplier, other, browser()):
        for _ in range(2):
            who.get("/search?q=火星车")
    asked.flush(house)
    assert "火星车" in supplier.get("/queries")
    assert "All searches" in operator.get("/queries")
