"""Whoever signed a contract can be forgotten; the name beside the signature is kept as long as the law says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from catalog.listings import service as listings
from compliance.identity import forgetting, queries, signers
from compliance.identity.models import KeptSigner
from compliance.policy import PolicyRefused
from compliance.retention import service as retention
from core.db import Uow
from core.house import House
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient


@pytest.fixture
def signed(house: House) -> tuple[Built, OrderSnapshot]:
    """A member of the buyer who signed the licence of an order that is not paid yet."""
    supplier, owner = build.organisation(house), build.organisation(house)
    who = build.member(house, owner, "buyer")
    table = build.file(house, supplier, build.measured())
    made = build.draft(house, supplier, files=[table.id])
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, made.id, tier=2))
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    return who, build.placed(house, who, build.approved(house, supplier, made.id))


def _forget(house: House, who: Built) -> list[signers.KeptRecord]:
    account_id, code = str(who.actor.account_id), build.otp(house, who)
    return house.db.write(lambda uow: forgetting.forget_account(uow, who.actor, account_id, otp=code))


def _names(house: House, officer: Built, order_id: str) -> list[str]:
    return [each.name for each in house.db.write(lambda uow: signers.of_thing(uow, officer.actor, order_id))]


def _days_later(house: House, days: int) -> None:
    house.clock.advance(timedelta(days=days))
    while house.db.write(signers.forget_due):
        pass


def test_the_name_outlives_the_account_until_the_term_is_over(
    house: House, client: ApiClient, signed: tuple[Built, OrderSnapshot]
) -> None:
    who, order = signed
    officer, account_id = build.platform_person(house, "officer"), str(who.actor.account_id)
    name = house.db.read(lambda uow: queries.account_name(uow, account_id))
    answer = ApiClient(client.app, who.token).post(f"/accounts/{account_id}/forget", {"otp": build.otp(house, who)})
    (kept,) = answer.expect(200).json["kept"]
    assert (kept["object_id"], kept["until"]) == (order.id, None), "the order has not ended"
    assert "PIPL 47" in kept["basis"]
    assert house.db.read(lambda uow: queries.account_name(uow, account_id)) == ""
    officers = ApiClient(client.app, officer.token)
    (seen,) = officers.post(f"/records/{order.id}/signers").expect(200).json["items"]
    assert (seen["name"], seen["account_erased"]) == (name, True)
    _days_later(house, 400)
    assert _names(house, officer, order.id) == [name], "nobody knows yet from when on the years count"
    house.db.write(lambda uow: retention.keep_records(uow, [order.id], tier=2, ended_at=uow.now()))
    _days_later(house, 3 * 365 - 2)
    assert _names(house, officer, order.id) == [name]
    hold = house.db.write(lambda uow: retention.place_hold(uow, officer.actor, object_id=order.id, reason="court"))
    _days_later(house, 3)
    assert _names(house, officer, order.id) == [name], "a legal hold wins over the end of the term"
    other = build.platform_person(house, "officer")
    house.db.write(lambda uow: retention.release_hold(uow, other.actor, hold.id, reason="closed"))
    _days_later(house, 1)
    assert _names(house, officer, order.id) == []


def test_who_signed_nothing_that_must_be_kept_is_forgotten_wholly(
    house: House, signed: tuple[Built, OrderSnapshot]
) -> None:
    who, order = signed
    house.db.write(lambda uow: retention.keep(uow, order.id, uow.now() + timedelta(days=1), "records"))
    house.clock.advance(timedelta(days=2))
    assert _forget(house, who) == []
    assert house.db.read(lambda uow: len(uow.session.execute(select(KeptSigner)).all())) == 0


def test_a_term_that_is_known_is_told(house: House, signed: tuple[Built, OrderSnapshot]) -> None:
    who, order = signed
    house.db.write(lambda uow: trading.cancel(uow, who.actor, order.id, reason="too dear"))
    (kept,) = _forget(house, who)
    assert kept.until is not None
    assert kept.until > house.clock.now() + timedelta(days=3 * 365 - 2)


def test_only_officers_read_who_signed(house: House, signed: tuple[Built, OrderSnapshot]) -> None:
    who, order = signed

    def read(uow: Uow) -> object:
        return signers.of_thing(uow, who.actor, order.id)

    with pytest.raises(PolicyRefused):
        house.db.write(read)
