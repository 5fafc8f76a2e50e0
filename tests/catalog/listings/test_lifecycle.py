"""A listing from draft to sale and off it again: steps, versions, tiers, audit and events."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from catalog.files.errors import FileNotFound
from catalog.listings import queries, service
from catalog.listings.errors import (
    CurrencyNotTraded,
    ListingIncomplete,
    ListingNotFound,
    ListingStateConflict,
    RevisionInvalid,
    TierCannotFall,
)
from catalog.listings.events import ListingChanged, ListingNarrowed
from catalog.listings.rules import TRANSITIONS, follow
from catalog.listings.types import DECLARATIONS, ListingSnapshot, ListingState
from compliance.audit import queries as audit
from compliance.audit import sequencer
from compliance.policy import PolicyRefused
from compliance.review import queries as reviews
from compliance.review import service as review_service
from core.actor import ANONYMOUS
from core.db import Uow
from core.house import House
from core.problems import Invalid, StaleVersion
from exchange.trading import queries as orders
from tests import build
from tests.build import Built

PLANTED = "visitor,phone\n" + "".join(f"guest {n},1380013{n:04d}\n" for n in range(20))


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


@pytest.fixture
def reviewer(house: House) -> Built:
    return build.platform_person(house, "reviewer")


def _of(house: House, who: Built, listing_id: str) -> ListingSnapshot:
    return house.db.read(lambda uow: queries.get(uow, who.actor, listing_id))


def _listen(house: House) -> list[str]:
    heard: list[str] = []
    house.registry.inline(ListingNarrowed, lambda _uow, event: heard.append("narrowed"))
    house.registry.inline(ListingChanged, lambda _uow, event: heard.append("changed"))
    return heard


@pytest.mark.parametrize("state", list(ListingState))
@pytest.mark.parametrize("step", list(TRANSITIONS))
def test_only_the_steps_of_the_table_are_possible(state: ListingState, step: str) -> None:
    allowed, target = TRANSITIONS[step]
    if state in allowed:
        assert follow(state, step) is target
    else:
        with pytest.raises(ListingStateConflict) as refused:
            follow(state, step)
        assert refused.value.extra["state"] == state


def test_a_submission_names_everything_that_is_missing(house: House, supplier: Built) -> None:
    made = house.db.write(lambda uow: service.create(uow, supplier.actor, fields={"title": {"en": "Rain"}}))
    with pytest.raises(ListingIncomplete) as refused:
        house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    assert refused.value.extra["missing"] == [
        "summary", "licence_terms", "revision", "offer", *(f"declarations.{name}" for name in DECLARATIONS),
    ]  # fmt: skip
    assert _of(house, supplier, made.id).state == "draft"


def test_review_puts_it_on_sale_and_every_step_is_audited(house: House, supplier: Built, reviewer: Built) -> None:
    listing = build.listed(house, supplier, reviewer=reviewer)
    assert (listing.state, listing.tier, listing.listed_at is not None) == ("listed", 1, True)
    sequencer.run(house)
    found = house.db.read(lambda uow: audit.entries(uow, supplier.actor, object_id=listing.id, limit=50).items)
    assert {each.action for each in found} == {
        "listing:create", "listing:revise", "listing:offer", "listing:submit", "listing:publish",
    }  # fmt: skip


def test_a_returned_listing_can_be_mended_and_handed_in_again(house: House, supplier: Built, reviewer: Built) -> None:
    made = build.draft(house, supplier)

    def hand_in_and_return(uow: Uow) -> None:
        service.submit(uow, supplier.actor, made.id)
        review = reviews.of_subject(uow, reviewer.actor, made.id)
        assert review is not None
        review_service.return_to_supplier(uow, reviewer.actor, review.id, reason="name the source")

    house.db.write(hand_in_and_return)
    returned = _of(house, supplier, made.id)
    assert (returned.state, returned.reason) == ("returned", "name the source")
    again = house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    assert (again.state, again.reason) == ("in_review", "")


def test_nothing_changes_while_it_is_being_reviewed(house: House, supplier: Built) -> None:
    made = build.draft(house, supplier)
    submitted = house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    with pytest.raises(ListingStateConflict):
        house.db.write(
            lambda uow: service.edit(uow, supplier.actor, made.id, submitted.version, {"title": {"en": "Other"}})
        )
    file = build.file(house, supplier)
    with pytest.raises(ListingStateConflict):
        house.db.write(lambda uow: service.add_revision(uow, supplier.actor, made.id, [file.id]))
    with pytest.raises(ListingStateConflict):
        house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, made.id, tier=3))


def test_of_two_edits_of_one_version_one_wins(house: House, supplier: Built) -> None:
    made = build.draft(house, supplier)
    house.db.write(lambda uow: service.edit(uow, supplier.actor, made.id, made.version, {"title": {"en": "First"}}))
    with pytest.raises(StaleVersion) as told:
        house.db.write(
            lambda uow: service.edit(uow, supplier.actor, made.id, made.version, {"title": {"en": "Second"}})
        )
    assert told.value.extra["current_version"] == made.version + 1
    assert _of(house, supplier, made.id).title == {"en": "First"}


def test_an_edit_takes_a_listing_off_sale_in_the_same_unit(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier)
    heard = _listen(house)
    edited = house.db.write(
        lambda uow: service.edit(uow, supplier.actor, listing.id, listing.version, {"tags": ["b", "a", "b"]})
    )
    assert (edited.state, edited.tags) == ("draft", ("b", "a"))
    assert heard == ["narrowed", "changed"]
    with pytest.raises(ListingNotFound):
        house.db.read(lambda uow: queries.get(uow, ANONYMOUS, listing.id))


def test_withdrawing_and_suspending_narrow_at_once(house: House, supplier: Built) -> None:
    officer = build.platform_person(house, "officer")
    first, second = build.listed(house, supplier), build.listed(house, supplier)
    heard = _listen(house)
    assert house.db.write(lambda uow: service.withdraw(uow, supplier.actor, first.id)).state == "withdrawn"
    suspended = house.db.write(lambda uow: service.suspend(uow, officer.actor, second.id, reason="a complaint"))
    assert (suspended.state, suspended.reason) == ("suspended", "a complaint")
    assert heard == ["narrowed", "changed"] * 2
    for listing in (first, second):
        with pytest.raises(ListingNotFound):
            house.db.read(lambda uow, listing=listing: queries.get(uow, ANONYMOUS, listing.id))  # type: ignore[misc]
    with pytest.raises(PolicyRefused):
        house.db.write(lambda uow: service.suspend(uow, supplier.actor, first.id, reason="myself"))


def test_identifiers_raise_the_tier_and_the_supplier_cannot_lower_it(house: House, supplier: Built) -> None:
    made = build.draft(house, supplier, files=[build.file(house, supplier, PLANTED).id])
    assert (made.tier, made.proposed_tier) == (3, 3)
    assert made.tier_reasons[0]["en"].startswith("identifiers of persons")
    with pytest.raises(TierCannotFall):
        house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, made.id, tier=1))
    raised = house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, made.id, tier=4))
    assert raised.tier == 4
    clean = build.file(house, supplier)
    replaced = house.db.write(lambda uow: service.add_revision(uow, supplier.actor, made.id, [clean.id]))
    assert (replaced.proposed_tier, replaced.tier) == (1, 4)


def test_raised_to_a_tier_that_two_must_approve_it_is_off_sale_until_they_have(
    house: House, supplier: Built, reviewer: Built
) -> None:
    listing = build.listed(house, supplier)
    buyer = build.organisation(house, level=3)
    second = house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=2))
    assert second.state == "listed", "one reviewer is enough for L2 too"
    raised = house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=3))
    assert (raised.state, raised.tier) == ("in_review", 3)
    with pytest.raises(ListingNotFound):
        _of(house, buyer, listing.id)
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    assert (review.state, review.tier, review.subject_version) == ("open", 3, raised.version)
    assert build.approved(house, supplier, listing.id, reviewer=reviewer).state == "listed"
    assert _of(house, buyer, listing.id).tier == 3
    again = house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=3))
    assert again.state == "listed", "it had this approval"
    fourth = house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=4))
    assert fourth.state == "in_review", "an assessment from outside is more than two people"


def test_the_officer_who_raises_a_tier_may_be_the_second_to_approve(
    house: House, supplier: Built, reviewer: Built
) -> None:
    """Only who handed in the listing is kept from judging it, and that is still the supplier's person."""
    officer = build.platform_person(house, "officer")
    listing = build.listed(house, supplier)
    house.db.write(lambda uow: service.raise_tier(uow, officer.actor, listing.id, tier=3))
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    assert review.submitted_by == supplier.actor.account_id
    for item in review.items:
        house.db.write(
            lambda uow, item=item: review_service.answer_item(uow, reviewer.actor, review.id, item.id, answer="pass")  # type: ignore[misc]
        )
    for who in (reviewer, officer):
        house.db.write(lambda uow, who=who: review_service.approve(uow, who.actor, review.id))  # type: ignore[misc]
    assert _of(house, supplier, listing.id).state == "listed"


