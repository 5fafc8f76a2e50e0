"""Notices around reviews: what was said, what is due, what was stopped, who claims."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from catalog.listings import queries as listings
from catalog.listings import service as listing_service
from catalog.listings.oversight import service as oversight
from catalog.references import queries as references
from catalog.references import service as importing
from catalog.references.claims import service as claims
from compliance.review import queries as reviews
from compliance.review import service as review_service
from core.actor import SYSTEM
from core.house import House
from core.outbox import relay
from exchange.notices import queries
from exchange.notices.duties import tasks
from tests import build
from tests.build import Built
from tests.catalog.references.test_claims import MAPPING


def _codes(house: House, who: Built) -> list[str]:
    while relay(house, 50):
        pass
    return [each.code for each in house.db.read(lambda uow: queries.notices(uow, who.actor)).items]


def _say(house: House, who: Built, review_id: str) -> None:
    house.db.write(lambda uow: review_service.comment(uow, who.actor, review_id, text="Well?"))


def test_words_and_dates_of_a_review_are_told(house: House) -> None:
    supplier, reviewer = build.organisation(house), build.platform_person(house, "reviewer")
    officer = build.platform_person(house, "officer")
    listing = build.listed(house, supplier, reviewer=reviewer)
    due = house.db.read(lambda uow: listings.get(uow, supplier.actor, listing.id)).review_by
    assert due is not None
    house.clock.advance(due - house.clock.now() - timedelta(days=10))
    oversight.tend(house)
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    (task,) = house.db.read(lambda uow: tasks(uow, reviewer.actor))
    assert (task.code, task.due_at) == ("review:work", due)
    for who in (reviewer, supplier):
        _say(house, who, review.id)
    house.db.write(lambda uow: listing_service.suspend(uow, officer.actor, listing.id, reason="in doubt"))
    told = _codes(house, supplier)
    assert {"review:due", "review:comment", "listing:stopped"} <= set(told)
    assert _codes(house, reviewer) == ["review:comment"]


def test_a_claim_is_told_to_officers_and_its_end_to_the_supplier(house: House, tmp_path: Path) -> None:
    mapping, rows = tmp_path / "harbour.yaml", tmp_path / "rows.csv"
    mapping.write_text(MAPPING)
    rows.write_text("id,title,summary,supplier,tags\n1,Tide gauge readings,Hourly,Tide Works,sea\n")
    importing.import_file(house, SYSTEM, path=rows, source=str(mapping))
    (found,) = house.db.read(lambda uow: references.findable_after(uow, "", 10))
    supplier, officer = build.organisation(house), build.platform_person(house, "officer")
    made = house.db.write(lambda uow: claims.claim(uow, supplier.actor, found.id, statement="It is ours."))
    assert [each.code for each in house.db.read(lambda uow: tasks(uow, officer.actor))] == ["claim:decide"]
    house.db.write(lambda uow: claims.approve(uow, officer.actor, made.id))
    assert "claim:made" in _codes(house, officer)
    assert "claim:approved" in _codes(house, supplier)
