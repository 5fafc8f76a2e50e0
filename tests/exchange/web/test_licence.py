"""The page of a licence: in words of both languages, the document byte by byte, and why the right rests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from zoneinfo import ZoneInfo

from catalog.listings import service as listings
from compliance.identity import queries as identity
from compliance.identity import service as identity_service
from core.db import Uow
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser


def _moved(uow: Uow, owner: build.Built, zone: str) -> None:
    own = identity.organisation(uow, owner.organisation_id or "")
    identity_service.change_timezone(uow, owner.actor, version=own.version, timezone=zone)


def test_the_page_says_what_the_licence_says_and_why_it_rests(browser: Callable[..., Browser], house: House) -> None:
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    reader = browser("en").sign_in(buyer)
    page = reader.get(f"/orders/{order.id}/licence")
    for part in ("Only for these purposes: training of models.", "仅限用途：模型训练。", "In force", "Data-Territory"):
        assert part in page
    assert f"/orders/{order.id}/licence" in reader.get(f"/orders/{order.id}")
    document = reader.client.get(f"/orders/{order.id}/licence.json")
    assert order.licence is not None
    assert hashlib.sha256(document.data).hexdigest() == order.licence.policy_hash
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, order.listing_id, tier=2))
    page = reader.get(f"/orders/{order.id}/licence")
    assert "The tier asks for a contract that is not signed yet" in page
    assert "contract_needed" in page
    assert f'action="/orders/{order.id}/requirements/contract.buyer#needs"' in reader.get(f"/orders/{order.id}")
    assert "UTC+8 (Asia/Shanghai)" in page
    house.db.write(lambda uow: _moved(uow, buyer, "America/St_Johns"))
    page = reader.get(f"/orders/{order.id}/licence")
    assert "(America/St_Johns)" in page
    begins = order.licence.starts_at.astimezone(ZoneInfo("America/St_Johns"))
    assert begins.isoformat(" ", "seconds")[:19] in page
    stranger = browser("en").sign_in(build.organisation(house))
    for address in ("licence", "licence.json"):
        stranger.get(f"/orders/{order.id}/{address}", status=404)