def test_what_was_sold_goes_on_while_the_listing_is_reviewed_again(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier)
    buyer = build.organisation(house, level=3)
    build.funded(house, buyer)
    order = build.paid(house, buyer, listing)
    house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=3))
    kept = house.db.read(lambda uow: orders.get(uow, buyer.actor, order.id))
    assert kept.entitlement is not None
    assert (kept.state, kept.entitlement.state) == ("paid", "active")


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x02\x00\x00\x00"


def _packed(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, PNG if not name.endswith(".csv") else build.TABLE)
    return made.getvalue()


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("name", "content", "scene", "tier"),
    [
        ("face.png", PNG, "faces", 3),
        ("face.dat", PNG, "faces", 3),
        ("faces.zip", _packed("labels.csv", "a/1.png"), "faces", 3),
        ("faces.zip", _packed("labels.csv", "a/1"), "faces", 3),
        ("vectors.csv", build.TABLE.encode(), "faces", 2),
        ("vectors.zip", _packed("vectors.csv"), "faces", 2),
        ("pictures.zip", _packed("a/1.png"), "text_recognition", 1),
    ],
)
def test_pictures_of_faces_ask_for_l3_wherever_they_hide(
    house: House, supplier: Built, name: str, content: bytes, scene: str, tier: int
) -> None:
    kept = build.file(house, supplier, content, name)
    made = build.draft(house, supplier, files=[kept.id], scene=scene)
    assert (made.proposed_tier, made.tier) == (tier, tier)


