"""An order's licence through the API: what was agreed, in words, and what it refuses; and a tier that rises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
import pytest

from billing.usage import service as usage
from catalog.listings import service as listings
from compliance.identity import service as identity
from core.house import House
from exchange import licences
from exchange.delivery import queries as delivery
from exchange.trading import queries, requirements
from exchange.trading.errors import LicenceRefuses
from exchange.trading.types import CompiledEntitlement, OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient

Bought = tuple[Built, Built, OrderSnapshot]


@pytest.fixture
def bought(house: House) -> Bought:
    """(supplier, buyer, paid order)"""
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    build.funded(house, buyer)
    return supplier, buyer, build.paid(house, buyer, build.listed(house, supplier))


def _compiled(house: House, order: OrderSnapshot) -> CompiledEntitlement:
    assert order.entitlement is not None
    entitlement_id = order.entitlement.id
    return house.db.read(lambda uow: queries.compiled(uow, [entitlement_id]))[0]


def test_the_licence_is_what_was_agreed(app: flask.Flask, bought: Bought) -> None:
    supplier, buyer, order = bought
    seen = [ApiClient(app, who.token).get(f"/orders/{order.id}/licence").expect(200).json for who in (supplier, buyer)]
    assert seen[0] == seen[1]
    found: dict[str, Any] = seen[0]
    assert licences.limits(found["policy"]).purposes == ("training",)
    assert (found["code"], found["used"], found["recipients"]) == ("", 0, [buyer.organisation_id])
    assert len(found["words"]["zh"]) == len(found["words"]["en"]) > 3
    assert order.licence is not None
    assert found["policy_hash"] == order.licence.policy_hash


def test_nobody_else_reads_it_and_before_payment_there_is_none(app: flask.Flask, house: House, bought: Bought) -> None:
    supplier, buyer, order = bought
    stranger = ApiClient(app, build.organisation(house).token)
    assert stranger.get(f"/orders/{order.id}/licence").expect(404).code == "order_not_found"
    waiting = build.placed(house, buyer, build.listed(house, supplier))
    assert ApiClient(app, buyer.token).get(f"/orders/{waiting.id}/licence").expect(404).code == "licence_not_found"


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ({}, None),
        ({"purpose": "training"}, None),
        ({"purpose": "product"}, "purpose_not_declared"),
        ({"recipient": "org_01jc9x2m5t7rqk8v4e6b0wz3np"}, "recipient_not_permitted"),
    ],
)
def test_files_are_fetched_for_a_use_that_it_covers(
    house: House, bought: Bought, claim: dict[str, str], code: str | None
) -> None:
    _, buyer, order = bought
    file_id = house.db.read(lambda uow: delivery.files(uow, buyer.actor, order.id))[0].file_id
    try:
        house.db.read(lambda uow: delivery.file_to_deliver(uow, buyer.actor, order.id, file_id, claim))
    except LicenceRefuses as refused:
        assert refused.code == code
    else:
        assert code is None


def test_a_tier_that_rises_rests_the_right_until_its_contract_is_signed(
    app: flask.Flask, house: House, bought: Bought
) -> None:
    supplier, buyer, order = bought
    clients = {who: ApiClient(app, built.token) for who, built in (("buyer", buyer), ("supplier", supplier))}
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, order.listing_id, tier=3))
    assert _compiled(house, order).lacking == "contract_needed"
    licence = clients["buyer"].get(f"/orders/{order.id}/licence").expect(200).json
    assert (licence["tier"], licence["code"]) == (3, "contract_needed")
    file_id = house.db.read(lambda uow: delivery.files(uow, buyer.actor, order.id))[0].file_id
    assert clients["buyer"].get(f"/orders/{order.id}/files/{file_id}").status == 403
    needed = clients["buyer"].get(f"/orders/{order.id}/requirements").expect(200).json["items"]
    assert {each["name"] for each in needed} == {"contract.buyer", "contract.supplier", "nda.buyer", "nda.supplier"}
    for kind in ("contract", "nda"):
        for side, built in (("buyer", buyer), ("supplier", supplier)):
            assert _compiled(house, order).lacking == f"{kind}_needed"
            house.clock.advance(timedelta(seconds=31))
            otp = build.otp(house, built)
            clients[side].post(f"/orders/{order.id}/requirements/{kind}.{side}", {"otp": otp}).expect(200)
    assert _compiled(house, order).lacking == ""
    steps = house.db.read(lambda uow: queries.timeline(uow, buyer.actor, order.id))
    told = [(step.action, step.note) for step in steps if step.action in ("rest", "resume")]
    assert told == [("rest", "contract_needed"), ("rest", "nda_needed"), ("resume", "")]
    assert _compiled(house, order).territories == ("CN",), "from here on data stays where its buyer is"
    assert _compiled(house, order).declares
    again = clients["buyer"].post(f"/orders/{order.id}/requirements/contract.buyer", {"otp": "000000"})
    assert again.expect(409).code == "requirement_met"


def test_a_qualification_that_is_lost_and_won_rests_and_resumes(house: House, bought: Bought) -> None:
    supplier, buyer, order = bought
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, order.listing_id, tier=2))
    house.clock.advance(timedelta(seconds=31))
    otp = build.otp(house, buyer)
    house.db.write(lambda uow: requirements.meet(uow, buyer.actor, order.id, "contract.buyer", otp=otp))
    assert _compiled(house, order).lacking == ""
    organisation_id, until = str(buyer.organisation_id), house.clock.now() + timedelta(days=90)
    for level, expected in ((1, "qualification_needed"), (3, "")):
        house.db.write(
            lambda uow, level=level: identity.set_qualification(  # type: ignore[misc]
                uow, organisation_id, state="approved", level=level, until=until
            )
        )
        assert _compiled(house, order).lacking == expected
    steps = house.db.read(lambda uow: queries.timeline(uow, buyer.actor, order.id))
    told = [step.note for step in steps if step.action in ("rest", "resume")]
    assert told == ["contract_needed", "", "qualification_needed", ""]


def test_a_count_is_taken_of_the_whole_term_beside_each_windows_quota(house: House, bought: Bought) -> None:
    right = _compiled(house, bought[2])
    limited = {**right.__dict__, "limits": {"quota": 5, "quota_period": "month", "count": 8}}
    counted = CompiledEntitlement(**limited)

    def take(window: str, calls: int) -> int:
        return house.db.write(lambda uow: usage.take_quota(uow, counted, window, calls))

    def used() -> int:
        return house.db.read(lambda uow: usage.taken_in_term(uow, right.id))

    assert (take("2026-07", 9), used()) == (5, 5)
    assert (take("2026-07", 1), used()) == (0, 5)
    house.db.write(lambda uow: usage.return_quota(uow, right.id, "2026-07", 2))
    assert used() == 3
    assert (take("2026-08", 9), take("2026-09", 9), used()) == (5, 0, 8)
    house.db.write(lambda uow: usage.return_quota(uow, right.id, "2026-08", 1))
    assert (take("2026-09", 9), used()) == (1, 8)
