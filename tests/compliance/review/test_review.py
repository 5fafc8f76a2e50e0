"""Reviews: nothing passes with an open item, three people are three people, closed is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.listings import queries as listings
from catalog.listings import service as listing_service
from compliance.documents import service as documents
from compliance.documents.errors import DocumentNotFound
from compliance.policy import PolicyRefused
from compliance.review import queries, service
from compliance.review.errors import (
    ApprovalsMissing,
    ApprovalUnknown,
    ItemMustApply,
    ItemsOpen,
    ItemUnknown,
    ReviewClaimed,
    ReviewClosed,
    ReviewNotFound,
)
from compliance.review.types import ReviewSnapshot, checklist
from core.house import House
from tests import build
from tests.build import Built


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


@pytest.fixture
def reviewer(house: House) -> Built:
    return build.platform_person(house, "reviewer")


def _submitted(house: House, supplier: Built, tier: int = 1) -> ReviewSnapshot:
    made = build.draft(house, supplier)
    if tier > made.tier:
        house.db.write(lambda uow: listing_service.raise_tier(uow, supplier.actor, made.id, tier=tier))
    house.db.write(lambda uow: listing_service.submit(uow, supplier.actor, made.id))
    found = house.db.read(lambda uow: queries.of_subject(uow, supplier.actor, made.id))
    assert found is not None
    return found


def _answer(house: House, who: Built, review: ReviewSnapshot, item: str, answer: str, note: str = "") -> ReviewSnapshot:
    return house.db.write(
        lambda uow: service.answer_item(uow, who.actor, review.id, item, answer=answer, note=note)
    )  # fmt: skip


def _pass_all(house: House, who: Built, review: ReviewSnapshot) -> None:
    for item in review.items:
        _answer(house, who, review, item.id, "pass")


def _approve(house: House, who: Built, review: ReviewSnapshot) -> ReviewSnapshot:
    return house.db.write(lambda uow: service.approve(uow, who.actor, review.id))


def _state(house: House, supplier: Built, review: ReviewSnapshot) -> str:
    return str(house.db.read(lambda uow: listings.get(uow, supplier.actor, review.subject_id)).state)


def test_the_checklist_has_twelve_items_named_in_both_languages() -> None:
    assert len({item.id for item in checklist()}) == 12
    assert all(item.zh and item.en and item.evidence for item in checklist())


def test_nothing_is_approved_with_an_open_or_failed_item(house: House, supplier: Built, reviewer: Built) -> None:
    review = _submitted(house, supplier)
    assert review.open_items == 12
    _pass_all(house, reviewer, review)
    _answer(house, reviewer, review, "prohibited", "fail", "shows a weapon")
    with pytest.raises(ItemsOpen) as refused:
        _approve(house, reviewer, review)
    assert refused.value.extra["items"] == ["prohibited"]
    assert _state(house, supplier, review) == "in_review"
    _answer(house, reviewer, review, "prohibited", "pass")
    assert _approve(house, reviewer, review).state == "approved"
    assert _state(house, supplier, review) == "listed"


def test_answers_are_checked(house: House, supplier: Built, reviewer: Built) -> None:
    review = _submitted(house, supplier)
    for item, answer, note, problem in (
        ("entity", "not_applicable", "never mind", ItemMustApply),
        ("impact", "not_applicable", "", ItemMustApply),
        ("source", "fail", "", ItemMustApply),
        ("weather", "pass", "", ItemUnknown),
        ("first_approval", "pass", "", ItemUnknown),
    ):
        with pytest.raises(problem):
            _answer(house, reviewer, review, item, answer, note)
    answered = _answer(house, reviewer, review, "impact", "not_applicable", "no persons in it")
    assert answered.open_items == 11


def test_a_return_carries_its_reason_and_closes(house: House, supplier: Built, reviewer: Built) -> None:
    review = _submitted(house, supplier)
    done = house.db.write(lambda uow: service.return_to_supplier(uow, reviewer.actor, review.id, reason="no source"))
    assert (done.state, done.reason) == ("returned", "no source")
    assert _state(house, supplier, review) == "returned"
    with pytest.raises(ReviewClosed):
        _approve(house, reviewer, review)


def test_suppliers_read_their_reviews_and_judge_none(house: House, supplier: Built) -> None:
    review = _submitted(house, supplier)
    with pytest.raises(PolicyRefused):
        _answer(house, supplier, review, "entity", "pass")
    stranger = build.organisation(house)
    with pytest.raises(ReviewNotFound):
        _answer(house, stranger, review, "entity", "pass")


def test_from_l3_on_an_officer_approves_after_the_reviewer(house: House, supplier: Built, reviewer: Built) -> None:
    officer = build.platform_person(house, "officer")
    review = _submitted(house, supplier, tier=3)
    _pass_all(house, reviewer, review)
    first = _approve(house, reviewer, review)
    assert (first.state, first.awaits_officer) == ("open", True)
    assert _state(house, supplier, review) == "in_review"
    with pytest.raises(PolicyRefused) as same:
        _approve(house, reviewer, review)
    assert same.value.code == "same_person"
    with pytest.raises(PolicyRefused) as second:
        _approve(house, build.platform_person(house, "reviewer"), review)
    assert second.value.code == "officer_role_needed"
    assert _approve(house, officer, review).state == "approved"
    assert _state(house, supplier, review) == "listed"


def test_one_officer_is_not_two_people_and_a_changed_answer_takes_the_first_approval_back(
    house: House, supplier: Built
) -> None:
    officer, other = build.platform_person(house, "officer"), build.platform_person(house, "officer")
    review = _submitted(house, supplier, tier=3)
    _pass_all(house, officer, review)
    assert _approve(house, officer, review).awaits_officer
    with pytest.raises(PolicyRefused):
        _approve(house, officer, review)
    assert not _answer(house, other, review, "source", "pass", "looked again").awaits_officer
    assert _approve(house, other, review).awaits_officer
    assert _approve(house, officer, review).state == "approved"


def _assessed(house: House, who: Built, review: ReviewSnapshot, kind: str) -> ReviewSnapshot:
    kept = documents.hand_in(house, who.actor, name="report.pdf", content=b"%PDF")
    return house.db.write(
        lambda uow: service.assess(uow, who.actor, review.id, kind, document_id=kept.id, number="2026-17")
    )


def test_l4_needs_an_outside_assessment_besides_two_people(house: House, supplier: Built, reviewer: Built) -> None:
    officer = build.platform_person(house, "officer")
    review = _submitted(house, supplier, tier=4)
    assert [each.kind for each in review.approvals] == ["reviewer", "officer", "assessment"]
    _pass_all(house, reviewer, review)
    _approve(house, reviewer, review)
    _approve(house, officer, review)
    with pytest.raises(ApprovalsMissing) as missing:
        _approve(house, build.platform_person(house, "officer"), review)
    assert missing.value.extra["missing"] == ["assessment"]
    for who in (reviewer, supplier):
        with pytest.raises(PolicyRefused):
            _assessed(house, who, review, "assessment")
    with pytest.raises(ApprovalUnknown):
        _assessed(house, officer, review, "authority")
    assert _state(house, supplier, review) == "in_review"
    assert _assessed(house, officer, review, "assessment").state == "approved"
    assert _state(house, supplier, review) == "listed"


def test_l5_needs_three_people_and_two_documents_and_nothing_passes_with_an_open_item(
    house: House, supplier: Built, reviewer: Built
) -> None:
    officer, lawyer = (build.platform_person(house, "officer") for _ in range(2))
    review = _submitted(house, supplier, tier=5)
    _assessed(house, officer, review, "assessment")
    _assessed(house, officer, review, "authority")
    with pytest.raises(ItemsOpen):
        _approve(house, reviewer, review)
    _pass_all(house, reviewer, review)
    _approve(house, reviewer, review)
    assert _approve(house, officer, review).state == "open"
    for again in (officer, reviewer):
        with pytest.raises(PolicyRefused):
            _approve(house, again, review)
    assert _approve(house, lawyer, review).state == "approved"
    done = house.db.read(lambda uow: queries.get(uow, officer.actor, review.id))
    assert len(done.approvers) == 3
    assert all(each.given for each in done.approvals)


def test_a_taken_review_is_answered_by_nobody_else_until_its_time_is_over(
    house: House, supplier: Built, reviewer: Built
) -> None:
    other = build.platform_person(house, "reviewer")
    review = _submitted(house, supplier)
    house.db.write(lambda uow: service.claim(uow, reviewer.actor, review.id))
    with pytest.raises(ReviewClaimed):
        _answer(house, other, review, "source", "pass")
    with pytest.raises(ReviewClaimed):
        house.db.write(lambda uow: service.claim(uow, other.actor, review.id))
    with pytest.raises(ReviewClaimed):
        house.db.write(lambda uow: service.let_go(uow, other.actor, review.id))
    assert _answer(house, reviewer, review, "source", "pass").open_items == 11
    mine = house.db.read(lambda uow: queries.reviews(uow, reviewer.actor, mine=True)).items
    assert [each.id for each in mine] == [review.id]
    house.clock.advance(timedelta(hours=25))
    assert _answer(house, other, review, "impact", "pass").open_items == 10
    house.db.write(lambda uow: service.claim(uow, other.actor, review.id))
    assert house.db.write(lambda uow: service.let_go(uow, other.actor, review.id)).claimed_by is None


def test_the_queue_is_read_from_the_oldest_on_whoever_comes_last(
    house: House, supplier: Built, reviewer: Built
) -> None:
    old, new = _submitted(house, supplier), _submitted(house, supplier)
    _answer(house, reviewer, old, "source", "pass")
    house.db.write(lambda uow: service.claim(uow, reviewer.actor, old.id))
    first = house.db.read(lambda uow: queries.queue(uow, reviewer.actor, limit=1))
    assert [(each.id, each.judged, each.claimed_by) for each in first.items] == [(old.id, 1, reviewer.actor.account_id)]
    last = house.db.read(lambda uow: queries.queue(uow, reviewer.actor, cursor=first.next_cursor, limit=1))
    assert ([each.id for each in last.items], last.next_cursor) == ([new.id], None)
    stranger = build.organisation(house)
    for who, waiting in ((reviewer, 2), (supplier, 2), (stranger, 0)):
        assert house.db.read(lambda uow, who=who: queries.queue_length(uow, who.actor)) == waiting  # type: ignore[misc]
        assert len(house.db.read(lambda uow, who=who: queries.queue(uow, who.actor)).items) == waiting  # type: ignore[misc]


def test_what_is_to_be_judged_or_confirmed_is_told_to_who_may(house: House, supplier: Built, reviewer: Built) -> None:
    other, officer = build.platform_person(house, "reviewer"), build.platform_person(house, "officer")
    old, new = _submitted(house, supplier, tier=3), _submitted(house, supplier)

    def told(who: Built, limit: int = 9) -> tuple[list[str], list[str]]:
        return house.db.read(
            lambda uow: (
                [each.id for each in queries.to_judge(uow, who.actor, limit)],
                [each.id for each in queries.to_confirm(uow, who.actor, limit)],
            )
        )

    assert told(other, limit=1) == ([old.id], [])
    house.db.write(lambda uow: service.claim(uow, reviewer.actor, old.id))
    assert (told(reviewer), told(other)) == (([old.id, new.id], []), ([new.id], []))
    _pass_all(house, reviewer, old)
    house.db.write(lambda uow: service.approve(uow, reviewer.actor, old.id))
    assert (told(reviewer), told(officer)) == (([new.id], []), ([new.id], [old.id]))


def test_both_sides_talk_about_an_item_with_their_own_documents(house: House, supplier: Built, reviewer: Built) -> None:
    review = _submitted(house, supplier)
    deed = documents.hand_in(house, supplier.actor, name="deed.pdf", content=b"%PDF")

    def say(who: Built, text: str, item: str = "source", kept: tuple[str, ...] = ()) -> ReviewSnapshot:
        return house.db.write(
            lambda uow: service.comment(uow, who.actor, review.id, text=text, item=item, document_ids=kept)
        )

    say(reviewer, "Who collected it?")
    with pytest.raises(DocumentNotFound):
        say(reviewer, "This deed?", kept=(deed.id,))
    with pytest.raises(ReviewNotFound):
        say(build.organisation(house), "I know.")
    with pytest.raises(ItemUnknown):
        say(supplier, "Rain.", item="weather")
    found = say(supplier, "We did, see the deed.", kept=(deed.id,))
    assert [(each.side, each.item) for each in found.comments] == [("reviewer", "source"), ("supplier", "source")]
    assert found.comments[1].documents == (deed.id,)


def test_a_list_holds_what_a_single_read_shows(house: House, supplier: Built) -> None:
    review = _submitted(house, supplier)
    buyer = build.member(house, supplier, "buyer", "finance")
    for who, seen in ((supplier, [review.id]), (buyer, [])):
        listed = house.db.read(lambda uow, who=who: queries.reviews(uow, who.actor)).items  # type: ignore[misc]
        assert [each.id for each in listed] == seen
    with pytest.raises(ReviewNotFound):
        house.db.read(lambda uow: queries.get(uow, buyer.actor, review.id))


def test_an_approval_is_not_given_by_a_document_of_somebody_else(
    house: House, supplier: Built, reviewer: Built
) -> None:
    review, officer = _submitted(house, supplier, tier=4), build.platform_person(house, "officer")
    foreign = documents.hand_in(house, build.organisation(house).actor, name="a.pdf", content=b"of another")
    with pytest.raises(DocumentNotFound):
        house.db.write(lambda uow: service.assess(uow, officer.actor, review.id, "assessment", document_id=foreign.id))


def test_only_who_has_taken_a_review_decides_it(house: House, supplier: Built, reviewer: Built) -> None:
    review = _submitted(house, supplier, tier=4)
    officer, other = build.platform_person(house, "officer"), build.platform_person(house, "reviewer", "officer")
    _pass_all(house, reviewer, review)
    house.db.write(lambda uow: service.claim(uow, reviewer.actor, review.id))
    report = documents.hand_in(house, officer.actor, name="report.pdf", content=b"%PDF")

    def refused(who: Built) -> None:
        with pytest.raises(ReviewClaimed):
            _approve(house, who, review)
        with pytest.raises(ReviewClaimed):
            house.db.write(lambda uow: service.return_to_supplier(uow, who.actor, review.id, reason="no"))

    refused(other)
    with pytest.raises(ReviewClaimed):
        house.db.write(lambda uow: service.assess(uow, officer.actor, review.id, "assessment", document_id=report.id))
    assert _approve(house, reviewer, review).claimed_by is None, "the next approval is another person's"
    house.db.write(lambda uow: service.claim(uow, other.actor, review.id))
    refused(officer)
    house.clock.advance(timedelta(hours=25))
    _approve(house, officer, review)
    done = house.db.write(
        lambda uow: service.assess(uow, officer.actor, review.id, "assessment", document_id=report.id)
    )
    assert done.state == "approved"