def test_a_tier_above_l2_is_listed_and_refuses_by_name(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier, files=[build.file(house, supplier, PLANTED).id])
    buyer = build.organisation(house)
    seen = _of(house, buyer, listing.id)
    assert queries.resource_of(house, seen).attributes["not_built"] == ""
    sample = house.db.read(lambda uow: queries.sample(uow, buyer.actor, listing.id))
    assert sample.kind == "synthetic"
    assert seen.revision is not None
    assert seen.revision.profile is not None
    assert seen.revision.profile.first_rows == ()
    assert [c.name for c in seen.revision.profile.columns] == ["visitor", "phone"]


def test_what_a_tier_hides_of_the_columns_is_hidden_where_the_listing_is_read(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier)
    other = build.organisation(house)

    def columns(who: Built) -> list[tuple[str, Any]]:
        (listed,) = house.db.read(lambda uow: queries.listed(uow, who.actor)).items
        assert listed.revision is not None
        assert [(file.rows, file.profile) for file in listed.revision.files] == [(28, None)]
        found = _of(house, who, listing.id)
        assert found.revision is not None
        assert found.revision.profile is not None
        return [(column.name, column.maximum) for column in found.revision.profile.columns]

    assert columns(other)[2] == ("temperature", "21")
    house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, listing.id, tier=3))
    build.approved(house, supplier, listing.id)
    assert columns(other)[2] == ("temperature", None)
    build.forced_tier(house, listing.id, 4)
    assert columns(other)[2] == ("field_3", None)
    assert columns(supplier)[2] == ("temperature", "21")


