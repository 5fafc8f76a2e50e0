"""Each person is told what waits for them, and nobody is told what waits for others."""

from __future__ import annotations

from catalog.listings import queries as listing_queries
from catalog.listings import service as listings
from core.actor import ANONYMOUS
from core.house import House
from exchange.notices import queries
from tests import build
from tests.build import Built


def _codes(house: House, who: Built) -> list[tuple[str, str]]:
    return house.db.read(lambda uow: [(task.code, task.subject_id) for task in queries.tasks(uow, who.actor)])


def test_a_stranger_has_nothing_to_do(house: House) -> None:
    assert house.db.read(lambda uow: queries.tasks(uow, ANONYMOUS)) == []


def test_a_new_organisation_hands_in_its_qualification(house: House) -> None:
    owner = build.organisation(house, level=1)
    assert _codes(house, owner) == [("qualification:submit", owner.organisation_id)]


def test_a_listing_goes_from_its_supplier_to_the_reviewer(house: House) -> None:
    supplier, reviewer = build.organisation(house), build.platform_person(house, "reviewer")
    draft = build.draft(house, supplier)
    assert _codes(house, supplier) == [("listing:finish", draft.id)]
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, draft.id))
    assert _codes(house, supplier) == []
    assert [code for code, _ in _codes(house, reviewer)] == ["review:work"]
    assert _codes(house, build.organisation(house)) == []


def test_a_draft_waits_for_its_supplier_behind_however_many_newer_listings(house: House) -> None:
    supplier = build.organisation(house)
    draft, newer = build.draft(house, supplier), build.draft(house, supplier)
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, newer.id))
    found = house.db.read(lambda uow: listing_queries.unfinished(uow, supplier.actor, 1))
    assert [(each.id, each.state) for each in found] == [(draft.id, "draft")]


def test_a_buyer_is_told_each_step_of_an_order_and_the_supplier_is_not(house: House) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    listing = build.listed(house, supplier)
    placed = build.placed(house, buyer, listing)
    assert ("order:pay", placed.id) in _codes(house, buyer)
    paid = build.paid(house, buyer, listing)
    tasks = house.db.read(lambda uow: queries.tasks(uow, buyer.actor))
    assert [task.code for task in tasks] == ["order:download", "order:pay"]
    assert [task.due_at for task in tasks] == [paid.accept_by, placed.pay_by]
    assert _codes(house, supplier) == []


def test_the_person_who_recorded_a_transfer_does_not_confirm_it(house: House) -> None:
    from billing.payments import service as payments

    first, second = build.platform_person(house, "finance"), build.platform_person(house, "finance")
    owner = build.organisation(house).organisation_id or ""
    made = house.db.write(
        lambda uow: payments.record_topup(
            uow, first.actor, organisation_id=owner, amount="10.00", currency="CNY", bank_reference="ICBC20260042"
        )
    )
    assert _codes(house, first) == []
    assert _codes(house, second) == [("topup:confirm", made.id)]
