"""What each tier shows of a table."""

from __future__ import annotations

import pytest

from catalog.listings import queries, service
from catalog.listings.errors import ListingNotFound
from catalog.listings.types import SampleSnapshot
from compliance.policy import PolicyRefused
from core.house import House
from tests import build
from tests.build import Built

PEOPLE = "name,phone,score\n" + "".join(f"speaker {n},1381234{n:04d},{n * 7 % 100}\n" for n in range(60))


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


def _sample(house: House, who: Built, listing_id: str) -> SampleSnapshot:
    return house.db.read(lambda uow: queries.sample(uow, who.actor, listing_id))


def test_l3_shows_twenty_made_up_rows_the_same_to_everybody(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier, files=[build.file(house, supplier, PEOPLE).id])
    assert listing.tier == 3
    buyer, reviewer = build.organisation(house), build.platform_person(house, "reviewer")
    found = _sample(house, buyer, listing.id)
    assert (found.kind, found.columns, len(found.rows)) == ("synthetic", ("name", "phone", "score"), 20)
    assert "synthetic_sample" in found.obligations
    assert not {row[0] for row in found.rows} & {f"speaker {n}" for n in range(60)}
    assert found.rows == _sample(house, supplier, listing.id).rows == _sample(house, reviewer, listing.id).rows
    with pytest.raises(ListingNotFound):
        _sample(house, build.organisation(house, level=1), listing.id)


def test_l4_shows_no_row_but_figures_with_noise_under_masked_names(house: House, supplier: Built) -> None:
    listing = build.listed(house, supplier, files=[build.file(house, supplier, PEOPLE).id])
    build.forced_tier(house, listing.id, 4)
    found = _sample(house, build.organisation(house), listing.id)
    assert found.kind == "statistics"
    assert [row[:2] for row in found.rows] == [("field_1", "text"), ("field_2", "integer"), ("field_3", "integer")]
    assert found.rows == _sample(house, build.organisation(house), listing.id).rows


def test_without_a_table_there_is_nothing_to_make_a_sample_of(house: House, supplier: Built) -> None:
    kept = build.file(house, supplier, b"RIFF\x00\x00\x00\x00WAVE", "one.wav")
    made = build.draft(house, supplier, files=[kept.id])
    house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, made.id, tier=3))
    house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))
    build.approved(house, supplier, made.id)
    with pytest.raises(PolicyRefused) as refused:
        _sample(house, build.organisation(house), made.id)
    assert refused.value.code == "synthetic_sample_unavailable"