def test_revisions_are_numbered_and_others_see_the_files_of_the_one_on_offer_only(
    house: House, supplier: Built, reviewer: Built
) -> None:
    made = build.draft(house, supplier, files=[build.file(house, supplier, PLANTED).id])
    clean = build.file(house, supplier)
    house.db.write(lambda uow: service.add_revision(uow, supplier.actor, made.id, [clean.id], "without visitors"))
    house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    build.approved(house, supplier, made.id, reviewer=reviewer)
    own = house.db.read(lambda uow: queries.revisions(uow, supplier.actor, made.id))
    assert [(each.number, len(each.files)) for each in own] == [(2, 1), (1, 1)]
    others = house.db.read(lambda uow: queries.revisions(uow, ANONYMOUS, made.id))
    assert [(each.number, len(each.files)) for each in others] == [(2, 1), (1, 0)]


def test_a_revision_takes_own_files_only(house: House, supplier: Built) -> None:
    made = build.draft(house, supplier)
    foreign = build.file(house, build.organisation(house))
    with pytest.raises(FileNotFound) as refused:
        house.db.write(lambda uow: service.add_revision(uow, supplier.actor, made.id, [foreign.id]))
    assert refused.value.extra["unknown"] == [foreign.id]
    own = build.file(house, supplier)
    with pytest.raises(RevisionInvalid):
        house.db.write(lambda uow: service.add_revision(uow, supplier.actor, made.id, [own.id, own.id]))


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("amount", "currency"),
    [("-1", "CNY"), ("NaN", "CNY"), ("1e30", "CNY"), ("0.001", "CNY"), ("1.00", "XXX"), ("1.00", "yuan"), (1.0, "CNY")],
)
def test_prices_that_are_none_are_refused(house: House, supplier: Built, amount: Any, currency: str) -> None:
    made = build.draft(house, supplier)
    plan = {"version": 1, "kind": "one_off", "currency": currency, "amount": amount}
    with pytest.raises(Invalid) as refused:
        house.db.write(
            lambda uow: service.set_offer(
                uow, supplier.actor, made.id, plan=plan, purposes=["training"], term_months=12
            )
        )
    assert str(refused.value.field).startswith("plan.")


def test_a_price_in_a_currency_that_is_not_traded_here_is_refused(house: House, supplier: Built) -> None:
    made = build.draft(house, supplier)
    plan = {"version": 1, "kind": "one_off", "currency": "USD", "amount": "10.00"}
    with pytest.raises(CurrencyNotTraded):
        house.db.write(
            lambda uow: service.set_offer(
                uow, supplier.actor, made.id, plan=plan, purposes=["training"], term_months=12
            )
        )


def test_an_organisation_that_is_not_qualified_drafts_but_does_not_submit(house: House) -> None:
    newcomer = build.organisation(house, level=1)
    made = build.draft(house, newcomer)
    with pytest.raises(PolicyRefused) as refused:
        house.db.write(lambda uow: service.submit(uow, newcomer.actor, made.id))
    assert refused.value.code == "qualification_needed"


def test_the_review_is_handed_the_declarations_and_what_the_scan_found(
    house: House, supplier: Built, reviewer: Built
) -> None:
    unreadable = build.file(house, supplier, b"\x00\x01", "blob.bin")
    made = build.draft(house, supplier, files=[build.file(house, supplier, PLANTED).id, unreadable.id])
    house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, made.id))
    assert review is not None
    evidence = {item.id: item.evidence for item in review.items}
    assert evidence["source"]["declared"]
    assert evidence["grading"]["not_scanned"] == ["blob.bin"]
    assert evidence["grading"]["scan"][0]["columns"][0]["counts"] == {"phone": 20}
    assert evidence["entity"]["level"] == 2
